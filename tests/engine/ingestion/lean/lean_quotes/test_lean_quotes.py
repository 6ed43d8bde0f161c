from __future__ import annotations

import math
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.ingestion.lake_rows import Quote
from engine.ingestion.lean.lean_quotes import LeanQuotesPipeline
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso
from tests.engine.ingestion.zip_files import zipped

PIPELINE = LeanQuotesPipeline()
ROW = b"20131213 00:00,86,86.8,85.9,86.5,9,86.1,86.9,86,86.6,11\n"


def lean(content: bytes, name: str = "he_quote_201402.csv") -> InputFile:
    return unpack("x.zip", zipped({name: content}))


def test_a_quote_bar(hogs: HydraConfig) -> None:
    file = lean(ROW)
    assert recognise_input(file).name == "lean_quote"
    day, session = date(2013, 12, 13), hogs.market.session
    assert PIPELINE.parse(file, hogs.market).rows == (
        Quote("lean_hogs", "lean_quote_1d", "HEG14", 86_400, midnight_ts(day, session),
              midnight_ts(date(2013, 12, 14), session), 86.5, 9.0, 86.6, 11.0, 86.0, 86.8, 85.9, 86.1, 86.9, 86.0),
    )  # fmt: skip


def test_a_side_may_be_missing_and_a_crossed_bar_is_flagged(hogs: HydraConfig) -> None:
    one_side = b"20131216 00:00,86,86.8,85.9,86.5,9,,,,,0\n"
    crossed = b"20131217 00:00,86,86.8,85.9,86.5,9,86.1,86.9,86,86.4,11\n"
    first, second = PIPELINE.parse(lean(one_side + crossed), hogs.market).rows
    assert first.bid == 86.5 and math.isnan(first.ask) and math.isnan(first.ask_size) and first.flags == ()
    assert second.flags == ("bid_above_ask",)


def test_bad_rows(hogs: HydraConfig) -> None:
    rows = ROW + ROW + ROW.replace(b"13 00", b"16 00").replace(b"86.8", b"860.8") + (
        b"20131217 00:00,86,85,85.9,86.5,9,86.1,86.9,86,86.4,11\n20131218 00:00,,,,,0,,,,,0\n"
        b"20131219 00:00,x,,,,0,,,,,0\n"
    )  # fmt: skip
    parsed = PIPELINE.parse(lean(rows), hogs.market)
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (2, "second row for the same time and contract"), (3, "implausible price"), (4, "high below low"),
        (5, "all prices missing"), (6, "not a number")]  # fmt: skip


def test_another_market_is_refused(hogs: HydraConfig) -> None:
    with pytest.raises(InputError, match="holds symbol ES, but market lean_hogs trades HE"):
        PIPELINE.parse(lean(ROW, "es_quote_201402.csv"), hogs.market)


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes) -> None:
    try:
        file = lean(damaged(ROW * 2, changes))
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("x.zip: ") and "\n" not in error.message


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, stores, real_data) -> None:
    path = real_data / "futures" / "lean" / "cme" / "daily" / "es_quote.zip"
    with zipfile.ZipFile(path) as archive:
        printed = sum(len(archive.read(name).strip().splitlines()) for name in archive.namelist())
    directory = MarketDirectory(hogs.market, [hogs.market])
    (market,) = PIPELINE.markets_in(read_input(path), directory)
    parsed = PIPELINE.parse(read_input(path), market)
    assert (market.market, len(parsed.rows), parsed.problems) == ("es", printed, ()) and printed == 288
    assert parsed.rows[0].event_ts == local_ts(2013, 10, 6, 0, 0, "America/Chicago")
    assert parsed.rows[-1].event_ts == local_ts(2020, 1, 5, 0, 0, "America/Chicago")
    now_ts = parse_iso("2026-02-01")
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts, directory=directory).rows_added == 288
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts + 1, directory=directory).rows_added == 0
