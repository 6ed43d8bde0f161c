from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

import pytest

from engine.core.records import CotReport
from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.cot.cot_columns import market_code, plain_name, report_day
from engine.ingestion.cot.cot_release import release_ts
from engine.ingestion.cot.cot_reports import CotDisaggregatedPipeline, CotLegacyPipeline, CotSupplementalPipeline
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts

LEGACY = CotLegacyPipeline()
NUMBERS = (219240, 73029, 72834, 43697, 83800, 77521, 18714, 25188)


@pytest.mark.parametrize(
    ("raw", "plain"),
    [(" Total Reportable Positions-Long (All)", "total_reportable_positions_long_all"),
     ("Swap__Positions_Short_All", "swap_positions_short_all"),
     ("Change_NonComm_Spead_All_NoCIT ", "change_noncomm_spead_all_nocit"),
     ("Report_Date_as_YYYY-MM-DD", "report_date_as_yyyy_mm_dd")],
)  # fmt: skip
def test_column_names(raw: str, plain: str) -> None:
    assert plain_name(raw) == plain


@pytest.mark.parametrize(
    ("raw", "code"), [("054642", "054642"), (54642.0, "054642"), ("54642 ", "054642"), ("06765G", "06765G")]
)
def test_market_codes(raw: object, code: str) -> None:
    assert market_code(raw) == code


@pytest.mark.parametrize(
    "raw", ["2023-01-03", "01/03/2023 12:00:00 AM", "1/3/2023", "2023-01-03T00:00:00.000", 44929.0]
)
def test_report_days(raw: object) -> None:
    assert report_day(raw) == date(2023, 1, 3)


def test_the_report_of_a_tuesday_is_known_on_friday_and_not_a_microsecond_before(hogs, as_input, legacy_text) -> None:
    text = legacy_text([("054642", "2021-06-08", *NUMBERS)])
    (report,) = LEGACY.parse(as_input(text), hogs.market).rows
    assert isinstance(report, CotReport)
    assert report.known_ts == local_ts(2021, 6, 11, 15, 30, "America/New_York")
    assert report.event_ts == midnight_ts(date(2021, 6, 8), hogs.market.session)


def test_only_the_markets_own_rows_are_kept(hogs, as_input, legacy_text) -> None:
    text = legacy_text([("001602", "2021-06-15", *NUMBERS), ("054642", "2021-06-15", *NUMBERS),
                        ("54642", "2021-06-08", *NUMBERS[:5], ".", *NUMBERS[6:]),
                        ("057642", "2021-06-08", *NUMBERS)])  # fmt: skip
    parsed = LEGACY.parse(as_input(text), hogs.market)
    older, newer = parsed.rows
    assert parsed.ignored == {"other market": 2} and parsed.problems == ()
    assert older.event_ts < newer.event_ts
    assert {position.category: position.long for position in newer.positions} == {
        "noncommercial": 73029.0, "commercial": 83800.0, "nonreportable": 18714.0}  # fmt: skip
    assert math.isnan(older.positions[1].short)
    assert (newer.report_type, newer.combined, newer.open_interest) == ("legacy", False, 219240.0)


def test_the_publishers_own_name_of_the_combined_text(hogs, legacy_text) -> None:
    text = legacy_text([("054642", "2021-06-08", *NUMBERS)]).encode()
    assert LEGACY.parse(unpack("annualof.txt", text), hogs.market).rows[0].combined
    assert not LEGACY.parse(unpack("annual.txt", text), hogs.market).rows[0].combined


def test_bad_rows(hogs, as_input, legacy_text) -> None:
    rows = [("054642", "2021-06-08", *NUMBERS), ("054642", "2021-06-13", *NUMBERS), ("054642", "soon", *NUMBERS),
            ("054642", "2021-06-15", "x", *NUMBERS[1:]), ("054642", "2021-06-22", *NUMBERS[:-1], -1),
            ("054642", "2021-06-08", 1, *NUMBERS[1:]), ("054642", "2021-06-29", ".", *NUMBERS[1:])]  # fmt: skip
    parsed = LEGACY.parse(as_input(legacy_text(rows) + '"SOME",210608\n'), hogs.market)
    assert len(parsed.rows) == 1
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (3, "not a report day"), (4, "not a report day"), (5, "not a number"), (6, "negative position"),
        (7, "second, different row for the same report day"), (8, "open interest missing"), (9, "row is cut short"),
    ]  # fmt: skip


