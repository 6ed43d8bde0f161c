from __future__ import annotations

import math

import pytest

from engine.ingestion.futures.databento_series import LENGTHS, RawBar, length_of, series_bars
from engine.ingestion.market_directory import reference_market
from engine.ingestion.source_pipeline import ProblemList
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR


def row(number: int, *prices: float, volume: float = 5.0, hour: int | None = None) -> RawBar:
    open_, high, low, close = prices
    event_ts = (number if hour is None else hour) * MICROS_PER_HOUR
    return (number, event_ts, "350", 1, open_, high, low, close, volume, ("raw", number))


def read(rows: list[RawBar], market: MarketConfig) -> tuple[list, list]:
    problems = ProblemList()
    bars = series_bars("x", rows, LENGTHS[34], "databento_1h", market, problems)
    return bars, [(problem.row_number, problem.reason) for problem in problems.finish([]).problems]


def test_negative_prices_are_kept_and_flagged_where_no_bounds_are_known() -> None:
    rows = [row(1, 10, 11, 9, 10), row(2, -1.5, 0.5, -37.63, -2.0), row(3, 0.05, 0.1, 0.02, 0.05)]
    bars, problems = read(rows, reference_market("QM"))
    assert [(bar.close, bar.flags) for bar in bars] == [(10, ()), (-2.0, ("negative_price",)), (0.05, ())]
    assert problems == []


def test_faults_and_flags_are_those_of_every_bar(hogs: HydraConfig) -> None:
    rows = [
        row(1, 80, 81, 79, 80.5), row(2, 80, 81, 79, 82), row(3, 80, 81, 79, 80, volume=0.0), row(4, 80, 79, 81, 80),
        row(5, 80, 81, math.nan, 80), row(6, 80, 81, -79, 80), row(7, 80, 81, 79, 80, hour=1),
        row(8, 80, 81, 79, 80, volume=math.nan),
    ]  # fmt: skip
    bars, problems = read(rows, hogs.market)
    assert [bar.flags for bar in bars] == [(), ("close_outside_range",), ("zero_volume_with_range",), ()]
    assert problems == [
        (4, "high below low"), (5, "price missing"), (6, "implausible price"),
        (7, "second bar of the same instrument and time"),
    ]  # fmt: skip


def test_prices_off_their_tick_by_a_hair_are_on_it(hogs: HydraConfig) -> None:
    bars, _ = read([row(1, 79.725, 79.7250001, 78.4, 78.425)], hogs.market)
    assert bars[0].high == 79.725


def test_lengths() -> None:
    assert [length_of("x", rtype).name for rtype in (32, "33", 34, 35, 36)] == ["1s", "1m", "1h", "1d", "eod"]
    assert LENGTHS[35].known_seconds * 1_000_000 == MICROS_PER_DAY
    for wrong in ("1", "", "x", "34.0", "\u00b3"):
        with pytest.raises(InputError, match="is not a bar"):
            length_of("x", wrong)
