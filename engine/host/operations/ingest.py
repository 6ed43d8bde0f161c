"""Storing files, with or without a live engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.clock import SystemClock
from engine.kernel.errors import InputError
from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from engine.ingestion.ingest import IngestReport
    from engine.ingestion.market_directory import MarketDirectory
    from engine.kernel.config_models import HydraConfig, MarketConfig
    from storage.stores import Stores

DOUBTFUL_SHARE: Final = 0.05
Progress = Callable[[int, int, str], None]


def ingest(
    stores: Stores, config: HydraConfig, paths: Sequence[Path], *, by_content: bool, progress: Progress | None = None
) -> dict[str, Any]:
    """Store every file of `paths`, then the features that follow from the lake.

    `by_content` puts every row into the market that its file names; otherwise all are of the configured market. With a
    live engine the files go through its command inbox; otherwise this call holds the lease while it writes.
    Raises InputError where a path does not exist.
    """
    from engine.host.one_shot import one_shot_lease
    from engine.host.operations.requests import engine_is_alive, request

    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder")
    if engine_is_alive(stores, config):
        arguments = {"paths": [str(path.absolute()) for path in paths], "by_content": by_content}
        return request(stores, config, "ingest", arguments, actor="cli", timeout_s=600.0)
    with one_shot_lease(stores, config):
        return ingest_now(stores, config, paths, by_content=by_content, progress=progress)


def ingest_now(
    stores: Stores, config: HydraConfig, paths: Sequence[Path], *, by_content: bool, progress: Progress | None = None
) -> dict[str, Any]:
    """As `ingest`, for a caller that holds the lease."""
    from engine.host.operations.data_compare import keep_comparison
    from engine.host.operations.features import build_and_store
    from engine.ingestion.ingest import ingest_paths
    from engine.ingestion.market_directory import MarketDirectory, shipped_markets
    from engine.ingestion.quality.data_quality import update_feed_health

    now_ts = SystemClock().now_ts()
    stores.lake.sweep_orphans()
    directory = MarketDirectory(config.market, shipped_markets(stores.paths.markets)) if by_content else None
    reports = ingest_paths(
        stores, config, [Path(path) for path in paths], now_ts=now_ts, directory=directory, progress=progress
    )
    used = [report for report in reports if report.error is None]
    built = build_and_store(stores, config)
    for market in _touched(used, config.market, directory):
        of_market = config.model_copy(update={"market": market})
        keep_comparison(stores, of_market, now_ts=now_ts)
        update_feed_health(stores, of_market, now_ts=now_ts)
    stores.state.put_view("market", config.market.market, now_ts)
    return {
        "market": config.market.market,
        "files": [_entry(report) for report in used],
        "refused": [
            {"input": report.input_name, "reason": report.error} for report in reports if report.error is not None
        ],
        "doubtful": [
            {"input": report.input_name, "reason": reason} for report in used if (reason := _doubt(report)) is not None
        ],
        "rows_added": sum(report.rows_added for report in used),
        "rows_duplicate": sum(report.rows_duplicate for report in used),
        "rows_quarantined": sum(sum(report.quarantined.values()) for report in used),
        "feature_rows_added": built["rows_added"],
    }


def _touched(
    reports: Sequence[IngestReport], home: MarketConfig, directory: MarketDirectory | None
) -> list[MarketConfig]:
    """The configured market, and every other market with settings of its own that a file brought rows of."""
    from engine.ingestion.market_directory import is_reference

    names = {name for report in reports for name in report.rows_by_market}
    others = [] if directory is None else [market for market in directory.markets if not is_reference(market)]
    return [home, *(market for market in others if market.market in names - {home.market})]


def _entry(report: IngestReport) -> dict[str, Any]:
    span = ""
    if report.first_event_ts is not None and report.last_event_ts is not None:
        span = f"{to_iso(report.first_event_ts)[:10]}..{to_iso(report.last_event_ts)[:10]}"
    return {
        "input": report.input_name,
        "source": report.source,
        "markets": dict(report.rows_by_market),
        "rows_added": report.rows_added,
        "rows_duplicate": report.rows_duplicate,
        "quarantined": dict(report.quarantined),
        "span": span,
        "ignored": dict(report.ignored),
        "flags": dict(report.flags),
        "note": _note(report),
    }


def _doubt(report: IngestReport) -> str | None:
    """Why the good rows of a file deserve a look too: so many of its rows are bad that the file itself may be."""
    from engine.ingestion.source_pipeline import OTHER_MARKET

    bad = sum(report.quarantined.values())
    of_no_concern = sum(count for reason, count in report.ignored.items() if reason != OTHER_MARKET)
    rows = report.records + of_no_concern + bad
    if bad <= DOUBTFUL_SHARE * rows:
        return None
    reasons = ", ".join(f"{count} {reason}" for reason, count in report.quarantined.items())
    return (
        f"{report.input_name}: {bad} of {rows} rows are in quarantine ({reasons}); the others are stored, "
        "look at 'hydra data quarantine' before you trust them"
    )


def _note(report: IngestReport) -> str:
    parts = [f"{count} {what}" for what, count in {**report.flags, **report.ignored}.items()]
    if report.revisions:
        parts.append(f"{report.revisions} revisions")
    return ", ".join(parts)
