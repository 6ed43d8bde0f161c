"""SPA agrees with `arch`, holds its size under the null, and is not drowned by poor candidates."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.superior_predictive_ability import (
    bootstrap_variance,
    superior_candidates,
    superior_predictive_ability,
)

RESAMPLES = 10_000
"""Two independent p-values of so many resamples differ by .02 or less to three standard errors."""


def gains(better: float, *, bars: int = 500, candidates: int = 20, memory: float = 0.0) -> NDArray[np.float64]:
    noise = np.random.default_rng(11).standard_normal((bars, candidates))
    for bar in range(1, bars):
        noise[bar] += memory * noise[bar - 1]
    noise[:, 0] += better
    return noise


CASES = {
    "null": gains(0.0, bars=250),
    "slightly better": gains(0.12, bars=250, candidates=10),
    "dependent": gains(0.1, bars=250, candidates=10, memory=0.3),
    "poor rivals": gains(0.08, bars=250, candidates=10) - np.concatenate([[0.0], np.full(9, 0.5)]),
    "unequal noise": gains(0.08, bars=250, candidates=10) * np.concatenate([[1.0], np.full(9, 5.0)]),
}


def oracle(differences: NDArray[np.float64]) -> tuple[float, float, float]:
    arch_bootstrap = pytest.importorskip("arch.bootstrap", reason="arch is a test-only oracle of the dev extra")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = arch_bootstrap.SPA(np.zeros(len(differences)), -differences, block_size=10, reps=RESAMPLES, seed=3)
        test.compute()
    return test.pvalues["lower"], test.pvalues["consistent"], test.pvalues["upper"]


@pytest.mark.parametrize(
    ("name", "studentised"),
    [
        ("null", False),
        ("slightly better", True),
        ("dependent", False),
        ("poor rivals", True),
        ("unequal noise", False),
        ("unequal noise", True),
    ],
)
def test_p_values_agree_with_the_library_within_two_hundredths(name: str, studentised: bool) -> None:
    """The library's statistic is the plain mean, so for the studentised test it is given gains in standard errors."""
    differences = CASES[name]
    scaled = differences / np.sqrt(bootstrap_variance(differences, 10.0)) if studentised else differences
    ours = superior_predictive_ability(
        differences, seed=5, mean_block_bars=10.0, resamples=RESAMPLES, studentised=studentised
    )
    assert (ours.lower, ours.consistent, ours.upper) == pytest.approx(oracle(scaled), abs=0.02)
    assert ours.lower <= ours.consistent <= ours.upper


def test_p_value_falls_with_the_improvement_and_selection_names_the_candidate() -> None:
    values = [superior_predictive_ability(gains(better), seed=1).consistent for better in (0.0, 0.1, 0.25)]
    assert values[0] > values[1] > values[2]
    assert superior_predictive_ability(gains(0.5), seed=1).consistent == 0.0
    assert superior_candidates(gains(0.0), seed=1) == ()
    assert superior_candidates(gains(0.25), seed=1) == (0,)
    both = gains(0.25)
    both[:, 7] += 0.3
    assert superior_candidates(both, seed=1) == (0, 7)
    library = pytest.importorskip("arch.bootstrap", reason="arch is a test-only oracle of the dev extra")
    selection = library.StepM(np.zeros(500), -both, block_size=10, reps=1000, seed=3)
    selection.compute()
    assert tuple(selection.superior_models) == (0, 7)


def test_size_is_held_and_p_values_are_spread_under_the_null() -> None:
    """Independent candidates, none better: about one test in twenty at 5 %, three standard errors allowed."""
    generator = np.random.default_rng(4)
    values = np.array(
        [
            superior_predictive_ability(
                generator.standard_normal((200, 5)), seed=draw, mean_block_bars=2.0, resamples=200
            ).consistent
            for draw in range(250)
        ]
    )
    assert np.mean(values <= 0.05) <= 0.05 + 3.0 * math.sqrt(0.05 * 0.95 / 250)
    assert abs(values.mean() - 0.5) < 3.0 / math.sqrt(12 * 250)


def test_variance_of_the_bootstrap_mean_agrees_with_resampling() -> None:
    from engine.sandbox.statistics.block_bootstrap import stationary_indices

    series = gains(0.0, bars=120, candidates=1, memory=0.5)
    generator = np.random.default_rng(6)
    means = [series[stationary_indices(120, 8.0, generator), 0].mean() for _ in range(8_000)]
    expected = float(bootstrap_variance(series, 8.0)[0])
    assert 120 * np.var(means) == pytest.approx(expected, rel=3.0 * math.sqrt(2 / 8_000))


def test_same_seed_same_result_and_the_idle_candidate_is_left_out() -> None:
    with_idle = np.column_stack([np.zeros(500), gains(0.25)])
    result = superior_predictive_ability(with_idle, seed=2)
    assert result == superior_predictive_ability(with_idle, seed=2)
    assert (result.best, result.candidates) == (1, 21)
    assert superior_candidates(with_idle, seed=2) == (1,)


def test_too_little_is_refused() -> None:
    for bad in (np.zeros((500, 2)), np.ones((5, 1)), np.full((50, 1), np.nan), np.zeros(50)):
        with pytest.raises(CalculationError):
            superior_predictive_ability(bad, seed=1)
    with pytest.raises(CalculationError):
        superior_predictive_ability(gains(0.0), seed=1, mean_block_bars=0.5)
    with pytest.raises(CalculationError):
        superior_candidates(gains(0.0), seed=1, size=0.0)
