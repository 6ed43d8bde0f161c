from __future__ import annotations

import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.lean.lean_open_interest import LeanOpenInterestPipeline
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso
from tests.engine.ingestion.zip_files import zipped

PIPELINE = LeanOpenInterestPipeline()
ROW = b"20131213 00:00,26919\n"


def lean(content: bytes) -> InputFile:
    return unpack("x.zip", zipped({"he_openinterest_201402.csv": content}))


def test_a_days_open_interest_is_known_when_the_day_is_over(hogs: HydraConfig) -> None:
    file = lean(ROW)
    assert recognise_input(file).name == "lean_openinterest"
    session = hogs.market.session
    assert PIPELINE.parse(file, hogs.market).rows == (
        Statistic("lean_hogs", "lean_openinterest", "HEG14", "open_interest", "lots",
                  midnight_ts(date(2013, 12, 13), session), midnight_ts(date(2013, 12, 14), session), 26919.0),
    )  # fmt: skip


def test_bad_rows(hogs: HydraConfig) -> None:
    rows = ROW + ROW + b"20131216 00:00,x\n20131217 00:00,-5\n20131218 00:00,\n20131219 00:00\n20140301 00:00,5\n"
    parsed = PIPELINE.parse(lean(rows), hogs.market)
    assert len(parsed.rows) == 1
    assert {(problem.row_number, problem.reason) for problem in parsed.problems} == {
        (2, "second row for the same time and contract"), (3, "not a number"), (4, "negative or missing"),
        (5, "negative or missing"), (6, "row is cut short"), (7, "after the contract's last trade day")}  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes) -> None:
    try:
        file = lean(damaged(ROW * 2, changes))
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("x.zip: ") and "\n" not in error.message


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "market", "figures", "first", "last"),
    [
        ("cbot/daily/zc", "corn", 15, (2021, 1, 1), (2021, 1, 1)),
        ("cbot/daily/zs", "soybeans", 18, (2021, 1, 1), (2021, 1, 1)),
        ("cbot/daily/zw", "wheat", 13, (2021, 1, 1), (2021, 1, 1)),
        ("cme/daily/es", "es", 47, (2013, 10, 6), (2020, 1, 5)),
    ],
)
def test_real_files(hogs: HydraConfig, stores, real_data, name, market, figures, first, last) -> None:
    path = real_data / "futures" / "lean" / f"{name}_openinterest.zip"
    with zipfile.ZipFile(path) as archive:
        printed = sum(len(archive.read(member).strip().splitlines()) for member in archive.namelist())
    directory = MarketDirectory(hogs.market, [hogs.market])
    (found,) = PIPELINE.markets_in(read_input(path), directory)
    parsed = PIPELINE.parse(read_input(path), found)
    assert (found.market, len(parsed.rows), printed, parsed.problems) == (market, figures, figures, ())
    assert parsed.rows[0].event_ts == local_ts(*first, 0, 0, "America/Chicago")
    assert parsed.rows[-1].event_ts == local_ts(*last, 0, 0, "America/Chicago")
    now_ts = parse_iso("2026-02-01")
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts, directory=directory).rows_added == figures
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts + 1, directory=directory).rows_added == 0
