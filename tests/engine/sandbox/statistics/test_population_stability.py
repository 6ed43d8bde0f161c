"""PSI and its null distribution: fixed limits are wrong, the quantile for the sample sizes is right."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.population_stability import (
    bin_counts,
    null_mean,
    null_quantile,
    population_stability,
    quantile_edges,
    stability_index,
    stability_indices,
)


def null_sample(reference: int, recent: int, draws: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.array(
        [population_stability(rng.standard_normal(reference), rng.standard_normal(recent)) for _ in range(draws)]
    )


@pytest.mark.parametrize(
    ("recent", "mean", "above_10", "above_25"),
    [(20, 0.34, 0.98, 0.71), (60, 0.146, 0.70, 0.085), (120, 0.081, 0.27, None)],
)
def test_without_drift_the_textbook_limits_are_passed(
    recent: int, mean: float, above_10: float, above_25: float | None
) -> None:
    """Bins are the deciles of the law itself: with 20 values the index takes few values, and which ones matters."""
    draws, rng = 4000, np.random.default_rng(3)
    edges = np.array([NormalDist().inv_cdf(share / 10.0) for share in range(1, 10)])
    pairs = [(rng.standard_normal(1000), rng.standard_normal(recent)) for _ in range(draws)]
    sample = np.array(
        [stability_index(bin_counts(one, edges).tolist(), bin_counts(two, edges).tolist()) for one, two in pairs]
    )
    assert np.mean(sample) == pytest.approx(mean, rel=0.03)
    for limit, share in ((0.10, above_10), (0.25, above_25)):
        if share is not None:
            error = math.sqrt(share * (1.0 - share) / draws)
            assert np.mean(sample > limit) == pytest.approx(share, abs=3.0 * error + 0.01)


def test_mean_for_large_samples() -> None:
    sample = null_sample(1000, 5000, 400)
    assert np.mean(sample) == pytest.approx(0.011, abs=0.0006)
    assert np.mean(sample) == pytest.approx(null_mean(1000, 5000), rel=0.06)


@pytest.mark.parametrize("bins", [2, 5, 10, 11])
@pytest.mark.parametrize("level", [0.05, 0.5, 0.95, 0.999, 0.9999])
def test_null_quantile_is_a_scaled_chi_square(level: float, bins: int) -> None:
    from scipy.stats import chi2

    expected = (1 / 1000 + 1 / 120) * chi2.ppf(level, bins - 1)
    assert null_quantile(1000, 120, level, bins) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("recent", "level"), [(120, 0.95), (120, 0.99), (500, 0.95)])
def test_null_quantile_holds_in_simulation(recent: int, level: float) -> None:
    draws = 2500
    sample = null_sample(1000, recent, draws)
    above = np.mean(sample > null_quantile(1000, recent, level))
    assert above == pytest.approx(1.0 - level, abs=3.0 * math.sqrt(level * (1.0 - level) / draws) + 0.004)


def test_null_quantile_is_cautious_for_few_values() -> None:
    assert np.mean(null_sample(1000, 20, 2000) > null_quantile(1000, 20, 0.95)) < 0.05


@given(st.lists(st.integers(0, 200), min_size=2, max_size=12), st.data())
def test_index_is_never_negative_and_the_same_both_ways(first: list[int], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.integers(0, 200), min_size=len(first), max_size=len(first)))
    assert stability_index(first, second) >= 0.0
    assert stability_index(first, second) == pytest.approx(stability_index(second, first), abs=1e-12)
    assert stability_index(first, first) == 0.0


def test_index_by_hand() -> None:
    """(5.5, 15.5) of 21 against (10.5, 10.5): sum of (q - p) ln(q / p)."""
    p, q = 5.5 / 21.0, 0.5
    expected = (q - p) * math.log(q / p) + (p - q) * math.log((1.0 - q) / (1.0 - p))
    assert stability_index([5, 15], [10, 10]) == pytest.approx(expected, abs=1e-15)


def test_many_at_once_are_each_alone() -> None:
    counts = np.random.default_rng(1).integers(0, 40, (6, 10))
    together = stability_indices(np.full(10, 100.0), counts)
    assert together.tolist() == [stability_index([100] * 10, row) for row in counts.tolist()]


def test_bins_of_a_reference_hold_equal_counts_and_leave_missing_values_out() -> None:
    reference = np.append(np.random.default_rng(2).standard_normal(1000), math.nan)
    assert bin_counts(reference, quantile_edges(reference)).tolist() == [100] * 10


@pytest.mark.parametrize("reference", [[], [1.0] * 50, [0.0, 1.0] * 30], ids=["empty", "constant", "two values"])
def test_references_without_quantiles_are_refused(reference: list[float]) -> None:
    with pytest.raises(CalculationError, match="quantile bins"):
        quantile_edges(np.array(reference))


def test_impossible_quantiles_are_refused() -> None:
    with pytest.raises(CalculationError):
        null_quantile(1000, 0, 0.95)
