"""Small Commitments-of-Traders files in every form the CFTC gives them, written from one table of positions.

Column names and places are those of real files: the yearly texts (129, 191, 54 and 87 columns), the fields of
publicreporting.cftc.gov with their misspellings, and the weekly texts that have no header.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.core.records import CotPosition
from engine.ingestion.cot.cot_reports import (
    CotDisaggregatedPipeline,
    CotFinancialPipeline,
    CotLegacyPipeline,
    CotPipeline,
    CotSupplementalPipeline,
)
from tests.engine.ingestion.xlsx_files import xlsx_file

PIPELINES: dict[str, CotPipeline] = {
    "legacy": CotLegacyPipeline(),
    "disaggregated": CotDisaggregatedPipeline(),
    "supplemental": CotSupplementalPipeline(),
    "financial": CotFinancialPipeline(),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Width of the yearly text and its columns by place; Socrata's fields in the same order; categories by place of
    their long, short and spreading column."""

    width: int
    text: Mapping[int, str]
    socrata: Mapping[int, str]
    categories: Mapping[str, tuple[int, ...]]


_TEXT = {0: "Market_and_Exchange_Names", 1: "As_of_Date_In_Form_YYMMDD", 2: "Report_Date_as_YYYY-MM-DD",
         3: "CFTC_Contract_Market_Code", 4: "CFTC_Market_Code", 5: "CFTC_Region_Code", 6: "CFTC_Commodity_Code",
         7: "Open_Interest_All"}  # fmt: skip
_SOCRATA = {0: "market_and_exchange_names", 2: "report_date_as_yyyy_mm_dd", 3: "cftc_contract_market_code",
            7: "open_interest_all"}  # fmt: skip


def _places(start: int, names: Sequence[str]) -> dict[int, str]:
    return dict(enumerate(names, start))


