from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import RollSpan
from engine.ingestion.lean.lean_maps import LeanMapsPipeline, last_trade_day
from engine.ingestion.market_directory import MarketDirectory, reference_market
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso

PIPELINE = LeanMapsPipeline()
TEXT = (
    "18991230,es,CME\n20091130,es uik2f7cj4v0h,CME,1\n20091217,es uik2f7cj4v0h,CME,0\n20100228,es ul1o3pmw3im9,CME,1\n"
)


def test_the_identifier_holds_the_last_trade_day() -> None:
    # The third Fridays of December 2009 and of March 2010.
    assert last_trade_day("uik2f7cj4v0h") == date(2009, 12, 18)
    assert last_trade_day("ul1o3pmw3im9") == date(2010, 3, 19)


def test_a_span_begins_where_the_one_before_it_ends(as_input) -> None:
    file, market = as_input(TEXT), reference_market("ES")
    assert recognise_input(file).name == "lean_maps"
    session = market.session
    ends = {day: midnight_ts(day, session) for day in (date(2009, 12, 1), date(2010, 3, 1))}
    first = midnight_ts(date(2009, 11, 30), session)
    rows = [row for row in PIPELINE.parse(file, market).rows if row.series == "lean.ES.first_day_month"]
    assert rows == [
        RollSpan("es", "lean.ES.first_day_month", first, first, ends[date(2009, 12, 1)], "ESZ09"),
        RollSpan("es", "lean.ES.first_day_month", ends[date(2009, 12, 1)], ends[date(2009, 12, 1)],
                 ends[date(2010, 3, 1)], "ESH10"),
    ]  # fmt: skip


def test_a_contract_whose_month_cannot_be_told_keeps_its_identifier(as_input, hogs: HydraConfig) -> None:
    crude = PIPELINE.parse(as_input(TEXT.replace("es", "cl")), reference_market("CL")).rows
    assert crude[0].contract == "CL uik2f7cj4v0h"
    # HEZ09 ended on 2009-12-14, four days before the date in the identifier; HEG10 on 2010-02-12, five weeks before.
    assert {row.contract for row in PIPELINE.parse(as_input(TEXT.replace("es", "he")), hogs.market).rows} == {
        "HEZ09", "HE ul1o3pmw3im9"}  # fmt: skip


def test_bad_lines_and_another_symbol(as_input, hogs: HydraConfig) -> None:
    text = TEXT + "20091130,es uik2f7cj4v0h,CME,1\n20101332,es uik2f7cj4v0h,CME,1\nx\n20110101,he uik2f7cj4v0h,CME,1\n"
    parsed = PIPELINE.parse(as_input(text), reference_market("ES"))
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (5, "second line for the same day and mode"), (6, "not a line of a map file"), (7, "not a line of a map file"),
        (8, "not symbol ES")]  # fmt: skip
    with pytest.raises(InputError, match="holds symbol ES, but market lean_hogs trades HE"):
        PIPELINE.parse(as_input(TEXT), hogs.market)


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(damaged, changes) -> None:
    try:
        file = unpack("es.csv", damaged(TEXT.encode(), changes))
        recognise_input(file).parse(file, reference_market("ES"))
    except InputError as error:
        assert error.message.startswith("es.csv: ") and "\n" not in error.message


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, stores, real_data) -> None:
    path = real_data / "futures" / "lean" / "cme" / "map_files" / "es.csv"
    lines = [text.split(",") for text in path.read_text().split("\n")[1:] if text]
    directory = MarketDirectory(hogs.market, [hogs.market])
    (market,) = PIPELINE.markets_in(read_input(path), directory)
    parsed = PIPELINE.parse(read_input(path), market)
    assert (market.market, len(parsed.rows), parsed.problems) == ("es", len(lines), ()) and len(lines) == 213
    identifiers = {cells[1].split()[1] for cells in lines}
    days = sorted(day for name in identifiers if (day := last_trade_day(name)) is not None)
    assert len(days) == len(identifiers) == len({row.contract for row in parsed.rows}) == 55
    assert all(day.weekday() == 4 and 15 <= day.day <= 21 and day.month in (3, 6, 9, 12) for day in days)
    assert parsed.rows[0].event_ts == local_ts(2009, 12, 17, 0, 0, "America/Chicago")
    now_ts = parse_iso("2026-02-01")
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts, directory=directory).rows_added == 213
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts + 1, directory=directory).rows_added == 0
