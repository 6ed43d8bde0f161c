"""Alpha spending: the levels add up to at most alpha, thresholds as published, state that survives JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.alpha_spending import AlphaSpender, Schedule
from engine.sandbox.statistics.promotion_gate import EProcessGate
from engine.sandbox.statistics.promotion_gate_power import peak_log_wealth


@pytest.mark.parametrize(("schedule", "count"), [("blocks", 5_000), ("square", 5_000), ("equal", 16)])
def test_levels_never_add_up_to_more_than_alpha(schedule: Schedule, count: int) -> None:
    spender = AlphaSpender(0.05, schedule)
    levels = [spender.level(m) for m in range(1, count + 1)]
    assert levels == sorted(levels, reverse=True)
    assert min(levels) > 0.0
    assert math.fsum(levels) == spender.spent(count)
    assert 0.99 * 0.05 < spender.spent(count) <= 0.05 * (1.0 + 1e-12)


def test_threshold_by_place_is_not_summable_and_says_so() -> None:
    spender = AlphaSpender(0.05, "place")
    assert spender.threshold(16) == pytest.approx(320.0)
    assert spender.spent(16) == pytest.approx(0.169, abs=5e-4)


def test_thresholds_by_hand() -> None:
    assert AlphaSpender(0.05, "equal").threshold(1) == pytest.approx(320.0)
    assert AlphaSpender(0.05, "square").threshold(1) == pytest.approx(20.0 * math.pi**2 / 6.0)
    blocks = AlphaSpender(0.05)
    places = (1, 16, 17, 48, 49, 112, 113)
    assert [round(blocks.threshold(m)) for m in places] == [400, 400, 6400, 6400, 25600, 25600, 102400]


@given(st.integers(1, 10_000), st.integers(1, 64), st.floats(0.001, 0.2))
def test_blocks_stay_within_alpha_for_every_block_length(m: int, block: int, alpha: float) -> None:
    spender = AlphaSpender(alpha, "blocks", block)
    assert 0.0 < spender.level(m + 1) <= spender.level(m) < alpha


def test_charging_counts_every_candidate_and_survives_json() -> None:
    spender = AlphaSpender(0.05)
    places = []
    for _ in range(20):
        spender, place = spender.charge()
        spender = AlphaSpender.from_json(json.loads(json.dumps(spender.to_json())))
        places.append(place)
    assert places == list(range(1, 21))
    assert spender.charged == 20


def test_an_endless_registry_promotes_luck_with_probability_at_most_alpha() -> None:
    """48 null candidates one after another, each looked at on each of 200 bars, in 400 registries."""
    spender = AlphaSpender(0.05)
    noise = np.random.default_rng(1).standard_normal((400 * 48, 200))
    peaks = peak_log_wealth(noise, scale=1.0)[:, -1].reshape(400, 48)
    thresholds = np.log([spender.threshold(m) for m in range(1, 49)])
    assert np.mean(np.any(peaks >= thresholds, axis=1)) <= 0.05


def test_a_gate_takes_a_level_of_the_spender() -> None:
    level = AlphaSpender(0.05).level(3)
    assert EProcessGate(alpha=level, trial_number=1, scale=1.0).log_threshold == pytest.approx(math.log(400.0))


def test_what_cannot_be_spent_is_refused() -> None:
    for arguments in ((0.0,), (1.0,), (0.05, "blocks", 0), (0.05, "blocks", 16, -1), (0.05, "harmonic")):
        with pytest.raises(CalculationError):
            AlphaSpender(*arguments)  # type: ignore[arg-type]
    with pytest.raises(CalculationError):
        AlphaSpender(0.05).level(0)
    closed = AlphaSpender(0.05, "equal", 2, 2)
    with pytest.raises(CalculationError, match="closed family of 2"):
        closed.charge()
