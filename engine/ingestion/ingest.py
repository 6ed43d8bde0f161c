"""From files to the lake: recognise, parse, align with what is held, store with its event in one transaction.

The same file twice adds nothing. A crash at any point leaves either the whole batch or none of it; running the same
command again then gives what one clean run would have given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.core.records import FuturesBar, Headline
from engine.ingestion.feed_records import RECENT_BARS, recent_bars, touch_feed
from engine.ingestion.input_file import InputFile, printable_name, read_input
from engine.ingestion.lake_alignment import Alignment, align, aligned_datasets
from engine.ingestion.lake_rows import UNDATED_TS, NormalisedRow, RollSpan
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.ingestion.record_tables import rows_by_dataset, rows_from_table, tables_from_rows
from engine.ingestion.source_pipeline import ParsedInput, RowProblem, SourcePipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.canonical import sha256_hex
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY
from storage.raw_batch import QuarantinedRow, RawBatch, StoreReport, batch_id_of

if TYPE_CHECKING:
    from storage.stores import Stores

FROM_THE_FUTURE: Final = "dated after the moment of ingestion"
_CLOCKS_APART_US: Final = MICROS_PER_DAY
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one file brought.

    `records` counts bars, chains, reports, headlines; `rows_*` count rows of the lake (a report has one per trader
    category, a chain one per quote) over all markets of `rows_by_market`; `market` is the only one, or "" where there
    are several; `rows_by_dataset` counts what the file holds, held before or not. `error` is the one sentence of a
    file that could not be used; nothing of such a file is stored. Times are UTC microseconds, None where nothing was
    stored.
    """

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
    rows_by_market: Mapping[str, int] = field(default_factory=dict)
    rows_by_dataset: Mapping[str, int] = field(default_factory=dict)
    first_event_ts: int | None = None
    last_event_ts: int | None = None
    batch_ids: tuple[str, ...] = ()
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
    stores: Stores,
    config: HydraConfig,
    paths: Iterable[Path],
    *,
    now_ts: int,
    directory: MarketDirectory | None = None,
    progress: Progress | None = None,
) -> list[IngestReport]:
    """Ingest files and folders in order; one report each.

    A file that cannot be used gives a report with `error` and an event `ingest.refused`; the others go on.
    `progress(done, total, name)` is called before each file and once at the end. Raises StoreError where the
    workspace cannot be written. `now_ts` is the moment of this ingestion: recorded time of every row. `directory` as
    for `ingest_input`.
    """
    files = files_of(paths)
    reports = []
    for done, path in enumerate(files):
        if progress is not None:
            progress(done, len(files), printable_name(path))
        try:
            reports.append(ingest_input(stores, config, read_input(path), now_ts=now_ts, directory=directory))
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


def ingest_input(
    stores: Stores,
    config: HydraConfig,
    file: InputFile,
    *,
    now_ts: int,
    directory: MarketDirectory | None = None,
    within: Callable[[], None] | None = None,
    texts_known_from_ts: int | None = None,
) -> IngestReport:
    """Ingest content that was read already, from a file or a reply; InputError where it cannot be used.

    Without a `directory` everything is of the configured market; with one, each row goes to the market that the content
    names. Whole files or nothing: all markets of a file are stored in one transaction. `within` runs in that
    transaction just before it ends: what it writes is stored with the file or not at all. A text counts as known from
    `texts_known_from_ts` where it prints an earlier time: an earlier poll of its source did not have it.
    """
    pipeline = recognise_input(file)
    markets = markets_of(pipeline, file, config.market, directory)
    parts = [
        (market, _texts_known_from(_without_open_bars(parsed, market, now_ts), texts_known_from_ts))
        for market, parsed in (
            [(config.market, pipeline.parse(file, config.market))]
            if directory is None
            else pipeline.parse_markets(file, markets, directory)
        )
    ]
    if directory is None:
        _refuse_doubtful_market(pipeline, file, config.market)
    _refuse_unusable(file.name, [parsed for _, parsed in parts])
    with stores.db.transaction("ingest"):
        stored = [
            _store(stores, market, pipeline.source_of(file, market), file, parsed, now_ts)
            for market, parsed in parts
            if parsed.rows or parsed.problems or len(parts) == 1
        ]
        if within is not None:
            within()
    rows = [row for _, parsed in parts for row in parsed.rows]
    problems = [problem for _, parsed in parts for problem in parsed.problems]
    return IngestReport(
        input_name=file.name,
        market=parts[0][0].market if len(parts) == 1 else "",
        source=pipeline.source_of(file, parts[0][0]),
        records=len(rows),
        rows_added=sum(report.rows_added for report, _ in stored),
        rows_duplicate=sum(report.rows_duplicate for report, _ in stored),
        revisions=sum(revisions for _, revisions in stored),
        quarantined=dict(Counter(problem.reason for problem in problems)),
        ignored=_most(parsed.ignored for _, parsed in parts),
        flags=dict(
            sum((Counter(parsed.notes) for _, parsed in parts), Counter())
            + Counter(flag for row in rows for flag in getattr(row, "flags", ()))
        ),
        rows_by_market={
            market.market: report.rows_added + report.rows_duplicate
            for (market, _), (report, _) in zip(
                [part for part in parts if part[1].rows or part[1].problems or len(parts) == 1], stored, strict=True
            )
        },
        rows_by_dataset=rows_by_dataset(rows),
        first_event_ts=min((row.event_ts for row in rows if row.event_ts != UNDATED_TS), default=None),
        last_event_ts=max((row.event_ts for row in rows if row.event_ts != UNDATED_TS), default=None),
        batch_ids=tuple(report.batch_id for report, _ in stored),
    )


