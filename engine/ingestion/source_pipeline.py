"""The one shape of every source: recognise by content, parse and normalise into records, say what was wrong.

A pipeline is pure: bytes and settings in, records and row problems out. Fetching and storing are the same for all
sources (`engine/ingestion/ingest.py`), so that offline files and live replies share one normaliser. The kind of a file
is told by its content alone; which market it is about, where the content does not say, by its name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import UNDATED_TS, NormalisedRow
from engine.ingestion.market_directory import MarketDirectory
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import local_ts

OTHER_MARKET = "other market"
_RAW_TEXT_LIMIT = 500
_FIRST_YEAR, _END_YEAR = 1950, 2200
_FIRST_TS, _END_TS = (local_ts(year, 1, 1, 0, 0, "UTC") for year in (_FIRST_YEAR, _END_YEAR))


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One row that was kept out: 1-based row number in the unpacked file, field, reason and the raw text."""

    row_number: int
    field: str
    reason: str
    raw_text: str


@dataclass(frozen=True, slots=True)
class ParsedInput:
    """What one file holds: rows in file order, problems that were kept out, and rows of no concern by reason
    ("other market", "off topic"), which are neither added nor quarantined. `notes` says, by number of rows, what was
    taken from outside the rows (a file's name) and is shown to the operator."""

    rows: tuple[NormalisedRow, ...]
    problems: tuple[RowProblem, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)


class ProblemList:
    """Collects row problems and ignored rows while a file is parsed."""

    def __init__(self) -> None:
        self._problems: list[RowProblem] = []
        self._ignored: Counter[str] = Counter()

    def add(self, row_number: int, field_name: str, reason: str, raw: object) -> None:
        """Keep one row out, with its place and reason."""
        text = ",".join(map(str, raw)) if isinstance(raw, (list, tuple)) else str(raw)
        self._problems.append(RowProblem(row_number, field_name, reason, text[:_RAW_TEXT_LIMIT]))

    def ignore(self, reason: str, rows: int = 1) -> None:
        """Count rows that are fine but of no concern."""
        self._ignored[reason] += rows

    def __len__(self) -> int:
        return len(self._problems)

    def finish(self, rows: list[NormalisedRow], notes: Mapping[str, int] | None = None) -> ParsedInput:
        """The result of a parse. A row of no thinkable time (a damaged year) is a problem, whatever its kind."""
        kept = [row for row in rows if _is_thinkable(row)]
        if len(kept) < len(rows):
            for row in rows:
                if not _is_thinkable(row):
                    self.add(0, "time", f"not within {_FIRST_YEAR} to {_END_YEAR - 1}", repr(row))
        return ParsedInput(tuple(kept), tuple(self._problems), dict(self._ignored), dict(notes or {}))


def _is_thinkable(row: NormalisedRow) -> bool:
    if row.event_ts == UNDATED_TS and row.known_ts == UNDATED_TS:
        return True
    return _FIRST_TS <= row.event_ts < _END_TS and _FIRST_TS <= row.known_ts < _END_TS


class SourcePipeline(ABC):
    """Base of every source. `name` is the `source` in every table; `title` is for people."""

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def recognises(self, file: InputFile) -> bool:
        """Whether the content has this source's layout; looks at the first lines only and never at the name."""

    @abstractmethod
    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Validate and normalise; InputError with one sentence where the file as a whole cannot be used."""

    def markets_in(self, file: InputFile, directory: MarketDirectory) -> Sequence[MarketConfig]:
        """The markets that the content names (by symbol, ticker, CFTC code), or else the file's name; nothing where it
        names none, as a list of headlines does."""
        named = directory.named_by(file.name)
        return () if named is None else (named,)

    def parse_markets(
        self, file: InputFile, markets: Sequence[MarketConfig], directory: MarketDirectory
    ) -> Iterable[tuple[MarketConfig, ParsedInput]]:
        """What the file holds of each market. Sources with many markets in one file read it once for all."""
        return [(market, self.parse(file, market)) for market in markets]

    def source_of(self, file: InputFile, market: MarketConfig) -> str:
        """The source under which this file's rows are stored; the pipeline's name unless the content says more."""
        return self.name
