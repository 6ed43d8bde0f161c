"""Column names of the CFTC's four report types, as the spellings of the same words are brought to one.

A name is compared in lower case with every run of other signs than letters and digits as one underscore:
"Noncommercial Positions-Long (All)", " Total Reportable Positions-Long (All)" with its leading blank and
"Swap__Positions_Short_All" with its doubled underscore all become plain. What remains are the CFTC's own misspellings
("Postions", "Spead") and the fields of publicreporting.cftc.gov that lost their "_all" ("m_money_positions_spread"; the
same name with "_1" is the old crop), listed here as alternatives.

The weekly files of the CFTC site (deafut.txt, f_disagg.txt, deacit.txt, FinFutWk.txt and their combined twins) have no
header line. Their columns are those of the yearly files in the same order, so place and number of columns tell them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

ReportType = Literal["legacy", "disaggregated", "supplemental", "financial"]

ID_COLUMNS: Final = ("id",)
CODE_COLUMNS: Final = ("cftc_contract_market_code",)
OPEN_INTEREST_COLUMNS: Final = ("open_interest_all",)
COMBINED_COLUMNS: Final = ("futonly_or_combined",)
DATE_COLUMNS: Final = (
    "as_of_date_in_form_yyyy_mm_dd",
    "report_date_as_yyyy_mm_dd",
    "report_date_as_mm_dd_yyyy",
    "as_of_date_in_form_mm_dd_yyyy",
)
_SIGNS: Final = re.compile(r"[^a-z0-9]+")
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_US_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:\s.*)?$")


@dataclass(frozen=True, slots=True)
class CategoryColumns:
    """Alternatives of the long, short and spreading column of one trader category; no spreading: empty."""

    category: str
    long: tuple[str, ...]
    short: tuple[str, ...]
    spreading: tuple[str, ...] = ()


REPORT_COLUMNS: Final[dict[ReportType, tuple[CategoryColumns, ...]]] = {
    "legacy": (
        CategoryColumns(
            "noncommercial",
            ("noncommercial_positions_long_all", "noncomm_positions_long_all"),
            ("noncommercial_positions_short_all", "noncomm_positions_short_all"),
            ("noncommercial_positions_spreading_all", "noncomm_postions_spread_all", "noncomm_positions_spread_all"),
        ),
        CategoryColumns(
            "commercial",
            ("commercial_positions_long_all", "comm_positions_long_all"),
            ("commercial_positions_short_all", "comm_positions_short_all"),
        ),
        CategoryColumns(
            "nonreportable",
            ("nonreportable_positions_long_all", "nonrept_positions_long_all"),
            ("nonreportable_positions_short_all", "nonrept_positions_short_all"),
        ),
    ),
    "disaggregated": (
        CategoryColumns(
            "producer_merchant",
            ("prod_merc_positions_long_all", "prod_merc_positions_long"),
            ("prod_merc_positions_short_all", "prod_merc_positions_short"),
        ),
        CategoryColumns(
            "swap_dealer",
            ("swap_positions_long_all",),
            ("swap_positions_short_all",),
            ("swap_positions_spread_all",),
        ),
        CategoryColumns(
            "managed_money",
            ("m_money_positions_long_all",),
            ("m_money_positions_short_all",),
            ("m_money_positions_spread_all", "m_money_positions_spread"),
        ),
        CategoryColumns(
            "other_reportable",
            ("other_rept_positions_long_all", "other_rept_positions_long"),
            ("other_rept_positions_short_all", "other_rept_positions_short"),
            ("other_rept_positions_spread_all", "other_rept_positions_spread"),
        ),
        CategoryColumns("nonreportable", ("nonrept_positions_long_all",), ("nonrept_positions_short_all",)),
    ),
    "supplemental": (
        CategoryColumns(
            "noncommercial",
            ("ncomm_positions_long_all_nocit", "ncomm_postions_long_all_nocit"),
            ("ncomm_positions_short_all_nocit", "ncomm_postions_short_all_nocit"),
            ("ncomm_postions_spread_all_nocit", "ncomm_positions_spread_all_nocit"),
        ),
        CategoryColumns("commercial", ("comm_positions_long_all_nocit",), ("comm_positions_short_all_nocit",)),
        CategoryColumns("index_trader", ("cit_positions_long_all",), ("cit_positions_short_all",)),
        CategoryColumns("nonreportable", ("nonrept_positions_long_all",), ("nonrept_positions_short_all",)),
    ),
    "financial": (
        CategoryColumns(
            "dealer",
            ("dealer_positions_long_all",),
            ("dealer_positions_short_all",),
            ("dealer_positions_spread_all",),
        ),
        CategoryColumns(
            "asset_manager",
            ("asset_mgr_positions_long_all", "asset_mgr_positions_long"),
            ("asset_mgr_positions_short_all", "asset_mgr_positions_short"),
            ("asset_mgr_positions_spread_all", "asset_mgr_positions_spread"),
        ),
        CategoryColumns(
            "leveraged",
            ("lev_money_positions_long_all", "lev_money_positions_long"),
            ("lev_money_positions_short_all", "lev_money_positions_short"),
            ("lev_money_positions_spread_all", "lev_money_positions_spread"),
        ),
        CategoryColumns(
            "other_reportable",
            ("other_rept_positions_long_all", "other_rept_positions_long"),
            ("other_rept_positions_short_all", "other_rept_positions_short"),
            ("other_rept_positions_spread_all", "other_rept_positions_spread"),
        ),
        CategoryColumns("nonreportable", ("nonrept_positions_long_all",), ("nonrept_positions_short_all",)),
    ),
}

# Spellings of a column that no other type has.
SIGNATURES: Final[dict[ReportType, tuple[str, ...]]] = {
    "legacy": ("noncommercial_positions_long_all", "noncomm_positions_long_all"),
    "disaggregated": ("m_money_positions_long_all",),
    "supplemental": ("cit_positions_long_all",),
    "financial": ("lev_money_positions_long_all", "lev_money_positions_long"),
}

_LEADING: Final = {1: "as_of_date_in_form_yymmdd", 2: DATE_COLUMNS[0], 3: CODE_COLUMNS[0], 7: OPEN_INTEREST_COLUMNS[0]}
# Number of columns of a file without header, and the place of each category's long, short and spreading column.
_HEADERLESS: Final[dict[ReportType, tuple[int, tuple[tuple[int, ...], ...]]]] = {
    "legacy": (129, ((8, 9, 10), (11, 12), (15, 16))),
    "disaggregated": (191, ((8, 9), (10, 11, 12), (13, 14, 15), (16, 17, 18), (21, 22))),
    "supplemental": (54, ((8, 9, 10), (11, 12), (17, 18), (15, 16))),
    "financial": (87, ((8, 9, 10), (11, 12, 13), (14, 15, 16), (17, 18, 19), (22, 23))),
}
_HAS_COMBINED_COLUMN: Final = frozenset({"disaggregated", "financial"})
_CODE: Final = re.compile(r"[0-9A-Z+]{6}")
_NUMBER: Final = re.compile(r"[0-9]+|\.")


def plain_name(name: object) -> str:
    """A column name in lower case with single underscores."""
    return _SIGNS.sub("_", str(name).lower()).strip("_")


def market_code(value: object) -> str:
    """A CFTC contract market code: numbers get their leading zeros back (54642.0 -> "054642"), padding goes."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text.zfill(6) if text.isdigit() else text


