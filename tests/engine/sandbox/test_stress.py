"""Each stress scenario does to the bars what it says, and the account's own limit judges it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from engine.core.records import FuturesBar
from engine.core.trading_types import Prediction
from engine.sandbox.stress import (
    SCENARIOS,
    StressResult,
    flash_crash,
    liquidity_drought,
    run_stress,
    volatility_explosion,
)
from engine.sandbox.virtual_trader import warmed_state
from tests.engine import small_market

CONFIG = small_market.settings()
HISTORY = small_market.history(300)
BARS = HISTORY.bars[200:]


def returns(bars: list[FuturesBar]) -> list[float]:
    return [math.log(after.close / before.close) for before, after in itertools.pairwise(bars)]


def test_a_flash_crash_takes_two_percent_on_three_bars_and_the_level_stays_down() -> None:
    stressed, config = flash_crash(BARS, CONFIG)
    shock = [after - before for before, after in zip(returns(list(BARS)), returns(stressed), strict=True)]
    assert [index for index, value in enumerate(shock) if abs(value) > 1e-9] == [49, 50, 51]
    assert [round(value, 9) for value in shock if abs(value) > 1e-9] == [-0.02] * 3
    assert stressed[-1].close == pytest.approx(BARS[-1].close * math.exp(-0.06))
    assert config is CONFIG


def test_an_explosion_makes_every_later_return_three_times_as_large() -> None:
    stressed, _ = volatility_explosion(BARS, CONFIG)
    before, after = returns(list(BARS)), returns(stressed)
    assert after[:49] == before[:49]
    assert after[49:] == pytest.approx([3.0 * value for value in before[49:]])


def test_an_explosion_makes_no_return_out_of_a_change_of_contract() -> None:
    rolled = [
        replace(bar, contract="HEG25", close=bar.close * 1.2, open=bar.open * 1.2, high=bar.high * 1.2)
        if index >= 70
        else bar
        for index, bar in enumerate(BARS)
    ]
    stressed, _ = volatility_explosion(rolled, CONFIG)
    assert returns(stressed)[69] == pytest.approx(returns(rolled)[69])


def test_a_drought_leaves_prices_and_makes_trading_thin_and_dear() -> None:
    stressed, config = liquidity_drought(BARS, CONFIG)
    assert [bar.close for bar in stressed] == [bar.close for bar in BARS]
    assert [bar.volume for bar in stressed] == pytest.approx([0.1 * bar.volume for bar in BARS])
    assert config.costs.half_spread_ticks == 5.0 * CONFIG.costs.half_spread_ticks
    assert config.costs.impact_coefficient == CONFIG.costs.impact_coefficient
    assert CONFIG.costs.half_spread_ticks == 0.5, "the settings themselves stay"


@pytest.mark.parametrize("name", SCENARIOS)
def test_stressed_bars_stay_bars(name: str) -> None:
    stressed, _ = SCENARIOS[name](BARS, CONFIG)
    for before, after in zip(BARS, stressed, strict=True):
        assert (after.event_ts, after.known_ts, after.contract) == (before.event_ts, before.known_ts, before.contract)
        assert 0.0 < after.low <= after.close <= after.high


def long_for_ever(size: float) -> list[Prediction | None]:
    return [Prediction(bar.known_ts, "long", size, 0.002, 0.6, 1.0, 1.0) for bar in BARS]


def test_who_never_trades_loses_nothing_and_who_is_long_into_a_crash_does() -> None:
    before = warmed_state(HISTORY.bars[:200], CONFIG)
    aside = run_stress(BARS, [None] * len(BARS), CONFIG, before)
    assert [item.scenario for item in aside] == list(SCENARIOS)
    assert all(item.passed and item.max_drawdown == 0.0 for item in aside)
    crashed = {item.scenario: item for item in run_stress(BARS, long_for_ever(0.002), CONFIG, before)}
    assert crashed["flash_crash"].max_drawdown > 0.01
    assert {item.limit for item in crashed.values()} == {CONFIG.risk.max_drawdown_fraction}


def test_at_the_limit_it_still_holds() -> None:
    assert StressResult("x", 0.15, 0.15).passed
    assert not StressResult("x", 0.1501, 0.15).passed
