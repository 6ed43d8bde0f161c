from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.lean.lean_margins import LeanMarginsPipeline
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso

PIPELINE = LeanMarginsPipeline()
TEXT = "# a note\ndate,initial,maintenance\n# https://x\n20210823,2090,1900\n20000203,1013,750\n"


def test_two_figures_from_a_day_on(hogs: HydraConfig, as_input) -> None:
    file = as_input(TEXT, "HE.csv")
    assert recognise_input(file).name == "lean_margins"
    parsed = PIPELINE.parse(file, hogs.market)
    since = midnight_ts(date(2000, 2, 3), hogs.market.session)
    assert parsed.rows[:2] == (
        Statistic("lean_hogs", "lean_margins", None, "initial_margin", "USD/lot", since, since, 1013.0),
        Statistic("lean_hogs", "lean_margins", None, "maintenance_margin", "USD/lot", since, since, 750.0),
    )
    assert [row.value for row in parsed.rows[2:]] == [2090.0, 1900.0]


def test_bad_rows_and_another_root(hogs: HydraConfig, as_input) -> None:
    text = TEXT + "20001301,5,4\n20010101,x,4\n20010102,4\n20010103,4,5\n20010104,5,-4\n20000203,1,1\n"
    parsed = PIPELINE.parse(as_input(text, "HE.csv"), hogs.market)
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (6, "not a date"), (7, "not a number"), (8, "row is cut short"),
        (9, "initial margin below maintenance margin"), (10, "margin missing or not positive"),
        (11, "second row for the same day")]  # fmt: skip
    with pytest.raises(InputError, match="is named after root LE, but market lean_hogs trades HE"):
        PIPELINE.parse(as_input(TEXT, "LE.csv"), hogs.market)
    assert len(PIPELINE.parse(as_input(TEXT, "margin history.csv"), hogs.market).rows) == 4


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes) -> None:
    try:
        file = unpack("HE.csv", damaged(TEXT.encode(), changes))
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("HE.csv: ") and "\n" not in error.message


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("cbot/margins/ZC", "2003-11-24", "2021-10-20"), ("cbot/margins/ZO", "1990-01-01", "2021-12-01"),
        ("cbot/margins/ZS", "2003-11-24", "2022-02-03"), ("cbot/margins/ZW", "2003-11-24", "2022-01-27"),
        ("cme/margins/ES", "2012-03-26", "2022-01-21"), ("cme/margins/ESK", "2012-06-29", "2019-01-11"),
        ("cme/margins/GF", "2000-01-01", "2021-12-14"), ("cme/margins/HE", "2000-02-03", "2021-08-23"),
        ("cme/margins/LBS", "2012-05-29", "2022-02-11"), ("cme/margins/LE", "2000-01-01", "2021-12-14"),
        ("ice/margins/OJ", "1990-01-01", "1990-01-01"),
    ],
)  # fmt: skip
def test_real_files(hogs: HydraConfig, stores, real_data, name, first, last) -> None:
    path = real_data / "futures" / "lean" / f"{name}.csv"
    printed = sum(line[:8].isdigit() for line in path.read_text().splitlines())
    directory = MarketDirectory(hogs.market, [hogs.market])
    (market,) = PIPELINE.markets_in(read_input(path), directory)
    parsed = PIPELINE.parse(read_input(path), market)
    assert (len(parsed.rows), parsed.problems) == (2 * printed, ())
    zone = market.session.timezone
    assert [parsed.rows[place].event_ts for place in (0, -1)] == [
        local_ts(*map(int, day.split("-")), 0, 0, zone) for day in (first, last)]  # fmt: skip
    now_ts = parse_iso("2026-02-01")
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts, directory=directory).rows_added == 2 * printed
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts + 1, directory=directory).rows_added == 0
