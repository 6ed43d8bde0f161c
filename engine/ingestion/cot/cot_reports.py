"""Commitments of Traders: legacy, disaggregated, supplemental (index trader) and financial reports, in every form the
CFTC gives them: yearly text, .xls and .xlsx, weekly text without header, Socrata CSV and JSON.

Only rows of the market's own CFTC codes become records; the rest are counted as "other market". `event_ts` = midnight
of the report day in the exchange's zone, `known_ts` from `cot_release.py`. The types count differently (the
supplemental one holds futures and options and nets index traders out of commercials), so each is a source of its own
and none continues another.

Whether options are counted is read, in this order, from the row ("FutOnly", "Combined"), from a Socrata row id
(its last letter, F or C), and from the publisher's file name; the supplemental report always counts them. A table with
a header and none of these is taken as futures only, and a note says so; a file without header and without the
publisher's name is refused, because it says nothing about itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Final

from engine.core.records import CotPosition, CotReport
from engine.ingestion.calendars.session_calendar import midnight_ts
from engine.ingestion.cot.cot_columns import (
    CODE_COLUMNS,
    COMBINED_COLUMNS,
    DATE_COLUMNS,
    ID_COLUMNS,
    OPEN_INTEREST_COLUMNS,
    REPORT_COLUMNS,
    SIGNATURES,
    ReportType,
    plain_name,
    report_day,
)
from engine.ingestion.cot.cot_release import release_ts
from engine.ingestion.cot.cot_tables import CotRow, CotTable, first_names, open_table
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.parsing.json_reply import leading_keys
from engine.ingestion.parsing.numbers import number_or_nan
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

# Names of the CFTC's files and of its Socrata sets, with and without options.
_COMBINED_NAMES: Final = re.compile(
    r"annualof|deahistfo|deacom|_lof|dea_com_|com_disagg|(?<![a-z])c_disagg|com_fin_|fincomwk|"
    r"jun7-fc8e|kh3c-gbw2|yw9f-hn96",
    re.IGNORECASE,
)
_FUTURES_NAMES: Final = re.compile(
    r"annual\.|deacot|deafut|dea_fut_|fut\d\d_\d\d|fut_disagg|(?<![a-z])f_disagg|fut_fin_|finfutwk|"
    r"6dca-aqww|72hh-3qpy|gpe5-46if",
    re.IGNORECASE,
)
_SOCRATA_ID: Final = re.compile(r"\d{6}[0-9A-Z+]{5,6}([FC])")
FUTURES_BY_NAME: Final = "futures only by the file's name"
COMBINED_BY_NAME: Final = "futures and options by the file's name"
FUTURES_UNSAID: Final = "no word on options, taken as futures only"


REPLACED_CONTRACT: Final = "contract that another code of the market replaces"


@dataclass(slots=True)
class _Findings:
    """What one market gets out of one file."""

    problems: ProblemList = field(default_factory=ProblemList)
    reports: dict[tuple[date, bool], CotReport] = field(default_factory=dict)
    ranks: dict[tuple[date, bool], int] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    own_rows: int = 0


class CotPipeline(SourcePipeline):
    """Base of the report types; a type is told by its columns."""

    report_type: ClassVar[ReportType]

    def recognises(self, file: InputFile) -> bool:
        """The columns of this report type: in the header, in the first sheet of a workbook, in the fields of a JSON
        reply, or by number and shape in a file without header."""
        names = set(first_names(file))
        if not names & set(CODE_COLUMNS) or not names & set(SIGNATURES[self.report_type]):
            return False
        return bool(leading_keys(file)) or all(names & set(one.long) for one in REPORT_COLUMNS[self.report_type])

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """Every market that has a CFTC code; `parse_markets` leaves out those that the file does not hold."""
        return tuple(market for market in directory.markets if market.cot_market_codes)

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Reports of the market, oldest first; InputError where the file holds none of its codes."""
        ((_, parsed),) = self.parse_markets(file, (market,))
        return parsed

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory | None = None
    ) -> list[tuple[MarketConfig, ParsedInput]]:
        """Reports of several markets in one pass, those of `markets` that the file holds, in their order.

        Rows of none of them count as "other market" in each result. InputError where the file holds none at all.
        """
        found, others = self._read(file, markets)
        held = [(market, findings) for market, findings in found if findings.own_rows]
        if not held:
            if not others and len(found[0][1].problems):
                return [(found[0][0], _finished(found[0][1], others))]
            codes = " or ".join(code for market in markets for code in market.cot_market_codes)
            names = ", ".join(market.market for market in markets)
            raise InputError(
                f"{file.name}: no usable rows; CFTC code {codes} of market {names} is in none of its {others} rows"
            )
        return [(market, _finished(findings, others)) for market, findings in held]

    def _read(
        self, file: InputFile, markets: Sequence[MarketConfig]
    ) -> tuple[list[tuple[MarketConfig, _Findings]], int]:
        """What each market gets, and the number of rows of no market."""
        found = [(market, _Findings()) for market in markets]
        owners: dict[str, list[tuple[MarketConfig, _Findings]]] = {}
        for one in found:
            for code in one[0].cot_market_codes:
                owners.setdefault(code, []).append(one)
        table = open_table(file)
        at = self._positions(table)
        by_name = _combined_by_name(file)
        if not table.has_header and by_name is None and "combined" not in at and self.report_type != "supplemental":
            raise InputError(
                f"{file.name}: a file without header does not say whether options are counted; keep the CFTC's own "
                "name (deafut.txt or deacom.txt) in the file's name"
            )
        others = 0
        for row in table.rows(owners, max(at.values()) + 1):
            if row.kind == "other":
                others += 1
            elif row.kind == "wanted":
                for market, findings in owners[row.code]:
                    findings.own_rows += 1
                    self._add(row, at, market, by_name, findings)
            else:
                reason = "row is cut short" if row.kind == "short" else "row cannot be read"
                for _, findings in found:
                    findings.problems.add(row.number, "row", reason, row.cells[0])
        return found, others

    def _positions(self, table: CotTable) -> dict[str, int]:
        """Place of each value in a row; a JSON reply may lack fields, see `CotTable.is_sparse`."""
        place = {name: index for index, name in reversed(list(enumerate(table.names)))}

        def find(alternatives: Sequence[str]) -> int | None:
            return next((place[one] for one in alternatives if one in place), None)

        wanted: dict[str, Sequence[str]] = {
            "code": CODE_COLUMNS,
            "date": DATE_COLUMNS,
            "open_interest": OPEN_INTEREST_COLUMNS,
        }
        needed = len(wanted)
        for columns in REPORT_COLUMNS[self.report_type]:
            wanted[f"{columns.category}.long"] = columns.long
            wanted[f"{columns.category}.short"] = columns.short
            if columns.spreading:
                wanted[f"{columns.category}.spreading"] = columns.spreading
        at = {}
        for index, (key, alternatives) in enumerate(wanted.items()):
            position = find(alternatives)
            if position is not None:
                at[key] = position
            elif index < needed or not table.is_sparse:
                raise InputError(
                    f"{table.file.name}: column {alternatives[0]} is missing; is this another CFTC report?"
                )
        for key, alternatives in (("combined", COMBINED_COLUMNS), ("id", ID_COLUMNS)):
            position = find(alternatives)
            if position is not None:
                at[key] = position
        return at

    def _add(
        self, row: CotRow, at: Mapping[str, int], market: MarketConfig, by_name: bool | None, findings: _Findings
    ) -> None:
        report = self._report(row, at, market, by_name, findings)
        if report is None:
            return
        day, record = report
        key = (day, record.combined)
        rank = market.cot_market_codes.index(row.code)
        if (
            findings.ranks.setdefault(key, rank) != rank
        ):  # a market whose contract was replaced has two codes for a while
            findings.problems.ignore(REPLACED_CONTRACT)
            if rank > findings.ranks[key]:
                return
            findings.ranks[key] = rank
            findings.reports[key] = record
        held = findings.reports.setdefault(key, record)
        if repr(held) != repr(record):  # repr, since missing numbers are equal in it
            findings.problems.add(
                row.number, "report_date", "second, different row for the same report day", list(row.cells)
            )

    def _report(
        self, row: CotRow, at: Mapping[str, int], market: MarketConfig, by_name: bool | None, findings: _Findings
    ) -> tuple[date, CotReport] | None:
        problems, cells = findings.problems, row.cells
        try:
            day = report_day(cells[at["date"]])
            known_ts = release_ts(day, self.report_type)
        except (ValueError, OverflowError, InputError):
            problems.add(row.number, "report_date", "not a report day", list(cells))
            return None
        values: dict[str, float] = {}
        for key, position in at.items():
            if key in ("code", "date", "combined", "id"):
                continue
            try:
                values[key] = _count(cells[position])
            except ValueError:
                problems.add(row.number, key, "not a number", list(cells))
                return None
            if values[key] < 0:
                problems.add(row.number, key, "negative position", list(cells))
                return None
        if math.isnan(values["open_interest"]):
            problems.add(row.number, "open_interest", "open interest missing", list(cells))
            return None
        combined = self._combined(cells, at, by_name, findings)
        if combined is None:
            problems.add(row.number, "futonly_or_combined", "neither futures only nor combined", list(cells))
            return None
        positions = tuple(
            CotPosition(
                columns.category,
                values.get(f"{columns.category}.long", math.nan),
                values.get(f"{columns.category}.short", math.nan),
                values.get(f"{columns.category}.spreading", math.nan),
            )
            for columns in REPORT_COLUMNS[self.report_type]
        )
        return day, CotReport(
            market.market,
            self.report_type,
            combined,
            midnight_ts(day, market.session),
            known_ts,
            values["open_interest"],
            positions,
        )

    def _combined(
        self, cells: Sequence[object], at: Mapping[str, int], by_name: bool | None, findings: _Findings
    ) -> bool | None:
        """Whether options are counted, None where the row says something that is neither."""
        if self.report_type == "supplemental":
            return True
        if "combined" in at and str(cells[at["combined"]]).strip():
            said = plain_name(cells[at["combined"]])
            return True if said.startswith("comb") else False if said.startswith("fut") else None
        socrata_id = _SOCRATA_ID.fullmatch(str(cells[at["id"]]).strip()) if "id" in at else None
        if socrata_id is not None:
            return socrata_id[1] == "C"
        if by_name is None:
            findings.notes[FUTURES_UNSAID] += 1
            return False
        findings.notes[COMBINED_BY_NAME if by_name else FUTURES_BY_NAME] += 1
        return by_name


