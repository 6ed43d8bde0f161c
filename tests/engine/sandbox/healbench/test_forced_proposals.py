"""The forced-proposal null separates gates as published: none fails always, an e-process that pays hardly ever."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.binomial_interval import clopper_pearson
from engine.sandbox.healbench.forced_proposals import (
    ForcedCandidate,
    false_promotion_share,
    forced_candidates,
    forced_verdicts,
    gate_power,
)
from engine.sandbox.healbench.reference_gates import (
    E_PROCESS_GATE,
    LIKELIHOOD_GATE,
    Gate,
    e_process_gate,
    likelihood_gate,
    promotion_gates,
)
from engine.sandbox.healbench.shadow_scores import ShadowScores


@pytest.fixture(scope="module")
def episodes() -> list[tuple[ForcedCandidate, ...]]:
    return [forced_candidates(seed) for seed in range(100)]


def shares(episodes: list[tuple[ForcedCandidate, ...]], gates: Mapping[str, Gate]) -> dict[str, float]:
    verdicts = [forced_verdicts(candidates, gates) for candidates in episodes]
    return {name: false_promotion_share(verdicts, name).share for name in gates}


def test_sixteen_candidates_of_100_bars_in_their_own_scale(episodes: list[tuple[ForcedCandidate, ...]]) -> None:
    for candidates in episodes[:10]:
        assert [item.shown.trial_number for item in candidates] == list(range(1, 17))
        assert all(item.shown.differences.shape == item.shown.nats.shape == (100,) for item in candidates)
    spread = np.mean([item.shown.differences.std() for candidates in episodes for item in candidates])
    assert 0.5 < spread < 2.0
    again = forced_candidates(3)
    assert all(
        np.array_equal(a.shown.differences, b.shown.differences) and np.array_equal(a.shown.nats, b.shown.nats)
        for a, b in zip(again, episodes[3], strict=True)
    )


def test_both_leads_speak_of_one_thing(episodes: list[tuple[ForcedCandidate, ...]]) -> None:
    """Gaussian and Student-t leads of one candidate go up and down together."""
    together = [np.corrcoef(item.shown.differences, item.shown.nats)[0, 1] for item in episodes[0]]
    assert min(together) > 0.5 and np.median(together) > 0.9


def test_candidates_on_250_bars_are_seldom_truly_better_and_then_look_it(
    episodes: list[tuple[ForcedCandidate, ...]],
) -> None:
    better = [item for candidates in episodes for item in candidates if item.truly_better]
    worse = [item for candidates in episodes for item in candidates if not item.truly_better]
    assert len(better) / (len(better) + len(worse)) == pytest.approx(0.07, abs=0.03)
    for lead in ("differences", "nats"):
        means = [np.mean([getattr(item.shown, lead).mean() for item in group]) for group in (worse, better)]
        assert means[0] < means[1] and means[0] < 0.0


def test_gates_from_none_to_those_that_pay_for_every_candidate(
    episodes: list[tuple[ForcedCandidate, ...]],
) -> None:
    share = shares(episodes, promotion_gates(0.05))
    assert share["none"] == 1.0 and share["higher mean"] > 0.8 and 0.1 < share["one t-test"] < 0.8
    assert share[E_PROCESS_GATE] <= 0.05 and share[LIKELIHOOD_GATE] <= 0.05
    verdicts = [forced_verdicts(candidates, promotion_gates(0.05)) for candidates in episodes]
    paid = false_promotion_share(verdicts, LIKELIHOOD_GATE)
    assert paid.episodes == 100 and paid.interval == clopper_pearson(paid.false_episodes, 100)


def test_a_gate_that_does_not_pay_for_candidates_lets_more_through(
    episodes: list[tuple[ForcedCandidate, ...]],
) -> None:
    cheap = shares(episodes, {"unpaid": lambda shown: bool(np.cumsum(shown.nats).max() >= np.log(1 / 0.05))})
    assert cheap["unpaid"] > 2.0 * shares(episodes, {"paid": likelihood_gate(0.05)})["paid"]


def test_truly_better_candidates_are_left_out() -> None:
    lead = np.tile([0.9, 1.1], 50)
    worse = ForcedCandidate(ShadowScores(1, lead, lead, lead), False)
    better = ForcedCandidate(ShadowScores(2, lead, lead, lead), True)
    every = promotion_gates(0.05)
    verdicts = [forced_verdicts(items, every) for items in ((better,), (worse, better), (better,), (better,))]
    for name in every:
        result = false_promotion_share(verdicts, name)
        assert result.false_episodes == 1 and result.share == 0.25
        assert result.truly_better_share == pytest.approx(4 / 5)


def test_the_gate_is_told_the_trial_number() -> None:
    seen: list[int] = []

    def gate(shown: ShadowScores) -> bool:
        seen.append(shown.trial_number)
        return False

    candidates = forced_candidates(5)
    forced_verdicts(candidates, {"noting": gate})
    assert seen == [item.shown.trial_number for item in candidates if not item.truly_better]


@pytest.mark.parametrize("gate", [e_process_gate(0.05), likelihood_gate(0.05)], ids=["e-process", "likelihood"])
def test_power_for_a_candidate_better_by_three_tenths_of_a_deviation(gate: Gate) -> None:
    assert gate_power(gate, 16, draws=100, seed=1) >= 0.80
    assert gate_power(lambda shown: len(shown.nats) == 250, 1, draws=5, seed=1) == 1.0


@pytest.mark.parametrize(
    ("count", "trials", "upper"), [(10, 400, 0.0455), (11, 400, 0.0487), (12, 400, 0.052), (20, 400, 0.076)]
)
def test_clopper_pearson_gives_the_published_upper_bounds(count: int, trials: int, upper: float) -> None:
    low, high = clopper_pearson(count, trials)
    assert high == pytest.approx(upper, abs=0.0005) and low < count / trials < high


def test_clopper_pearson_at_the_ends_and_against_the_binomial_sum() -> None:
    from scipy.stats import binom

    assert clopper_pearson(0, 60)[0] == 0.0 and clopper_pearson(0, 60)[1] == pytest.approx(1 - 0.025 ** (1 / 60))
    assert clopper_pearson(0, 60)[1] < 0.06
    assert clopper_pearson(60, 60)[1] == 1.0
    low, high = clopper_pearson(7, 50)
    assert binom.cdf(7, 50, high) == pytest.approx(0.025) and binom.sf(6, 50, low) == pytest.approx(0.025)
    for count, trials in ((-1, 5), (6, 5), (0, 0)):
        with pytest.raises(CalculationError):
            clopper_pearson(count, trials)
