"""Polling live sources by hand, where no engine does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.kernel.clock import SystemClock
from engine.kernel.errors import ConfigError, RefusedError
from engine.kernel.timestamps import parse_iso, to_iso

if TYPE_CHECKING:
    from engine.ingestion.live.live_ingest import PollReport
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


def fetch(stores: Stores, config: HydraConfig, sources: Sequence[str], *, since: str | None = None) -> dict[str, Any]:
    """Poll these live sources now (none: those of the settings), then store the features that follow.

    `since` (ISO day, UTC) fills gaps: each source is asked again from that day on, or from its beginning where it only
    knows pages; what is stored already adds nothing.

    Raises ConfigError for an unknown source or where none is named, RefusedError for a simulated market and where an
    engine lives, which polls by itself.
    """
    from engine.host.one_shot import one_shot_lease
    from engine.host.operations.requests import engine_is_alive
    from engine.ingestion.live.live_sources import live_client_type

    names = list(dict.fromkeys(sources or config.live.sources))
    for name in names:
        live_client_type(name)
    if not names:
        raise ConfigError("no live source is switched on; name one, or list them in live.sources")
    if config.market.simulated:
        raise RefusedError(f"market {config.market.market} is simulated: its venue is its only source")
    if engine_is_alive(stores, config):
        raise RefusedError(
            "an engine runs on this workspace and polls its live sources itself; stop it to poll by hand"
        )
    since_ts = parse_iso(since) if since is not None else None
    with one_shot_lease(stores, config):
        return fetch_now(stores, config, names, since_ts=since_ts)


def fetch_now(
    stores: Stores, config: HydraConfig, names: Sequence[str], *, since_ts: int | None = None
) -> dict[str, Any]:
    """As `fetch`, for a caller that holds the lease."""
    from engine.host.operations.features import build_and_store

    stores.lake.sweep_orphans()
    reports = [_poll(stores, config, name, since_ts) for name in names]
    built = build_and_store(stores, config)
    stores.state.put_view("market", config.market.market, SystemClock().now_ts())
    return {
        "market": config.market.market,
        "sources": [_entry(report) for report in reports],
        "rows_added": sum(report.rows_added for report in reports),
        "feature_rows_added": built["rows_added"],
    }


def _poll(stores: Stores, config: HydraConfig, name: str, since_ts: int | None) -> PollReport:
    from engine.ingestion.live.http_fetch import system_time
    from engine.ingestion.live.live_ingest import poll_source, record_disabled
    from engine.ingestion.live.live_sources import DisabledSource, open_live_client

    when = system_time()
    client = open_live_client(name, config, when)
    if isinstance(client, DisabledSource):
        return record_disabled(stores, config, client.source, client.reason, now_ts=when.clock.now_ts())
    if since_ts is not None:
        held = stores.feed_cursors.get(name, config.market.market)
        begins = client.first_cursor(dict.fromkeys(client.feeds_of(config), since_ts))
        stores.feed_cursors.put(replace(held, feeds=client.feeds_of(config), cursor=dict(begins)))
    try:
        return poll_source(stores, config, client, clock=when.clock)
    finally:
        client.close()


def _entry(report: PollReport) -> dict[str, Any]:
    return {
        "source": report.source,
        "status": report.status,
        "reason": report.reason,
        "replies": report.replies,
        "rows_added": report.rows_added,
        "rows_duplicate": report.rows_duplicate,
        "rows_quarantined": report.rows_quarantined,
        "next_attempt": to_iso(report.next_attempt_ts) if report.next_attempt_ts is not None else None,
        "more": report.more,
    }
