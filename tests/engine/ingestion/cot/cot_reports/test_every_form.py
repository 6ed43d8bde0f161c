"""The same rows in every form give the same reports."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest

from engine.core.records import CotReport
from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.cot.cot_release import release_ts
from engine.ingestion.cot.cot_reports import COMBINED_BY_NAME, FUTURES_BY_NAME, FUTURES_UNSAID
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.ingestion.sources import SOURCES, recognise_input
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from tests.engine.ingestion.cot_files import (
    LAYOUTS,
    PIPELINES,
    Week,
    headerless_text,
    socrata_csv,
    socrata_json,
    workbook,
    yearly_text,
)

FORMS: dict[str, Callable[..., bytes]] = {
    "yearly text": yearly_text, "weekly text": headerless_text, "xlsx": workbook, "socrata csv": socrata_csv,
    "socrata json": socrata_json,
}  # fmt: skip
NAMES = {"legacy": "deafut.txt", "disaggregated": "f_disagg.txt", "supplemental": "deacit.txt",
         "financial": "FinFutWk.txt"}  # fmt: skip
KINDS = list(LAYOUTS)
LATER = date(2021, 6, 15)


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packing", ["plain", "zip", "gzip"])
def test_every_form_gives_the_same_reports(hogs, kind: str, form: str, packing: str) -> None:
    weeks = [Week(day=LATER, seed=2000), Week(missing=(9,)), Week(code="002602", seed=5)]
    content = FORMS[form](kind, weeks)
    packed = {"plain": content, "zip": zipped(NAMES[kind], content), "gzip": gzip.compress(content)}[packing]
    file = unpack(NAMES[kind], packed)
    assert [source.name for source in SOURCES if source.recognises(file)] == [f"cot_{kind}"]
    parsed = PIPELINES[kind].parse(file, hogs.market)
    assert parsed.problems == () and parsed.ignored == {"other market": 1}
    session = hogs.market.session
    expected = [
        CotReport("lean_hogs", kind, kind == "supplemental", midnight_ts(week.day, session),
                  release_ts(week.day, PIPELINES[kind].report_type), week.seed * 9.0, week.positions(kind))
        for week in (weeks[1], weeks[0])
    ]  # fmt: skip
    assert repr(list(parsed.rows)) == repr(expected)


@pytest.mark.parametrize("kind", ["disaggregated", "financial"])
@pytest.mark.parametrize("form", FORMS)
def test_the_row_says_whether_options_are_counted(hogs, kind: str, form: str) -> None:
    weeks = [Week(combined=True, seed=3000), Week(seed=1000)]
    file = unpack("input", FORMS[form](kind, weeks))
    rows = PIPELINES[kind].parse(file, hogs.market).rows
    assert [(row.combined, row.open_interest) for row in rows] == [(False, 9000.0), (True, 27000.0)]


def test_a_row_that_is_neither_is_kept_out(hogs) -> None:
    text = yearly_text("disaggregated", [Week(), Week(day=LATER)]).replace(b"FutOnly\r", b"Both\r", 1)
    parsed = PIPELINES["disaggregated"].parse(unpack("input", text), hogs.market)
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (2, "neither futures only nor combined")
    ]
    assert len(parsed.rows) == 1


@pytest.mark.parametrize("form", ["socrata csv", "socrata json"])
def test_the_last_letter_of_a_socrata_id_says_whether_options_are_counted(hogs, form: str) -> None:
    file = unpack("rows", FORMS[form]("legacy", [Week(combined=True), Week(day=LATER)]))
    parsed = PIPELINES["legacy"].parse(file, hogs.market)
    assert [row.combined for row in parsed.rows] == [True, False] and parsed.notes == {}


@pytest.mark.parametrize(
    ("name", "member", "combined", "note"),
    [
        ("deafut.txt", "", False, FUTURES_BY_NAME),
        ("deacom.txt", "", True, COMBINED_BY_NAME),
        ("annual.txt", "", False, FUTURES_BY_NAME),
        ("annualof.txt", "", True, COMBINED_BY_NAME),
        ("deacot2024.zip", "annual.txt", False, FUTURES_BY_NAME),
        ("deahistfo2024.zip", "annualof.txt", True, COMBINED_BY_NAME),
        ("deacot1986_2016.zip", "FUT86_16.txt", False, FUTURES_BY_NAME),
        ("saved.zip", "annualof.txt", True, COMBINED_BY_NAME),
        ("annual_positions_of_hogs.csv", "", False, FUTURES_UNSAID),
        ("hogs.csv", "", False, FUTURES_UNSAID),
    ],
)
def test_the_publishers_own_name_of_a_legacy_text(hogs, name: str, member: str, combined: bool, note: str) -> None:
    content = yearly_text("legacy", [Week()])
    file = unpack(name, zipped(member, content) if member else content)
    parsed = PIPELINES["legacy"].parse(file, hogs.market)
    assert parsed.rows[0].combined is combined and parsed.notes == {note: 1}


def test_a_legacy_file_without_header_and_without_its_name_is_refused(hogs) -> None:
    file = unpack("hogs.txt", headerless_text("legacy", [Week()]))
    with pytest.raises(InputError, match=r"^hogs\.txt: a file without header does not say whether options are counted"):
        PIPELINES["legacy"].parse(file, hogs.market)


@pytest.mark.parametrize(
    ("place", "cell"),
    [(0, "41000"), (1, "210609"), (1, "21060x"), (2, "08/06/2021"), (3, "hogs"), (7, "many"), (190, "1")],
)
def test_a_row_of_another_shape_is_no_weekly_file(place: int, cell: str) -> None:
    cells = Week().cells("disaggregated")
    cells[place] = cell
    file = unpack("f_disagg.txt", ",".join([f'"{cells[0]}"', *cells[1:]]).encode())
    assert not any(pipeline.recognises(file) for pipeline in PIPELINES.values())


def test_a_weekly_file_with_a_column_more_is_no_known_source() -> None:
    file = unpack("deafut.txt", headerless_text("legacy", [Week()]).replace(b"\r\n", b",1\r\n"))
    with pytest.raises(InputError, match="fits none of the"):
        recognise_input(file)


def test_markets_of_one_file_in_one_pass(hogs) -> None:
    weeks = [Week(), Week(code="002602", seed=5), Week(code="057642", seed=7), Week(code="001602", seed=9)]
    file = unpack("deafut.txt", headerless_text("legacy", weeks))
    markets = [
        hogs.market.model_copy(update={"market": name, "cot_market_codes": codes})
        for name, codes in (
            ("both", ("054642", "057642")), ("corn", ("002602",)), ("oats", ("004603",)), ("hogs", ("054642",)))
    ]  # fmt: skip
    pipeline = PIPELINES["legacy"]
    results = pipeline.parse_markets(file, markets)
    assert [(market.market, len(parsed.rows)) for market, parsed in results] == [("both", 1), ("corn", 1), ("hogs", 1)]
    assert {row.market for _, parsed in results for row in parsed.rows} == {"both", "corn", "hogs"}
    assert all(parsed.ignored["other market"] == 1 and not parsed.problems for _, parsed in results)
    for market, parsed in results:
        assert pipeline.parse(file, market).rows == parsed.rows
    replaced = {"contract that another code of the market replaces": 1}
    assert results[0][1].ignored.items() >= replaced.items(), "two codes of one market on one day"


def test_no_market_of_several_in_the_file(hogs) -> None:
    file = unpack("deafut.txt", headerless_text("legacy", [Week(code="002602")]))
    with pytest.raises(InputError, match="CFTC code 054642 of market lean_hogs is in none of its 1 rows"):
        PIPELINES["legacy"].parse_markets(file, [hogs.market])


def test_the_directory_names_the_markets_of_a_file(hogs) -> None:
    directory = MarketDirectory(hogs.market, shipped_markets())
    file = unpack("deafut.txt", headerless_text("legacy", [Week(), Week(code="002602", seed=5), Week(code="999999")]))
    pipeline = PIPELINES["legacy"]
    held = pipeline.parse_markets(file, pipeline.markets_in(file, directory), directory)
    assert {market.market for market, _ in held} == {"lean_hogs", "corn"}


REAL = {
    "CIT18.xls.gz": ("supplemental", {"054642": 53, "057642": 53, "061641": 53, "002602": 53}),
    "fut_disagg_txt_2021.zip": (
        "disaggregated",
        {"054642": 51, "004603": 48, "039601": 51, "058643": 51, "058644": 0, "040701": 51, "052641": 51},
    ),
    "fut_disagg_txt_2023_to_20231010.zip": (
        "disaggregated",
        {"054642": 41, "004603": 35, "039601": 41, "058643": 16, "058644": 32, "040701": 41, "052641": 41},
    ),
    "deacot2024_annual_to_20240206.txt.gz": (
        "legacy",
        {"054642": 6, "004603": 1, "039601": 6, "058643": 0, "058644": 6, "040701": 6, "052641": 6},
    ),
    "legacy_fut_socrata_corn_2009_2026.csv.gz": ("legacy", {"002602": 895, "054642": 0}),
}


@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL)
def test_real_files_hold_as_many_reports_as_were_counted_without_this_parser(hogs, real_data, name: str) -> None:
    kind, counts = REAL[name]
    markets = [hogs.market.model_copy(update={"market": code, "cot_market_codes": (code,)}) for code in counts]
    found = PIPELINES[kind].parse_markets(read_input(real_data / "cot" / name), markets)
    assert {market.market: len(parsed.rows) for market, parsed in found} == {
        code: count for code, count in counts.items() if count
    }
    assert all(parsed.problems == () for _, parsed in found)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "kind", "as_name"),
    [("fut_disagg_2023_to_20230221.txt.gz", "disaggregated", "f_disagg.txt"),
     ("deacot2024_annual_to_20240206.txt.gz", "legacy", "deafut.txt")],
)  # fmt: skip
def test_a_real_yearly_file_without_its_header_reads_the_same(hogs, real_data, name: str, kind: str, as_name) -> None:
    whole = read_input(real_data / "cot" / name)
    bare = unpack(as_name, whole.content.split(b"\n", 1)[1])
    pipeline = PIPELINES[kind]
    assert [source.name for source in SOURCES if source.recognises(bare)] == [f"cot_{kind}"]
    assert repr(pipeline.parse(bare, hogs.market).rows) == repr(pipeline.parse(whole, hogs.market).rows)


@pytest.mark.real_data
def test_real_socrata_rows_read_the_same_as_json(hogs, real_data, market_of_corn: MarketConfig) -> None:
    import csv
    import json

    file = read_input(real_data / "cot" / "legacy_fut_socrata_corn_2009_2026.csv.gz")
    rows = [{key: cell for key, cell in row.items() if cell} for row in csv.DictReader(file.text().splitlines())]
    reply = InputFile("6dca-aqww.json", json.dumps(rows).encode(), "")
    pipeline = PIPELINES["legacy"]
    assert pipeline.recognises(reply)
    assert pipeline.parse(reply, market_of_corn).rows == pipeline.parse(file, market_of_corn).rows


@pytest.fixture
def market_of_corn(hogs) -> MarketConfig:
    return hogs.market.model_copy(update={"market": "corn", "cot_market_codes": ("002602",)})
