from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lean.lean_factors import LeanFactorsPipeline
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso

PIPELINE = LeanFactorsPipeline()


def line(day: str, mode: int, ratio: float = 0.9) -> str:
    row = {"Date": f"{day}T00:00:00", "BackwardsRatioScale": [ratio, 0.8], "BackwardsPanamaCanalScale": [-2.0],
           "ForwardPanamaCanalScale": [3.0], "DataMappingMode": mode}  # fmt: skip
    return json.dumps(row) + "\n"


TEXT = line("2020-02-14", 2) + line("2020-04-14", 2, 1.1) + line("2020-05-14", 0) + line("2050-12-31", 2, 1.0)


def test_factors_hold_every_later_roll_and_are_known_with_the_last_one(hogs: HydraConfig, as_input) -> None:
    file = as_input(TEXT, "he.csv")
    assert recognise_input(file).name == "lean_factors"
    rows = PIPELINE.parse(file, hogs.market).rows
    assert len(rows) == 16
    session = hogs.market.session
    assert {row.known_ts for row in rows} == {midnight_ts(date(2020, 5, 15), session)}
    assert [(row.name, row.unit, row.value) for row in rows[:4]] == [
        ("backwards_ratio.open_interest.0", "ratio", 0.9), ("backwards_ratio.open_interest.1", "ratio", 0.8),
        ("backwards_panama.open_interest.0", "cents/lb", -2.0), ("forward_panama.open_interest.0", "cents/lb", 3.0),
    ]  # fmt: skip
    assert (rows[-1].event_ts, rows[-1].flags) == (midnight_ts(date(2020, 4, 15), session), ("until_next_roll",))
    assert all(row.event_ts <= row.known_ts for row in rows)


def test_bad_lines_and_another_root(hogs: HydraConfig, as_input) -> None:
    text = TEXT + "{}\n[1]\nx\n" + line("2020-02-14", 9) + line("2020-02-14", 2) + line("soon", 1) + (
        line("2020-02-14", 3).replace("0.9", '"x"') + line("2020-02-14", 1).replace("0.9", "NaN")
    )  # fmt: skip
    parsed = PIPELINE.parse(as_input(text, "he.csv"), hogs.market)
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        *((number, "not a line of roll factors") for number in (5, 6, 7, 8)), (9, "second line for the same roll"),
        *((number, "not a line of roll factors") for number in (10, 11, 12))]  # fmt: skip
    with pytest.raises(InputError, match="is named after root ES, but market lean_hogs trades HE"):
        PIPELINE.parse(as_input(TEXT, "es.csv"), hogs.market)


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6))
def test_damaged_content_gives_rows_or_one_sentence(hogs: HydraConfig, damaged, changes) -> None:
    try:
        file = unpack("he.csv", damaged(TEXT.encode(), changes))
        recognise_input(file).parse(file, hogs.market)
    except InputError as error:
        assert error.message.startswith("he.csv: ") and "\n" not in error.message


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, stores, real_data) -> None:
    path = real_data / "futures" / "lean" / "cme" / "factor_files" / "es.csv"
    printed = [json.loads(text) for text in path.read_text().splitlines()]
    directory = MarketDirectory(hogs.market, [hogs.market])
    (market,) = PIPELINE.markets_in(read_input(path), directory)
    parsed = PIPELINE.parse(read_input(path), market)
    assert (market.market, len(printed), len(parsed.rows), parsed.problems) == ("es", 213, 213 * 9, ())
    assert [row.value for row in parsed.rows] == [
        factor
        for row in printed
        for name in ("BackwardsRatioScale", "BackwardsPanamaCanalScale", "ForwardPanamaCanalScale")
        for factor in row[name]
    ]
    assert {row.known_ts for row in parsed.rows} == {local_ts(2023, 6, 16, 0, 0, "America/Chicago")}
    assert min(row.event_ts for row in parsed.rows) == local_ts(2009, 11, 30, 0, 0, "America/Chicago")
    now_ts = parse_iso("2026-02-01")
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts, directory=directory).rows_added == 1917
    assert ingest_input(stores, hogs, read_input(path), now_ts=now_ts + 1, directory=directory).rows_added == 0
