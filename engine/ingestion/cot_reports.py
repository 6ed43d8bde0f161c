"""Commitments of Traders: legacy, disaggregated and supplemental (index trader) reports, as text or as .xls.

Only rows of the market's own CFTC codes become records; the rest are counted as "other market". `event_ts` = midnight
of the report day in the exchange's zone, `known_ts` from `cot_release.py`. The three types count differently (the
supplemental one holds futures and options and nets index traders out of commercials), so each is a source of its own
and none continues another.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import ClassVar, Final

from engine.core.records import CotPosition, CotReport
from engine.ingestion.cot_columns import (
    CODE_COLUMNS,
    COMBINED_COLUMNS,
    DATE_COLUMNS,
    OPEN_INTEREST_COLUMNS,
    REPORT_COLUMNS,
    ReportType,
    market_code,
    plain_name,
    report_day,
)
from engine.ingestion.cot_release import release_ts
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.numbers import number_or_nan
from engine.ingestion.session_calendar import midnight_ts
from engine.ingestion.source_pipeline import OTHER_MARKET, ParsedInput, ProblemList, SourcePipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

# The legacy text has no column that tells futures-only from combined; only the CFTC's own file names do.
_COMBINED_NAMES: Final = re.compile(r"(annualof|deahistfo|deacom|_lof)", re.IGNORECASE)


class CotPipeline(SourcePipeline):
    """Base of the three report types; a type is told by its columns."""

    report_type: ClassVar[ReportType]

    def recognises(self, file: InputFile) -> bool:
        """The columns of this report type in the header, in text or in the first sheet of a workbook."""
        if file.is_spreadsheet:
            return self._fits(next(iter(_sheet_rows(file, limit=1)), []))
        head = file.head(1)
        return bool(head) and "," in head[0] and self._fits(next(csv.reader(head)))

    def _fits(self, header: Sequence[object]) -> bool:
        names = {plain_name(cell) for cell in header}
        return bool(names & set(CODE_COLUMNS)) and all(
            names & set(columns.long) for columns in REPORT_COLUMNS[self.report_type]
        )

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Reports of the market, oldest first; InputError where the file holds none of its codes."""
        rows: Iterable[Sequence[object]] = (
            _sheet_rows(file) if file.is_spreadsheet else csv.reader(file.text().splitlines())
        )
        iterator = iter(rows)
        at = self._positions(file.name, next(iterator, []))
        problems = ProblemList()
        reports: dict[date, NormalisedRow] = {}
        others: set[str] = set()
        combined_by_name = bool(_COMBINED_NAMES.search(f"{file.name} {file.member}"))
        code_at = at["code"]
        for number, cells in enumerate(iterator, 2):
            if not any(str(cell).strip() for cell in cells):
                continue
            if len(cells) <= max(at.values()):
                problems.add(number, "row", "row is cut short", list(cells))
                continue
            code = market_code(cells[code_at])
            if code not in market.cot_market_codes:
                problems.ignore(OTHER_MARKET)
                others.add(code)
                continue
            report = self._report(number, cells, at, market, combined_by_name, problems)
            if report is None:
                continue
            day, record = report
            if day in reports and reports[day] != record:
                problems.add(number, "report_date", "second, different row for the same report day", list(cells))
            reports.setdefault(day, record)
        if not reports and not len(problems):
            raise InputError(
                f"{file.name}: no usable rows; CFTC code {' or '.join(market.cot_market_codes)} of market "
                f"{market.market} is not among the {len(others)} in it"
            )
        return problems.finish([reports[day] for day in sorted(reports)])

    def _positions(self, name: str, header: Sequence[object]) -> dict[str, int]:
        names = [plain_name(cell) for cell in header]

        def find(alternatives: Sequence[str]) -> int | None:
            return next((names.index(one) for one in alternatives if one in names), None)

        wanted: dict[str, Sequence[str]] = {
            "code": CODE_COLUMNS,
            "date": DATE_COLUMNS,
            "open_interest": OPEN_INTEREST_COLUMNS,
        }
        for columns in REPORT_COLUMNS[self.report_type]:
            wanted[f"{columns.category}.long"] = columns.long
            wanted[f"{columns.category}.short"] = columns.short
            if columns.spreading:
                wanted[f"{columns.category}.spreading"] = columns.spreading
        at = {}
        for key, alternatives in wanted.items():
            position = find(alternatives)
            if position is None:
                raise InputError(f"{name}: column {alternatives[0]} is missing; is this another CFTC report?")
            at[key] = position
        combined = find(COMBINED_COLUMNS)
        if combined is not None:
            at["combined"] = combined
        return at

    def _report(
        self,
        number: int,
        cells: Sequence[object],
        at: Mapping[str, int],
        market: MarketConfig,
        combined_by_name: bool,
        problems: ProblemList,
    ) -> tuple[date, CotReport] | None:
        try:
            day = report_day(cells[at["date"]])
            known_ts = release_ts(day)
        except (ValueError, OverflowError, InputError):
            problems.add(number, "report_date", "not a report day", list(cells))
            return None
        values: dict[str, float] = {}
        for key, position in at.items():
            if key in ("code", "date", "combined"):
                continue
            try:
                values[key] = number_or_nan(str(cells[position]))
            except ValueError:
                problems.add(number, key, "not a number", list(cells))
                return None
            if values[key] < 0:
                problems.add(number, key, "negative position", list(cells))
                return None
        if math.isnan(values["open_interest"]):
            problems.add(number, "open_interest", "open interest missing", list(cells))
            return None
        combined = combined_by_name
        if "combined" in at:
            combined = plain_name(cells[at["combined"]]).startswith("comb")
        if self.report_type == "supplemental":
            combined = True
        positions = tuple(
            CotPosition(
                columns.category,
                values[f"{columns.category}.long"],
                values[f"{columns.category}.short"],
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


def _sheet_rows(file: InputFile, limit: int | None = None) -> Iterator[list[object]]:
    """Rows of the first sheet of an .xls workbook; InputError where the workbook is damaged."""
    import xlrd

    try:
        with xlrd.open_workbook(file_contents=file.content, on_demand=True) as workbook:
            sheet = workbook.sheet_by_index(0)
            for row in range(sheet.nrows if limit is None else min(limit, sheet.nrows)):
                yield sheet.row_values(row)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, IndexError, AssertionError, ValueError) as error:
        raise InputError(f"{file.name}: the workbook is truncated or damaged; fetch the file again") from error