def store_derived(
    stores: Stores, market: MarketConfig, source: str, name: str, rows: Sequence[NormalisedRow], *, now_ts: int
) -> StoreReport:
    """Store rows that HYDRA derived itself from facts of the lake, as if a file `name` of `source` had brought them:
    the same rows again add nothing, changed figures are revisions."""
    content_hash = sha256_hex(repr(rows).encode())
    report, _ = _store(stores, market, source, InputFile(name, b"", content_hash), ParsedInput(tuple(rows)), now_ts)
    return report


def _most(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Rows of no concern by reason: a row of no market counts with each of them, so the largest count is the file's."""
    most: Counter[str] = Counter()
    for count in counts:
        most |= Counter(count)
    return dict(most)


def markets_of(
    pipeline: SourcePipeline, file: InputFile, market: MarketConfig, directory: MarketDirectory | None
) -> Sequence[MarketConfig]:
    """The markets that a file is read for: `market` alone without a directory, else those that the content or the
    name says, else the directory's home. InputError where none is named and the home is a simulated market."""
    if directory is None:
        return (market,)
    named = pipeline.markets_in(file, directory)
    if named:
        return named
    if directory.home.simulated:
        raise InputError(
            f"{file.name}: neither the content nor the file's name says which market it is about; "
            "pass the market it belongs to with --market"
        )
    return (directory.home,)


@lru_cache(maxsize=1)
def _known_markets() -> tuple[MarketConfig, ...]:
    return shipped_markets()


def _refuse_doubtful_market(pipeline: SourcePipeline, file: InputFile, market: MarketConfig) -> None:
    """Refuse to pin a file to one market whose content names none and whose name says another ("Feeder_Cattle.csv")."""
    if market.simulated:
        return
    known = MarketDirectory(market, _known_markets())
    named = known.named_by(file.name)
    if named is None or named.market == market.market or named.contract.root == market.contract.root:
        return
    if [one.market for one in pipeline.markets_in(file, known)] == [named.market]:
        raise InputError(
            f"{file.name}: the name says {named.title}, but market {market.market} was asked for and the content names "
            f"none; pass --market {named.market}, or rename the file if it is of {market.market}"
        )


def _refuse_unusable(name: str, parts: Sequence[ParsedInput]) -> None:
    problems = [problem for parsed in parts for problem in parsed.problems]
    if any(parsed.rows or parsed.ignored for parsed in parts):
        return
    if problems:
        raise InputError(
            f"{name}: no usable rows; {len(problems)} were refused, the first in row "
            f"{problems[0].row_number}, {problems[0].field}: {problems[0].reason}"
        )
    raise InputError(f"{name}: no usable rows; the file holds a header and nothing else")


def _store(
    stores: Stores, market: MarketConfig, source: str, file: InputFile, parsed: ParsedInput, now_ts: int
) -> tuple[StoreReport, int]:
    """Store one market's rows of a file; what the lake reports and how many rows revise an earlier figure."""
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
            touch_feed(
                connection, market.market, source, _as_published(parsed.rows, alignment.rows), report.rows_added, now_ts
            )
            if report.rows_added:
                stores.feeds.add_bars(recent_bars(market, alignment.rows), keep=RECENT_BARS)
    return report, alignment.revisions


def _as_published(parsed: Sequence[NormalisedRow], stored: Sequence[NormalisedRow]) -> list[NormalisedRow]:
    """Rows with the times of their publication: a revision that is known from now on makes no feed fresh."""
    return [after if before.known_ts == UNDATED_TS else before for before, after in zip(parsed, stored, strict=True)]


def _without_open_bars(parsed: ParsedInput, market: MarketConfig, now_ts: int) -> ParsedInput:
    """Keep out what is dated after the file was fetched, and bars that were still forming then: their figures are not
    final. A roll map may name days to come."""
    if market.simulated:
        return parsed
    settled: list[NormalisedRow] = []
    problems = []
    for row in parsed.rows:
        if row.event_ts > now_ts + _CLOCKS_APART_US and not isinstance(row, RollSpan):
            problems.append(RowProblem(0, "event_ts", FROM_THE_FUTURE, repr(row)))
        elif isinstance(row, FuturesBar) and now_ts < row.known_ts:
            reason = "bar was still forming when the file was ingested"
            problems.append(RowProblem(0, "known_ts", reason, repr(row)))
        else:
            settled.append(row)
    if not problems:
        return parsed
    return replace(parsed, rows=tuple(settled), problems=(*parsed.problems, *problems))


def _texts_known_from(parsed: ParsedInput, known_from_ts: int | None) -> ParsedInput:
    if known_from_ts is None:
        return parsed
    rows = tuple(
        replace(row, known_ts=max(row.known_ts, known_from_ts)) if isinstance(row, Headline) else row
        for row in parsed.rows
    )
    return replace(parsed, rows=rows)


def _align_with_lake(
    stores: Stores, market: str, source: str, rows: tuple[NormalisedRow, ...], now_ts: int
) -> Alignment:
    feed = stores.db.query("SELECT last_event_ts FROM feeds WHERE market = ? AND source = ?", (market, source))
    last_event_ts = feed[0]["last_event_ts"] if feed else None
    if not rows or last_event_ts is None or min(row.event_ts for row in rows) > last_event_ts:
        return align(rows, (), now_ts)
    held: list[NormalisedRow] = []
    before_ts = min(row.event_ts for row in rows) - 1
    for dataset in aligned_datasets(rows):
        table = stores.lake.read(market, dataset, known_after_ts=before_ts, sources=[source])
        held.extend(rows_from_table(dataset, table))
    return align(rows, held, now_ts)