def test_a_file_without_the_market_is_refused(hogs, as_input, legacy_text) -> None:
    text = legacy_text([("001602", "2021-06-08", *NUMBERS), ("057642", "2021-06-08", *NUMBERS)])
    with pytest.raises(InputError, match="no usable rows; CFTC code 054642 of market lean_hogs"):
        LEGACY.parse(as_input(text), hogs.market)


def test_a_damaged_workbook_is_refused() -> None:
    file = unpack("CIT.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(InputError, match="workbook is truncated or damaged"):
        CotSupplementalPipeline().recognises(file)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "pipeline", "weeks", "others", "first", "last"),
    [
        ("CIT06_16.xls.gz", CotSupplementalPipeline(), 574, 6510, "2006-01-03", "2016-12-27"),
        ("CIT17.xls.gz", CotSupplementalPipeline(), 52, 624, "2017-01-03", "2017-12-26"),
        ("CIT18.xls.gz", CotSupplementalPipeline(), 53, 636, "2018-01-02", "2018-12-31"),
        ("fut_disagg_txt_2021.zip", CotDisaggregatedPipeline(), 51, 10433, "2021-01-05", "2021-12-21"),
        ("fut_disagg_txt_2023_to_20231010.zip", CotDisaggregatedPipeline(), 41, 9720, "2023-01-03", "2023-10-10"),
        ("fut_disagg_2023_to_20230221.txt.gz", CotDisaggregatedPipeline(), 8, 1806, "2023-01-03", "2023-02-21"),
        ("deacot2024_annual_to_20240206.txt.gz", CotLegacyPipeline(), 6, 1814, "2024-01-02", "2024-02-06"),
        ("deacot2025_annual_to_20250311.txt.gz", CotLegacyPipeline(), 10, 3180, "2025-01-07", "2025-03-11"),
    ],
)
def test_real_files(hogs: HydraConfig, real_data, name, pipeline, weeks, others, first, last) -> None:
    file = read_input(real_data / "cot" / name)
    kinds = [CotLegacyPipeline(), CotDisaggregatedPipeline(), CotSupplementalPipeline()]
    assert [kind.name for kind in kinds if kind.recognises(file)] == [pipeline.name]
    parsed = pipeline.parse(file, hogs.market)
    assert (len(parsed.rows), parsed.ignored, parsed.problems) == (weeks, {"other market": others}, ())
    session = hogs.market.session
    assert parsed.rows[0].event_ts == midnight_ts(date.fromisoformat(first), session)
    assert parsed.rows[-1].event_ts == midnight_ts(date.fromisoformat(last), session)
    assert parsed.rows[-1].known_ts == release_ts(date.fromisoformat(last))
    for report in parsed.rows:
        longs = sum(position.long for position in report.positions)
        spreads = sum(position.spreading for position in report.positions if position.spreading == position.spreading)
        assert abs(longs + spreads - report.open_interest) <= 3


def test_a_replaced_contract_gives_way_to_the_newer_code_in_any_order(
    hogs: HydraConfig, as_input: Callable[..., InputFile], legacy_text: Callable[..., str]
) -> None:
    market = hogs.market.model_copy(update={"cot_market_codes": ("058644", "058643")})
    old, new = (1000, *range(1, 8)), (500, *range(11, 18))
    rows = [("058643", "2023-02-21", *old), ("058644", "2023-02-21", *new), ("058643", "2023-02-14", *old)]
    for turned in (rows, rows[::-1]):
        parsed = CotLegacyPipeline().parse(as_input(legacy_text(turned)), market)
        assert [report.open_interest for report in parsed.rows] == [1000, 500]
        assert (parsed.problems, parsed.ignored) == ((), {"contract that another code of the market replaces": 1})
