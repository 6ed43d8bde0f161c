"""What holds for every market: the books agree, volume caps hold, the same input decides the same."""

from __future__ import annotations

import random
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError, InputError
from engine.sandbox.replay import replay

SEEDS = st.integers(0, 10_000)
NO_LOSS_LIMITS = {
    "risk__max_daily_loss_fraction": 0.9,
    "risk__warn_daily_loss_fraction": 0.8,
    "risk__max_drawdown_fraction": 0.9,
    "risk__warn_drawdown_fraction": 0.8,
    "risk__max_trade_loss_fraction": 0.9,
}


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, bars_per_contract=st.sampled_from([40, 130, 10**9]), every=st.sampled_from([1, 7]))
def test_equity_changes_by_gross_profit_less_costs(
    scenarios: ModuleType, seed: int, bars_per_contract: int, every: int
) -> None:
    config = scenarios.config(**NO_LOSS_LIMITS)
    bars = scenarios.make_bars(260, seed, bars_per_contract=bars_per_contract)
    result = replay(bars, scenarios.make_predictions(bars, seed, every=every), config)
    gross = scenarios.gross_pnl_usd(bars, result.fills, config.market.contract.usd_per_point)
    net = result.equity_usd[-1] - config.risk.paper_equity_usd
    assert net == pytest.approx(gross - result.costs.total_usd, abs=1e-6)
    assert all(
        cost >= 0.0
        for fill in result.fills
        for cost in (fill.costs.spread_usd, fill.costs.impact_usd, fill.costs.fees_usd, fill.costs.roll_usd)
    )


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, bars_per_contract=st.sampled_from([60, 10**9]))
def test_position_is_the_sum_of_fills_and_stays_within_its_caps(
    scenarios: ModuleType, seed: int, bars_per_contract: int
) -> None:
    config = scenarios.config(**NO_LOSS_LIMITS, risk__max_position_lots=20)
    bars = scenarios.make_bars(260, seed, bars_per_contract=bars_per_contract)
    result = replay(bars, scenarios.make_predictions(bars, seed), config)
    assert result.position_lots[-1] == sum(fill.lots for fill in result.fills)
    assert np.abs(result.position_lots).max() <= 20
    assert np.abs(result.target_lots).max() <= 20


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_fills_of_a_bar_stay_below_the_volume_cap_and_after_the_decision(scenarios: ModuleType, seed: int) -> None:
    config = scenarios.config(**NO_LOSS_LIMITS)
    bars = scenarios.make_bars(260, seed, bars_per_contract=90)
    result = replay(bars, scenarios.make_predictions(bars, seed), config)
    filled: dict[int, int] = {}
    by_start = {bar.event_ts: bar for bar in bars}
    for fill in result.fills:
        if fill.contract == by_start[fill.ts].contract:
            filled[fill.ts] = filled.get(fill.ts, 0) + abs(fill.lots)
    assert filled
    for start, lots in filled.items():
        assert lots <= config.costs.max_bar_volume_fraction * by_start[start].volume
        assert by_start[start].volume >= config.costs.min_tradable_bar_volume_lots


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, cut=st.integers(60, 240))
def test_what_comes_later_changes_nothing_decided_before(scenarios: ModuleType, seed: int, cut: int) -> None:
    config = scenarios.config()
    bars = scenarios.make_bars(250, seed, bars_per_contract=110)
    predictions = scenarios.make_predictions(bars, seed)
    draw = random.Random(seed)
    scrambled = list(bars)
    for index in range(cut, len(bars)):
        price = 60.0 + 50.0 * draw.random()
        scrambled[index] = replace(bars[index], open=price, high=price + 1, low=price - 1, close=price, volume=777.0)
    later = predictions[cut:]
    draw.shuffle(later)
    until = bars[cut - 1].known_ts
    first = replay(bars, predictions, config)
    second = replay(scrambled, [*predictions[:cut], *later], config)
    before = [line for line in first.decision_lines if line[0] <= until]
    assert before == [line for line in second.decision_lines if line[0] <= until]
    assert np.array_equal(first.equity_usd[:cut], second.equity_usd[:cut])


def test_the_same_replay_twice_has_the_same_hash_and_another_market_has_not(scenarios: ModuleType) -> None:
    config = scenarios.config()
    bars = scenarios.make_bars(300, 5, bars_per_contract=120)
    predictions = scenarios.make_predictions(bars, 5)
    first, second = replay(bars, predictions, config), replay(bars, predictions, config)
    assert first.decision_hash == second.decision_hash
    assert first.decision_lines == second.decision_lines
    other = scenarios.make_bars(300, 6, bars_per_contract=120)
    assert replay(other, predictions, config).decision_hash != first.decision_hash


def test_a_replay_in_two_halves_is_one_replay(scenarios: ModuleType) -> None:
    config = scenarios.config()
    bars = scenarios.make_bars(300, 8, bars_per_contract=140)
    predictions = scenarios.make_predictions(bars, 8)
    whole = replay(bars, predictions, config)
    first = replay(bars[:150], predictions[:150], config)
    second = replay(bars[150:], predictions[150:], config, first.final_state)
    assert whole.decision_lines == first.decision_lines + second.decision_lines
    assert whole.final_state == second.final_state


def test_thin_bars_fill_nothing_at_all(scenarios: ModuleType) -> None:
    config = scenarios.config(costs__min_tradable_bar_volume_lots=1_000)
    bars = scenarios.make_bars(200, 3)
    result = replay(bars, scenarios.make_predictions(bars, 3), config)
    assert result.fills == ()
    assert set(result.refusals) == {"thin_market"}
    assert result.metrics.sharpe_annual is None
    assert result.metrics.hit_rate is None


def test_bad_input_is_refused(scenarios: ModuleType) -> None:
    config = scenarios.config()
    bars = scenarios.make_bars(10, 3)
    predictions = scenarios.make_predictions(bars, 3)
    with pytest.raises(InputError, match="9 predictions"):
        replay(bars, predictions[:9], config)
    with pytest.raises(InputError, match="does not follow"):
        replay(list(reversed(bars)), predictions, config)
    with pytest.raises(CalculationError, match="at least 2"):
        replay(bars[:1], predictions[:1], config)
    broken = [*bars[:5], replace(bars[5], close=float("nan")), *bars[6:]]
    with pytest.raises(InputError, match="without a price"):
        replay(broken, predictions, config)
