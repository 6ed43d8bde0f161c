from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.records import FuturesBar
from engine.ingestion.futures.intraday_tables import FirstRateBarsPipeline, NautilusBarsPipeline
from engine.ingestion.input_file import read_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.dbn_samples import directory

FIRSTRATE, NAUTILUS = FirstRateBarsPipeline(), NautilusBarsPipeline()
COLUMNS = ",open,high,low,close,volume\n"


def table(column: str, *stamps: str) -> str:
    return column + COLUMNS + "".join(f"{stamp},80,81,79,80,{n}\n" for n, stamp in enumerate(stamps, 5))


def test_new_york_stamps_begin_a_bar(hogs: HydraConfig, as_input) -> None:
    file = as_input(table("timestamp", "2026-03-06 18:00:00", "2026-03-06 18:30:00", "2026-03-09 18:00:00"), "ES_x.csv")
    (market,) = FIRSTRATE.markets_in(file, directory(hogs.market))
    bars = FIRSTRATE.parse(file, market).rows
    assert [bar.event_ts for bar in bars] == [
        parse_iso(text) for text in ("2026-03-06T23:00Z", "2026-03-06T23:30Z", "2026-03-09T22:00Z")
    ]  # daylight saving began on 2026-03-08
    first = bars[0]
    assert isinstance(first, FuturesBar)
    assert (first.market, first.series, first.contract, first.nearby) == ("es", "firstrate_30m", None, 1)
    assert first.known_ts == first.event_ts + 1_800_000_000
    assert FIRSTRATE.source_of(file, market) == "firstrate_30m"


def test_utc_stamps_end_a_bar(hogs: HydraConfig, as_input) -> None:
    file = as_input(table("timestamp_utc", "2024-01-01 23:01:00", "2024-01-01 23:02:00"), "6EH4.XCME_1min.csv")
    (market,) = NAUTILUS.markets_in(file, directory(hogs.market))
    first = NAUTILUS.parse(file, market).rows[0]
    assert isinstance(first, FuturesBar)
    assert (first.event_ts, first.known_ts) == (parse_iso("2024-01-01T23:00Z"), parse_iso("2024-01-01T23:01Z"))
    assert (first.market, first.series, first.contract, first.nearby) == (market.market, "nautilus_1m", "6EH4", 0)


def test_contracts_of_a_known_market_have_their_place(hogs: HydraConfig, as_input) -> None:
    stamps = ("2023-03-15 15:00:00", "2023-03-15 16:00:00")
    parsed = NAUTILUS.parse(as_input(table("timestamp_utc", *stamps), "HEM3.csv"), hogs.market)
    assert [(bar.contract, bar.nearby, bar.bar_seconds) for bar in parsed.rows if isinstance(bar, FuturesBar)] == [
        ("HEM23", 3, 3_600)
    ] * 2
    assert parsed.notes == {"symbol by the file's name": 2}


def test_a_market_is_named_by_symbol_or_alias_or_not_at_all(hogs: HydraConfig, as_input) -> None:
    text = table("timestamp", "2026-03-06 18:00:00", "2026-03-06 18:30:00")
    known = directory(hogs.market)
    named = {
        name: [market.contract.root for market in FIRSTRATE.markets_in(as_input(text, name), known)]
        for name in ("ES_30min.csv", "lean hogs.csv", "minutes.csv")
    }
    assert named == {"ES_30min.csv": ["ES"], "lean hogs.csv": ["HE"], "minutes.csv": []}


def test_bad_rows_are_kept_out(hogs: HydraConfig, as_input) -> None:
    text = table("timestamp", "2026-03-06 09:00:00", "2026-03-06 10:00:00", "yesterday", "0001-01-01 00:00:00")
    text += "2026-03-06 11:00:00,80,x,79,80,5\n2026-03-06 12:00:00,80\n2026-03-06 10:00:00,80,81,79,80,5\n"
    parsed = FIRSTRATE.parse(as_input(text, "HE_1hour.csv"), hogs.market)
    assert len(parsed.rows) == 2
    assert sorted((problem.row_number, problem.reason) for problem in parsed.problems) == [
        (4, "not a time"), (5, "not a time"), (6, "not a number"), (7, "row is cut short"),
        (8, "second row for the same time and contract"),
    ]  # fmt: skip


@pytest.mark.parametrize("stamps", [(), ("2026-03-06 18:00:00",), ("x", "y")])
def test_bars_of_unknown_length_are_refused(hogs: HydraConfig, as_input, stamps: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"^HE_1\.csv: the stamps do not say how long a bar is"):
        FIRSTRATE.parse(as_input(table("timestamp", *stamps), "HE_1.csv"), hogs.market)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "number", "first", "last"),
    [
        ("firstrate/ES_1hour_sample.csv", 238, "2026-05-11T04:00Z", "2026-05-25T22:00Z"),
        ("firstrate/ES_30min_sample.csv", 476, "2026-05-11T04:00Z", "2026-05-25T22:30Z"),
        ("firstrate/ES_5min_sample.csv.gz", 2852, "2026-05-11T04:00Z", "2026-05-25T22:35Z"),
        ("nautilus/6EH4.XCME_1min_bars_20240101_20240131.csv.gz", 29996, "2024-01-01T23:00Z", "2024-01-31T23:58Z"),
    ],
)
def test_real_files(hogs: HydraConfig, real_data: Path, name: str, number: int, first: str, last: str) -> None:
    file = read_input(real_data / "intraday" / name)
    pipeline = FIRSTRATE if FIRSTRATE.recognises(file) else NAUTILUS
    (market,) = pipeline.markets_in(file, directory(hogs.market))
    parsed = pipeline.parse(file, market)
    assert (len(parsed.rows), parsed.problems) == (number, ())
    assert (parsed.rows[0].event_ts, parsed.rows[-1].event_ts) == (parse_iso(first), parse_iso(last))


@pytest.mark.real_data
def test_hours_are_made_of_their_five_minutes(hogs: HydraConfig, real_data: Path) -> None:
    market = directory(hogs.market).by_root("ES")
    hours, minutes = (
        FIRSTRATE.parse(read_input(real_data / "intraday" / "firstrate" / name), market).rows
        for name in ("ES_1hour_sample.csv", "ES_5min_sample.csv.gz")
    )
    volumes: dict[int, float] = {}
    for bar in minutes:
        assert isinstance(bar, FuturesBar)
        hour = bar.event_ts // 3_600_000_000
        volumes[hour] = volumes.get(hour, 0) + bar.volume
    whole = [bar for bar in hours[:-1] if isinstance(bar, FuturesBar)]
    assert all(bar.volume == volumes[bar.event_ts // 3_600_000_000] for bar in whole)
