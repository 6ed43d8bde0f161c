"""Column names of the CFTC's three report types, as five spellings of the same words are brought to one.

A name is compared in lower case with every run of other signs than letters and digits as one underscore:
"Noncommercial Positions-Long (All)", " Total Reportable Positions-Long (All)" with its leading blank and
"Swap__Positions_Short_All" with its doubled underscore all become plain. What remains are the CFTC's own misspellings
("Postions", "Spead"), listed here as alternatives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

ReportType = Literal["legacy", "disaggregated", "supplemental"]

CODE_COLUMNS: Final = ("cftc_contract_market_code",)
OPEN_INTEREST_COLUMNS: Final = ("open_interest_all",)
COMBINED_COLUMNS: Final = ("futonly_or_combined",)
DATE_COLUMNS: Final = (
    "as_of_date_in_form_yyyy_mm_dd",
    "report_date_as_yyyy_mm_dd",
    "report_date_as_mm_dd_yyyy",
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
        CategoryColumns("producer_merchant", ("prod_merc_positions_long_all",), ("prod_merc_positions_short_all",)),
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
            ("m_money_positions_spread_all",),
        ),
        CategoryColumns(
            "other_reportable",
            ("other_rept_positions_long_all",),
            ("other_rept_positions_short_all",),
            ("other_rept_positions_spread_all",),
        ),
        CategoryColumns("nonreportable", ("nonrept_positions_long_all",), ("nonrept_positions_short_all",)),
    ),
    "supplemental": (
        CategoryColumns(
            "noncommercial",
            ("ncomm_positions_long_all_nocit",),
            ("ncomm_positions_short_all_nocit",),
            ("ncomm_postions_spread_all_nocit", "ncomm_positions_spread_all_nocit"),
        ),
        CategoryColumns("commercial", ("comm_positions_long_all_nocit",), ("comm_positions_short_all_nocit",)),
        CategoryColumns("index_trader", ("cit_positions_long_all",), ("cit_positions_short_all",)),
        CategoryColumns("nonreportable", ("nonrept_positions_long_all",), ("nonrept_positions_short_all",)),
    ),
}


def plain_name(name: object) -> str:
    """A column name in lower case with single underscores."""
    return _SIGNS.sub("_", str(name).lower()).strip("_")


def market_code(value: object) -> str:
    """A CFTC contract market code: numbers get their leading zeros back (54642.0 -> "054642"), padding goes."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text.zfill(6) if text.isdigit() else text


def report_day(value: object) -> date:
    """The report day in any spelling: ISO with or without time, MM/DD/YYYY, or an Excel day number; ValueError."""
    if isinstance(value, (int, float)):
        return _EXCEL_EPOCH + timedelta(days=int(value))
    text = str(value).strip()
    us_form = _US_DATE.match(text)
    if us_form is not None:
        month, day, year = (int(part) for part in us_form.groups())
        return date(year, month, day)
    return date.fromisoformat(text[:10])
