from __future__ import annotations

import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.ingestion.calendars.session_calendar import midnight_ts, settlement_known_ts
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.ingestion.lean.lean_bars import LeanBarsPipeline
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.zip_files import zipped

PIPELINE = LeanBarsPipeline()
FEBRUARY = b"20131216 00:00,86.5,87.25,86.1,87.025,8123\r\n20131213 00:00,86,86.8,85.9,86.525,9000"
APRIL = b"20131213 00:00,90,90.8,89.9,90.525,3000\n"
DAILY = {"he_trade_201402.csv": FEBRUARY, "he_trade_201404.csv": APRIL}
MINUTES = {
    "20131007_he_minute_trade_201312.csv": b"52200000,85.2,85.25,85.175,85.225,12\n52320000,85.2,85.2,85.2,85.2,1\n"
}


def lean(tables: dict[str, bytes]) -> InputFile:
    return unpack("x.zip", zipped(tables))


def test_a_daily_bar_is_known_when_its_calendar_day_is_over(hogs: HydraConfig) -> None:
    file = lean(DAILY)
    assert recognise_input(file).name == "lean" and PIPELINE.source_of(file, hogs.market) == "lean_1d"
    parsed = PIPELINE.parse(file, hogs.market)
    assert parsed.problems == ()
    day, session = date(2013, 12, 13), hogs.market.session
    times = midnight_ts(day, session), midnight_ts(date(2013, 12, 14), session)
    assert times[1] > settlement_known_ts(day, session)
    # The December contract still trades on its last day, the 13th; the February contract leads from the 16th.
    assert parsed.rows[0] == FuturesBar(
        "lean_hogs", "lean_1d", "HEG14", 2, 86_400, *times, 86.0, 86.8, 85.9, 86.525, 9000.0
    )
    assert [(bar.contract, bar.nearby) for bar in parsed.rows] == [("HEG14", 2), ("HEJ14", 3), ("HEG14", 1)]


def test_minutes_are_utc_and_known_at_their_end(hogs: HydraConfig) -> None:
    first, second = PIPELINE.parse(lean(MINUTES), hogs.market).rows
    begins, ends = parse_iso("2013-10-07T14:30Z"), parse_iso("2013-10-07T14:31Z")
    assert first == FuturesBar("lean_hogs", "lean_1m", "HEZ13", 2, 60, begins, ends, 85.2, 85.25, 85.175, 85.225, 12.0)
    assert second.event_ts == parse_iso("2013-10-07T14:32Z")


def test_hours_are_told_from_days_by_their_times(hogs: HydraConfig) -> None:
    file = lean({"he_trade_201312.csv": b"20131007 14:00,85.2,85.25,85.175,85.225,12\n"})
    (bar,) = PIPELINE.parse(file, hogs.market).rows
    assert (bar.series, bar.bar_seconds) == ("lean_1h", 3_600)
    assert (bar.event_ts, bar.known_ts) == (parse_iso("2013-10-07T14:00Z"), parse_iso("2013-10-07T15:00Z"))


def test_bad_rows_name_their_contract(hogs: HydraConfig) -> None:
    rows = FEBRUARY + (
        b"\n20131332 00:00,86,86.8,85.9,86.525,9000\n20131217 00:00,86,86.8\n20131218 00:00,86,x,85.9,86.525,9000\n"
        b"20140301 00:00,86,86.8,85.9,86.525,9000\n20131213 00:00,86,86.8,85.9,86.525,9000\n"
    )
    parsed = PIPELINE.parse(lean({"he_trade_201402.csv": rows, "he_trade_201403.csv": APRIL}), hogs.market)
    assert len(parsed.rows) == 2
    assert {(problem.row_number, problem.field, problem.reason) for problem in parsed.problems} == {
        (3, "time", "not a time"), (4, "row", "row is cut short"), (5, "price", "not a number"),
        (6, "time", "after the contract's last trade day"), (7, "Date", "second row for the same time and contract"),
        (0, "contract", "contract month is not listed"),
    }  # fmt: skip
    assert next(problem for problem in parsed.problems if problem.row_number == 4).raw_text.startswith("HEG14,20131217")


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"es_trade_201312.csv": FEBRUARY}, "holds symbol ES, but market lean_hogs trades HE"),
        ({"20131007_he_tick_trade_201312.csv": b"1,85,1,usa,,0"}, "holds single ticks, which are no bars"),
        ({**DAILY, **MINUTES}, "mixes bars of different kinds, lengths or days"),
        ({"he_trade_201402.csv": b"20131213 00:00,860000,868000,859000,865250,9"}, "most prices"),
    ],
)
def test_file_level_refusals(hogs: HydraConfig, tables, words) -> None:
    file = lean(tables)
    with pytest.raises(InputError, match=words):
        recognise_input(file).parse(file, hogs.market)


def test_the_same_tables_packed_anew_add_nothing(stores, hogs: HydraConfig) -> None:
    now_ts = parse_iso("2024-01-01")
    assert ingest_input(stores, hogs, lean(DAILY), now_ts=now_ts).rows_added == 3
    turned = lean(dict(reversed(DAILY.items())))
    again = ingest_input(stores, hogs, turned, now_ts=now_ts + 1)
    assert (again.rows_added, again.batch_ids) == (
        0,
        ingest_input(stores, hogs, lean(DAILY), now_ts=now_ts + 2).batch_ids,
    )


@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.sampled_from([DAILY, MINUTES]),
    st.booleans(),
)
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes, tables, inside: bool) -> None:
    raw = (
        zipped({name: damaged(content, changes) for name, content in tables.items()})
        if inside
        else damaged(zipped(tables), changes)
    )
    try:
        file = unpack("x.zip", raw)
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("x.zip: ") and "\n" not in error.message


@pytest.mark.real_data
def test_real_daily_trades(market_like, real_data) -> None:
    path = real_data / "futures" / "lean" / "cme" / "daily" / "es_trade.zip"
    market = market_like("ES", "HMUZ", 1000.0, 8000.0, 0.25, "business_day_16")
    with zipfile.ZipFile(path) as archive:
        lines = {name: archive.read(name).decode().split() for name in archive.namelist()}
    parsed = PIPELINE.parse(read_input(path), market)
    assert parsed.problems == () and len(lines) == 8
    assert len(parsed.rows) == sum(len(words) // 2 for words in lines.values()) == 203
    assert parsed.rows[0].event_ts == midnight_ts(date(2013, 10, 6), market.session)
    assert parsed.rows[-1].event_ts == midnight_ts(date(2020, 1, 8), market.session)
    december = [bar for bar in parsed.rows if bar.contract == "ESZ13"]
    assert (december[0].close, december[0].volume, december[0].flags) == (1676.5, 21573.0, ("not_a_session_day",))


def test_markets_of_unknown_expiry_take_every_row(hogs: HydraConfig) -> None:
    file = lean({"cl_trade_201312.csv": b"20140102 00:00,96,97,95,96.5,9\n"})
    directory = MarketDirectory(hogs.market, [hogs.market])
    (market,) = PIPELINE.markets_in(file, directory)
    (bar,) = PIPELINE.parse(file, market).rows
    assert (market.market, bar.contract, bar.nearby) == ("crude_oil", "CLZ13", 0)