def _count(cell: object) -> float:
    """A count of contracts as any of the forms writes it; NaN for nothing, ValueError for anything else."""
    if cell is None:
        return math.nan
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        raise ValueError("not a count")
    return number_or_nan(str(cell))


def _combined_by_name(file: InputFile) -> bool | None:
    for name in (file.member, file.name):
        if _COMBINED_NAMES.search(name):
            return True
        if _FUTURES_NAMES.search(name):
            return False
    return None


def _finished(findings: _Findings, others: int) -> ParsedInput:
    if others:
        findings.problems.ignore(OTHER_MARKET, others)
    rows: list[NormalisedRow] = [findings.reports[key] for key in sorted(findings.reports)]
    return findings.problems.finish(rows, findings.notes)


class CotLegacyPipeline(CotPipeline):
    """Legacy report: noncommercial, commercial, nonreportable."""

    name = "cot_legacy"
    title = "Commitments of Traders, legacy"
    report_type = "legacy"


class CotDisaggregatedPipeline(CotPipeline):
    """Disaggregated report: producers, swap dealers, managed money, other reportables, nonreportable."""

    name = "cot_disaggregated"
    title = "Commitments of Traders, disaggregated"
    report_type = "disaggregated"


class CotSupplementalPipeline(CotPipeline):
    """Supplemental report: index traders apart; futures and options combined."""

    name = "cot_supplemental"
    title = "Commitments of Traders, supplemental (index traders)"
    report_type = "supplemental"


class CotFinancialPipeline(CotPipeline):
    """Traders in financial futures: dealers, asset managers, leveraged funds, other reportables, nonreportable."""

    name = "cot_financial"
    title = "Commitments of Traders, financial futures"
    report_type = "financial"
