"""What a roll is worth, and histories without it."""

from __future__ import annotations

import math

import pytest

from engine.core.records import FuturesBar
from engine.ingestion.rolls.roll_table import back_adjusted, rolls_of

DAY = 86_400_000_000


def bar(contract: str | None, place: int, close: float, nearby: int = 1) -> FuturesBar:
    event_ts = place * DAY
    return FuturesBar(
        "m", "s", contract, nearby, 86_400, event_ts, event_ts + 1, close - 1, close + 2, close - 2, close, 10.0
    )


def test_both_contracts_of_the_eve_price_a_roll() -> None:
    bars = [bar("A", 0, 50), bar("A", 1, 51), bar("B", 1, 56, 2), bar("B", 2, 58)]
    (roll,) = rolls_of(bars)
    assert (roll.from_contract, roll.to_contract, roll.event_ts) == ("A", "B", 2 * DAY)
    assert (roll.difference, roll.ratio, roll.overlap) == (5.0, 56 / 51, True)


def test_a_single_series_prices_it_a_session_apart_and_says_so() -> None:
    (roll,) = rolls_of([bar("A", 0, 50), bar("B", 1, 56)])
    assert (roll.difference, roll.overlap) == (6.0, False)


def test_another_series_gives_the_pure_figure() -> None:
    (roll,) = rolls_of([bar("A", 0, 50), bar("B", 1, 56)], {(0, "B"): 54.5})
    assert (roll.difference, roll.overlap) == (4.5, True)


def test_unknown_contracts_make_no_roll() -> None:
    assert rolls_of([bar("A", 0, 50), bar(None, 1, 51), bar("B", 2, 60)]) == []


def test_a_back_adjusted_history_has_the_returns_of_each_contract() -> None:
    bars = [bar("A", 0, 50), bar("A", 1, 51), bar("B", 1, 56, 2), bar("B", 2, 58), bar("B", 3, 57)]
    rolls = rolls_of(bars)
    shifted = [one.close for one in back_adjusted(bars, rolls, by_ratio=False)]
    assert shifted == [55.0, 56.0, 58.0, 57.0]
    scaled = [one.close for one in back_adjusted(bars, rolls, by_ratio=True)]
    assert scaled[1] / scaled[0] == pytest.approx(51 / 50)
    assert scaled[2] / scaled[1] == pytest.approx(58 / 56)
    assert scaled[2:] == [58.0, 57.0]


def test_a_negative_price_has_no_ratio() -> None:
    (roll,) = rolls_of([bar("A", 0, -50), bar("B", 1, 56)])
    assert math.isnan(roll.ratio) and roll.difference == 106.0
