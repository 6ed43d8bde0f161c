"""Roll gap and roll yield on bars whose answer is known."""

from __future__ import annotations

import math

import pytest

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_row import GOOD
from engine.signals.roll_yield import ONE_SESSION_INCLUDED, RollYield


def bar(day: int, contract: str | None, close: float, nearby: int = 1) -> FuturesBar:
    event_ts = day * MICROS_PER_DAY
    return FuturesBar(
        "lean_hogs", "yahoo", contract, nearby, 86_400, event_ts, event_ts + 1, close, close, close, close, 9
    )


def readings(family: RollYield, one: FuturesBar) -> dict[str, tuple[float, str]]:
    return {reading.feature: (reading.value, reading.quality) for reading in family.on_decision_bar(one, {})}


def test_a_gap_is_of_one_moment_where_the_deferred_contract_was_seen(hogs: HydraConfig) -> None:
    family = RollYield(hogs)
    family.on_deferred_bar(bar(1, "HEJ24", 82.0, 2))
    assert math.isnan(readings(family, bar(1, "HEG24", 80.0))["roll_gap"][0])
    assert readings(family, bar(2, "HEJ24", 90.0))["roll_gap"] == (math.log(82.0 / 80.0), GOOD)


def test_without_it_the_gap_says_that_a_session_is_in_it(hogs: HydraConfig) -> None:
    family = RollYield(hogs)
    readings(family, bar(1, "HEG24", 80.0))
    assert readings(family, bar(2, "HEJ24", 84.0))["roll_gap"] == (math.log(84.0 / 80.0), ONE_SESSION_INCLUDED)


def test_the_yield_is_minus_the_gaps_of_the_last_year_and_needs_one(hogs: HydraConfig) -> None:
    family = RollYield(hogs)
    readings(family, bar(0, "HEG24", 80.0))
    assert math.isnan(readings(family, bar(100, "HEJ24", 88.0))["roll_yield_1y"][0])
    whole = readings(family, bar(366, "HEJ24", 70.0))["roll_yield_1y"]
    assert whole == (pytest.approx(-math.log(1.1)), GOOD)
    assert readings(family, bar(465, "HEJ24", 70.0))["roll_yield_1y"][0] == 0.0, "the roll of day 100 is a year ago"


def test_a_change_from_an_unknown_contract_is_no_roll(hogs: HydraConfig) -> None:
    family = RollYield(hogs)
    readings(family, bar(1, None, 80.0))
    assert readings(family, bar(2, "HEJ24", 90.0))["roll_gap"][1] == "no_roll_yet"
