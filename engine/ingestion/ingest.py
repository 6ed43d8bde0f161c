"""From files to the lake: recognise, parse, align with what is held, store with its event in one transaction.

The same file twice adds nothing. A crash at any point leaves either the whole batch or none of it; running the same
command again then gives what one clean run would have given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.records import FuturesBar
from engine.ingestion.feed_records import RECENT_BARS, recent_bars, touch_feed
from engine.ingestion.input_file import InputFile, printable_name, read_input
from engine.ingestion.lake_alignment import ALIGNED_DATASETS, Alignment, align
from engine.ingestion.record_tables import rows_from_table, tables_from_rows
from engine.ingestion.source_pipeline import NormalisedRow, ParsedInput, RowProblem
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.errors import InputError
from storage.raw_batch import QuarantinedRow, RawBatch, batch_id_of

if TYPE_CHECKING:
    from storage.stores import Stores

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one file brought. `records` counts bars, chains, reports, headlines; `rows_*` count rows of the lake (a
    report has one per trader category, a chain one per quote). `error` is the one sentence of a file that could not
    be used; nothing of such a file is stored. Times are UTC microseconds, None where nothing was stored."""

    input_name: str
    market: str
    source: str = ""
    records: int = 0
    rows_added: int = 0
    rows_duplicate: int = 0
    revisions: int = 0
    quarantined: Mapping[str, int] = field(default_factory=dict)
    ignored: Mapping[str, int] = field(default_factory=dict)
    flags: Mapping[str, int] = field(default_factory=dict)
    first_event_ts: int | None = None
    last_event_ts: int | None = None
    batch_id: str = ""
    error: str | None = None


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files behind a mix of files and folders: folders give their visible files, below too, in order of name."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files.extend(
                sorted(
                    entry
                    for entry in path.rglob("*")
                    if entry.is_file() and not any(part.startswith(".") for part in entry.relative_to(path).parts)
                )
            )
        else:
            files.append(path)
    return files


def ingest_paths(
    stores: Stores, config: HydraConfig, paths: Iterable[Path], *, now_ts: int, progress: Progress | None = None
) -> list[IngestReport]:
    """Ingest files and folders in order; one report each.

    A file that cannot be used gives a report with `error` and an event `ingest.refused`; the others go on.
    `progress(done, total, name)` is called before each file and once at the end. Raises StoreError where the
    workspace cannot be written. `now_ts` is the moment of this ingestion: recorded time of every row.
    """
    files = files_of(paths)
    reports = []
    for done, path in enumerate(files):
        if progress is not None:
            progress(done, len(files), printable_name(path))
        try:
            reports.append(ingest_file(stores, config, path, now_ts=now_ts))
        except InputError as error:
            stores.events.append(
                "ingest.refused",
                printable_name(path),
                {"input": printable_name(path), "reason": error.message},
                ts=now_ts,
                market=config.market.market,
            )
            reports.append(IngestReport(printable_name(path), config.market.market, error=error.message))
    if progress is not None:
        progress(len(files), len(files), "")
    return reports


def ingest_file(stores: Stores, config: HydraConfig, path: Path, *, now_ts: int) -> IngestReport:
    """Ingest one file; InputError with one sentence where it cannot be used."""
    return ingest_input(stores, config, read_input(path), now_ts=now_ts)


def ingest_input(stores: Stores, config: HydraConfig, file: InputFile, *, now_ts: int) -> IngestReport:
    """Ingest content that was read already, from a file or a reply; InputError where it cannot be used."""
    market = config.market
    pipeline = recognise_input(file)
    parsed = _without_open_bars(pipeline.parse(file, market), market, now_ts)
    if not parsed.rows and parsed.problems and not parsed.ignored:
        first = parsed.problems[0]
        raise InputError(
            f"{file.name}: no usable rows; {len(parsed.problems)} were refused, the first in row "
            f"{first.row_number}, {first.field}: {first.reason}"
        )
    if not parsed.rows and not parsed.ignored:
        raise InputError(f"{file.name}: no usable rows; the file holds a header and nothing else")
    source = pipeline.source_of(file, market)
    batch_id = batch_id_of(source, market.market, file.name, file.content_hash)
    with stores.db.transaction("ingest") as connection:
        known_batch = bool(stores.db.query("SELECT 1 FROM batches WHERE batch_id = ?", (batch_id,)))
        alignment = Alignment(parsed.rows, 0)
        if not known_batch:
            alignment = _align_with_lake(stores, market.market, source, parsed.rows, now_ts)
        report = stores.lake.store(
            RawBatch(
                batch_id=batch_id,
                source=source,
                market=market.market,
                input_name=file.name,
                input_hash=file.content_hash,
                tables=tables_from_rows(alignment.rows),
                quarantined=tuple(
                    QuarantinedRow(problem.row_number, problem.field, problem.reason, problem.raw_text)
                    for problem in parsed.problems
                ),
            ),
            recorded_ts=now_ts,
        )
        if not known_batch and alignment.rows:
            touch_feed(connection, market.market, source, alignment.rows, report.rows_added, now_ts)
            if report.rows_added:
                stores.feeds.add_bars(recent_bars(market, alignment.rows), keep=RECENT_BARS)
    return IngestReport(
        input_name=file.name,
        market=market.market,
        source=source,
        records=len(parsed.rows),
        rows_added=report.rows_added,
        rows_duplicate=report.rows_duplicate,
        revisions=alignment.revisions,
        quarantined=dict(Counter(problem.reason for problem in parsed.problems)),
        ignored=dict(parsed.ignored),
        flags=dict(Counter(flag for row in parsed.rows if isinstance(row, FuturesBar) for flag in row.flags)),
        first_event_ts=min((row.event_ts for row in parsed.rows), default=None),
        last_event_ts=max((row.event_ts for row in parsed.rows), default=None),
        batch_id=batch_id,
    )


def _without_open_bars(parsed: ParsedInput, market: MarketConfig, now_ts: int) -> ParsedInput:
    """Keep out bars that were still forming when the file was fetched: their figures are not final."""
    if market.simulated:
        return parsed
    forming = [row for row in parsed.rows if isinstance(row, FuturesBar) and row.event_ts <= now_ts < row.known_ts]
    if not forming:
        return parsed
    problems = tuple(
        RowProblem(0, "known_ts", "bar was still forming when the file was ingested", repr(row)) for row in forming
    )
    return ParsedInput(
        tuple(row for row in parsed.rows if row not in forming), (*parsed.problems, *problems), parsed.ignored
    )


def _align_with_lake(
    stores: Stores, market: str, source: str, rows: tuple[NormalisedRow, ...], now_ts: int
) -> Alignment:
    feed = stores.db.query("SELECT last_event_ts FROM feeds WHERE market = ? AND source = ?", (market, source))
    if not rows or not feed or min(row.event_ts for row in rows) > feed[0]["last_event_ts"]:
        return Alignment(rows, 0)
    held: list[NormalisedRow] = []
    before_ts = min(row.event_ts for row in rows) - 1
    for dataset in ALIGNED_DATASETS:
        table = stores.lake.read(market, dataset, known_after_ts=before_ts, sources=[source])
        held.extend(rows_from_table(dataset, table))
    return align(rows, held, now_ts)
