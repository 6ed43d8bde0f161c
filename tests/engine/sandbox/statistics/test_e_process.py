"""The e-process: few false alarms under peeking, the published power, nothing forgiven, state that survives JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.e_process import CLIP, BettingEProcess, promotion_threshold


def crossings(mean: float, draws: int, seed: int, *, fat: bool = False) -> float:
    generator = np.random.default_rng(seed)
    noise = generator.standard_t(5, (draws, 260)) / np.sqrt(5 / 3) if fat else generator.standard_normal((draws, 260))
    peaks = [BettingEProcess().updated_many((row + mean).tolist()).peak_e_value for row in noise]
    return float(np.mean(np.array(peaks) >= 20.0))


@pytest.mark.parametrize("fat", [False, True])
def test_peeking_on_every_bar_promotes_few_under_the_null(fat: bool) -> None:
    assert crossings(0.0, 600, 1, fat=fat) <= 0.05


@pytest.mark.parametrize(("mean", "power"), [(0.1, 0.21), (0.2, 0.73), (0.3, 0.98)])
def test_power_within_250_bars_is_at_least_the_published(mean: float, power: float) -> None:
    assert crossings(mean, 400, 2) >= power - 0.04


def test_e_value_has_expectation_of_at_most_one_for_bounded_differences() -> None:
    """Exact over all 2^12 paths of a fair coin, warm scale known: the process is a martingale."""
    total = 0.0
    for path in range(2**12):
        steps = [1.0 if path >> bit & 1 else -1.0 for bit in range(12)]
        total += BettingEProcess(initial_scale=1.0).updated_many(steps).e_value
    assert total / 2**12 == pytest.approx(1.0, abs=1e-9)


def test_a_loss_beyond_the_clip_is_carried_and_not_forgiven() -> None:
    state = BettingEProcess(initial_scale=1.0).updated(-10.0)
    assert state.carried_loss == pytest.approx(-10.0 + CLIP)
    gained = state.updated(0.0)
    assert gained.e_value < state.e_value
    assert BettingEProcess(initial_scale=1.0).updated(50.0).carried_loss == 0.0


def test_scale_uses_the_past_only() -> None:
    before = BettingEProcess().updated_many([1.0, -1.0] * 10)
    assert before.scale == pytest.approx(1.0)
    one, two = before.updated(4.0), before.updated(400.0)
    assert one.e_value == two.e_value
    assert BettingEProcess(scale_floor=5.0).updated_many([1.0, -1.0] * 10).scale == 5.0


def test_the_first_ten_bars_only_measure_unless_the_scale_is_known() -> None:
    assert BettingEProcess().updated_many([1.0] * 10).e_value == 1.0
    assert BettingEProcess().updated_many([1.0] * 11).e_value > 1.0
    assert BettingEProcess(initial_scale=1.0).updated(1.0).e_value > 1.0
    assert BettingEProcess().updated_many([0.0] * 50).e_value == 1.0


@given(st.lists(st.floats(-1e3, 1e3), max_size=60), st.lists(st.floats(-1e3, 1e3), max_size=20))
@settings(deadline=None)
def test_state_survives_json_and_resumes_exactly(first: list[float], then: list[float]) -> None:
    state = BettingEProcess().updated_many(first)
    resumed = BettingEProcess.from_json(json.loads(json.dumps(state.to_json()))).updated_many(then)
    assert resumed == BettingEProcess().updated_many([*first, *then])
    assert resumed.e_value > 0.0
    assert resumed.peak_e_value >= resumed.e_value or math.isclose(resumed.peak_e_value, resumed.e_value)


def test_alpha_is_spent_over_all_candidates() -> None:
    assert promotion_threshold(1, 0.05) == pytest.approx(20.0)
    assert promotion_threshold(16, 0.05) == pytest.approx(320.0)
    for candidates, alpha in ((0, 0.05), (1, 0.0), (1, 1.0)):
        with pytest.raises(CalculationError):
            promotion_threshold(candidates, alpha)
    with pytest.raises(CalculationError):
        BettingEProcess().updated(math.nan)
