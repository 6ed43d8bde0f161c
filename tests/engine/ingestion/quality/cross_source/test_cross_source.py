"""Two providers of the same prices."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine.core.records import FuturesBar
from engine.ingestion.input_file import read_input
from engine.ingestion.quality.cross_source import compare_daily_series
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY, local_ts

START = local_ts(2024, 2, 5, 0, 0, "America/Chicago")


def bar(series: str, place: int, close: float, contract: str | None = "HEJ24", nearby: int = 1) -> FuturesBar:
    ts = START + place * MICROS_PER_DAY
    return FuturesBar("lean_hogs", series, contract, nearby, 86_400, ts, ts + 1, close, close, close, close, 9)


def test_one_tick_is_agreement_and_more_is_listed(hogs: HydraConfig) -> None:
    bars = [bar("a", 0, 80.0), bar("b", 0, 80.025), bar("a", 1, 80.0), bar("b", 1, 80.05), bar("b", 2, 81.0)]
    (pair,) = compare_daily_series(bars, hogs.market)
    assert (pair.first, pair.second, pair.common_sessions, pair.within_a_tick) == ("a", "b", 2, 1)
    (one,) = pair.disagreements
    assert (one.day.isoformat(), one.ticks, one.other_contract) == ("2024-02-06", 2.0, False)
    assert (pair.agreement, pair.recent_agreement) == (0.5, 0.5)


def test_another_contract_is_told_apart_and_an_unknown_one_is_not(hogs: HydraConfig) -> None:
    bars = [bar("a", 0, 80.0), bar("b", 0, 90.0, "HEM24"), bar("c", 0, 95.0, None)]
    pairs = {
        (pair.first, pair.second): pair.disagreements[0].other_contract
        for pair in compare_daily_series(bars, hogs.market)
    }
    assert pairs == {("a", "b"): True, ("a", "c"): False, ("b", "c"): False}


def test_deferred_bars_missing_closes_and_intraday_bars_are_not_compared(hogs: HydraConfig) -> None:
    bars = [bar("a", 0, 80.0), bar("b", 0, 80.0, nearby=2), bar("c", 0, math.nan)]
    assert compare_daily_series(bars, hogs.market) == []


def test_old_disagreements_do_not_count_as_recent(hogs: HydraConfig) -> None:
    bars = [bar(series, place, 80.0 + (place < 5 and series == "b")) for place in range(300) for series in "ab"]
    (pair,) = compare_daily_series(bars, hogs.market)
    assert (len(pair.disagreements), pair.recent_agreement) == (5, 1.0)


@pytest.mark.real_data
def test_yahoo_and_investing_agree_on_lean_hogs(hogs: HydraConfig, real_data: Path) -> None:
    """Target .99 of common sessions within a tick; found 1,697 of 1,700, two of the three being another contract."""
    bars = []
    for name in ("yahoo_continuous/HE_to_2023.csv", "investing_2016_2022/Lean_Hogs.csv"):
        file = read_input(real_data / "futures" / name)
        bars += [row for row in recognise_input(file).parse(file, hogs.market).rows if isinstance(row, FuturesBar)]
    (pair,) = compare_daily_series(bars, hogs.market)
    assert (pair.common_sessions, pair.within_a_tick) == (1700, 1697)
    assert [one.day.isoformat() for one in pair.disagreements] == ["2016-02-12", "2017-10-13", "2018-04-13"]
    assert [one.other_contract for one in pair.disagreements] == [False, True, True]