def headerless_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Plain column names for a file without header, told by its first row; empty where that row is no such file's.

    Columns of no concern are named "". The row must have a known number of columns, a market name, the same day as
    YYMMDD and as ISO date, a contract market code and a count as open interest.
    """
    for kind, (width, places) in _HEADERLESS.items():
        if len(cells) != width:
            continue
        name, short_day, day, code, _, _, _, interest = (cell.strip() for cell in cells[:8])
        if not any(sign.isalpha() for sign in name) or not _CODE.fullmatch(code) or not _NUMBER.fullmatch(interest):
            return ()
        if len(day) != 10 or day[2:].replace("-", "") != short_day or not short_day.isdecimal():
            return ()
        names = [""] * width
        for place, column in _LEADING.items():
            names[place] = column
        for columns, (long, short, *spreading) in zip(REPORT_COLUMNS[kind], places, strict=True):
            names[long], names[short] = columns.long[0], columns.short[0]
            for place in spreading:
                names[place] = columns.spreading[0]
        if kind in _HAS_COMBINED_COLUMN:
            names[-1] = COMBINED_COLUMNS[0]
            if cells[-1].strip() not in ("FutOnly", "Combined"):
                return ()
        return tuple(names)
    return ()


def report_day(value: object) -> date:
    """The report day in any spelling: ISO with or without time, MM/DD/YYYY, a date of a workbook or an Excel day
    number; ValueError."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool):
        raise ValueError("no date")
    if isinstance(value, (int, float)):
        return _EXCEL_EPOCH + timedelta(days=int(value))
    text = str(value).strip()
    us_form = _US_DATE.match(text)
    if us_form is not None:
        month, day, year = (int(part) for part in us_form.groups())
        return date(year, month, day)
    return date.fromisoformat(text[:10])
