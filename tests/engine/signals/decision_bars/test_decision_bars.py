"""Daily decision bars from hourly ones: complete at the session's close, one instrument a day, nothing twice."""

from __future__ import annotations

from datetime import date

import pytest

from engine.core.records import FuturesBar, Headline
from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.timestamps import MICROS_PER_HOUR, local_ts
from engine.signals.decision_bars import DecisionBarBuilder


@pytest.fixture(scope="session")
def hourly(hogs: HydraConfig) -> MarketConfig:
    return hogs.market.model_copy(update={"decision_series": "databento_1h"})


def bar(day: date, hour: int, close: float, contract: str = "9852", volume: float = 100.0) -> FuturesBar:
    start = local_ts(day.year, day.month, day.day, hour, 0, "America/Chicago")
    return FuturesBar("lean_hogs", "databento_1h", contract, 1, 3600, start, start + MICROS_PER_HOUR, close - 0.1,
                      close + 0.5, close - 0.5, close, volume)  # fmt: skip


WEDNESDAY, THURSDAY = date(2021, 6, 9), date(2021, 6, 10)


def session(day: date, contract: str = "9852") -> list[FuturesBar]:
    return [bar(day, hour, 80.0 + hour / 10, contract) for hour in range(8, 14)]


def test_the_bar_over_the_close_completes_the_day(hourly: MarketConfig) -> None:
    builder = DecisionBarBuilder(hourly)
    bars = session(WEDNESDAY)
    assert [len(builder.update(item)) for item in bars[:-1]] == [0] * 5
    (daily,) = builder.update(bars[-1])
    assert daily.event_ts == midnight_ts(WEDNESDAY, hourly.session)
    assert daily.known_ts == bars[-1].known_ts
    assert (daily.open, daily.close, daily.volume) == (bars[0].open, bars[-1].close, 600.0)
    assert (daily.high, daily.low) == (bars[-1].high, bars[0].low)
    assert (daily.contract, daily.bar_seconds, daily.nearby) == ("9852", 86_400, 1)


def test_evening_bars_belong_to_the_next_session(hourly: MarketConfig) -> None:
    builder = DecisionBarBuilder(hourly)
    for item in session(WEDNESDAY):
        builder.update(item)
    evening = bar(WEDNESDAY, 18, 90.0)
    assert not builder.update(evening)
    days = [daily for item in session(THURSDAY) for daily in builder.update(item)]
    assert len(days) == 1 and days[0].open == evening.open and days[0].high == evening.high


def test_without_a_bar_at_the_close_any_later_record_completes_the_day(hourly: MarketConfig) -> None:
    builder = DecisionBarBuilder(hourly)
    for item in session(WEDNESDAY)[:-1]:
        assert not builder.update(item)
    known = local_ts(2021, 6, 9, 16, 0, "America/Chicago")
    (daily,) = builder.update(Headline("lean_hogs", "wire", known, known, "Hogs", "x"))
    assert daily.known_ts == known and daily.event_ts == midnight_ts(WEDNESDAY, hourly.session)


def test_a_record_known_at_the_end_of_the_closing_bar_does_not_cut_the_day_short(hourly: MarketConfig) -> None:
    builder = DecisionBarBuilder(hourly)
    bars = session(WEDNESDAY)
    for item in bars[:-1]:
        builder.update(item)
    known = bars[-1].known_ts
    assert not builder.update(Headline("lean_hogs", "wire", known, known, "Hogs", "x"))
    (daily,) = builder.update(bars[-1])
    assert daily.close == bars[-1].close


def test_the_instrument_with_the_most_volume_speaks_for_the_day(hourly: MarketConfig) -> None:
    builder = DecisionBarBuilder(hourly)
    bars = [bar(WEDNESDAY, 8, 80.0, "350", 5.0), *session(WEDNESDAY, "8488")[1:]]
    (daily,) = [daily for item in bars for daily in builder.update(item)]
    assert daily.contract == "8488" and daily.open == bars[1].open and daily.volume == 500.0
    assert "contract_changed" in daily.flags


def test_repeated_and_foreign_bars_are_ignored(hourly: MarketConfig) -> None:
    builder = DecisionBarBuilder(hourly)
    bars = session(WEDNESDAY)
    days = [daily for item in [*bars, *bars] for daily in builder.update(item)]
    assert len(days) == 1
    other = FuturesBar("lean_hogs", "yahoo", "HEM21", 1, 86_400, 2**60, 2**60, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert not builder.update(other)


def test_bars_of_the_decision_length_pass_through(simulated: HydraConfig) -> None:
    builder = DecisionBarBuilder(simulated.market)
    item = FuturesBar("simulated_hogs", "venue", "HEJ24", 1, 300, 0, 300, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert list(builder.update(item)) == [item]