LAYOUTS = {
    "legacy": Layout(
        129,
        {0: "Market and Exchange Names", 1: "As of Date in Form YYMMDD", 2: "As of Date in Form YYYY-MM-DD",
         3: "CFTC Contract Market Code", 4: "CFTC Market Code in Initials", 5: "CFTC Region Code",
         6: "CFTC Commodity Code", 7: "Open Interest (All)",
         **_places(8, ["Noncommercial Positions-Long (All)", "Noncommercial Positions-Short (All)",
                       "Noncommercial Positions-Spreading (All)", "Commercial Positions-Long (All)",
                       "Commercial Positions-Short (All)", " Total Reportable Positions-Long (All)",
                       "Total Reportable Positions-Short (All)", "Nonreportable Positions-Long (All)",
                       "Nonreportable Positions-Short (All)"])},
        {**_SOCRATA, **_places(8, ["noncomm_positions_long_all", "noncomm_positions_short_all",
                                   "noncomm_postions_spread_all", "comm_positions_long_all",
                                   "comm_positions_short_all"]),
         15: "nonrept_positions_long_all", 16: "nonrept_positions_short_all", 20: "noncomm_positions_spread"},
        {"noncommercial": (8, 9, 10), "commercial": (11, 12), "nonreportable": (15, 16)},
    ),
    "disaggregated": Layout(
        191,
        {**_TEXT, **_places(8, ["Prod_Merc_Positions_Long_All", "Prod_Merc_Positions_Short_All",
                                "Swap_Positions_Long_All", "Swap__Positions_Short_All", "Swap__Positions_Spread_All",
                                "M_Money_Positions_Long_All", "M_Money_Positions_Short_All",
                                "M_Money_Positions_Spread_All", "Other_Rept_Positions_Long_All",
                                "Other_Rept_Positions_Short_All", "Other_Rept_Positions_Spread_All",
                                "Tot_Rept_Positions_Long_All", "Tot_Rept_Positions_Short_All",
                                "NonRept_Positions_Long_All", "NonRept_Positions_Short_All"]),
         190: "FutOnly_or_Combined"},
        {**_SOCRATA, **_places(8, ["prod_merc_positions_long", "prod_merc_positions_short", "swap_positions_long_all",
                                   "swap__positions_short_all", "swap__positions_spread_all",
                                   "m_money_positions_long_all", "m_money_positions_short_all",
                                   "m_money_positions_spread", "other_rept_positions_long",
                                   "other_rept_positions_short", "other_rept_positions_spread"]),
         21: "nonrept_positions_long_all", 22: "nonrept_positions_short_all", 31: "m_money_positions_spread_1",
         190: "futonly_or_combined"},
        {"producer_merchant": (8, 9), "swap_dealer": (10, 11, 12), "managed_money": (13, 14, 15),
         "other_reportable": (16, 17, 18), "nonreportable": (21, 22)},
    ),
    "supplemental": Layout(
        54,
        {**_TEXT, 2: "As_of_Date_In_Form_MM/DD/YYYY",
         **_places(8, ["NComm_Positions_Long_All_NoCIT", "NComm_Positions_Short_All_NoCIT",
                       "NComm_Postions_Spread_All_NoCIT", "Comm_Positions_Long_All_NoCIT",
                       "Comm_Positions_Short_All_NoCIT", "Tot_Rept_Positions_Long_All",
                       "Tot_Rept_Positions_Short_All", "NonRept_Positions_Long_All", "NonRept_Positions_Short_All",
                       "CIT_Positions_Long_All", "CIT_Positions_Short_All"])},
        {**_SOCRATA, **_places(8, ["NComm_Postions_Long_All_NoCIT", "NComm_Postions_Short_All_NoCIT",
                                   "NComm_Postions_Spread_All_NoCIT", "comm_positions_long_all_nocit",
                                   "Comm_Positions_Short_All_NoCIT"]),
         15: "nonrept_positions_long_all", 16: "nonrept_positions_short_all", 17: "cit_positions_long_all",
         18: "cit_positions_short_all"},
        {"noncommercial": (8, 9, 10), "commercial": (11, 12), "index_trader": (17, 18), "nonreportable": (15, 16)},
    ),
    "financial": Layout(
        87,
        {**_TEXT, **_places(8, [f"{who}_Positions_{side}_All" for who in ("Dealer", "Asset_Mgr", "Lev_Money",
                                                                          "Other_Rept")
                                for side in ("Long", "Short", "Spread")]),
         22: "NonRept_Positions_Long_All", 23: "NonRept_Positions_Short_All", 86: "FutOnly_or_Combined"},
        {**_SOCRATA, **_places(8, [f"dealer_positions_{side}_all" for side in ("long", "short", "spread")]),
         **_places(11, [f"{who}_positions_{side}" for who in ("asset_mgr", "lev_money", "other_rept")
                        for side in ("long", "short", "spread")]),
         22: "nonrept_positions_long_all", 23: "nonrept_positions_short_all", 86: "futonly_or_combined"},
        {"dealer": (8, 9, 10), "asset_manager": (11, 12, 13), "leveraged": (14, 15, 16),
         "other_reportable": (17, 18, 19), "nonreportable": (22, 23)},
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Week:
    """One row: market code, report day, and a number from which all counts follow (place + seed); `missing` places hold
    "."."""

    code: str = "054642"
    day: date = date(2021, 6, 8)
    seed: int = 1000
    combined: bool = False
    missing: tuple[int, ...] = ()

    def cells(self, kind: str) -> list[str]:
        """All cells of the yearly text."""
        layout = LAYOUTS[kind]
        cells = [f"{self.seed + place:8d}" for place in range(layout.width)]
        cells[:8] = ["LEAN HOGS, 40K - CHICAGO MERCANTILE EXCHANGE", f"{self.day:%y%m%d}", self.day.isoformat(),
                     self.code, "CME ", "00", "054 ", f"{self.seed * 9:8d}"]  # fmt: skip
        for place in self.missing:
            cells[place] = "       ."
        if kind in ("disaggregated", "financial"):
            cells[-1] = "Combined" if self.combined else "FutOnly"
        return cells

    def positions(self, kind: str) -> tuple[CotPosition, ...]:
        """What must come out of any form of the row."""
        nan = float("nan")
        return tuple(
            CotPosition(category, *(nan if place in self.missing else float(self.seed + place) for place in places),
                        *([nan] if len(places) == 2 else []))
            for category, places in LAYOUTS[kind].categories.items()
        )  # fmt: skip


def _line(cells: Sequence[str]) -> str:
    return ",".join([f'"{cells[0]}"', *cells[1:]])


def headerless_text(kind: str, weeks: Sequence[Week]) -> bytes:
    """The weekly text of the CFTC site."""
    return "".join(_line(week.cells(kind)) + "\r\n" for week in weeks).encode()


def header(kind: str) -> list[str]:
    """Column names of the yearly text."""
    layout = LAYOUTS[kind]
    return [layout.text.get(place, f"Of_No_Concern_{place}") for place in range(layout.width)]


def yearly_text(kind: str, weeks: Sequence[Week]) -> bytes:
    """The yearly text."""
    return _line(header(kind)).encode() + b"\r\n" + headerless_text(kind, weeks)


def workbook(kind: str, weeks: Sequence[Week]) -> bytes:
    """The yearly table as .xlsx: codes without zeros, real dates, empty cells for missing numbers."""
    rows: list[list[object]] = [[*header(kind)]]
    for week in weeks:
        texts = [cell.strip() for cell in week.cells(kind)]
        cells: list[object] = [int(text) if text.isdecimal() else text for text in texts]
        cells[2] = week.day
        for place in week.missing:
            cells[place] = None
        rows.append(cells)
    return xlsx_file(rows)


def _objects(kind: str, weeks: Sequence[Week]) -> list[dict[str, str]]:
    objects = []
    for week in weeks:
        cells = [cell.strip() for cell in week.cells(kind)]
        cells[2] += "T00:00:00.000"
        row = {"id": f"{week.day:%y%m%d}{week.code}{'C' if week.combined else 'F'}"}
        row |= {name: cells[place] for place, name in LAYOUTS[kind].socrata.items() if place not in week.missing}
        objects.append(row)
    return objects


def socrata_json(kind: str, weeks: Sequence[Week]) -> bytes:
    """The reply of the Socrata API: fields without a value are left out."""
    return json.dumps(_objects(kind, weeks)).encode()


def socrata_csv(kind: str, weeks: Sequence[Week]) -> bytes:
    """The export of the Socrata site: codes without leading zeros, nothing for a missing number."""
    names = ["id", *LAYOUTS[kind].socrata.values()]
    lines = [",".join(names)]
    for row in _objects(kind, weeks):
        row["cftc_contract_market_code"] = row["cftc_contract_market_code"].lstrip("0")
        row["market_and_exchange_names"] = f'"{row["market_and_exchange_names"]}"'
        lines.append(",".join(row.get(name, "") for name in names))
    return "\n".join(lines).encode()
