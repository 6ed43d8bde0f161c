"""One poll of one live source: ask from where it stood, store reply by reply, and say how it went.

A reply and the cursor after it are stored in one transaction, so that a crash at any point loses and doubles nothing. A
reply that cannot be used stores nothing and leaves the cursor where it stood. How polls went stands in `feed_cursors`,
enters the health of the feeds (`data_quality.py`) and, when it turns bad, is an event `ingest.poll_failed`.

When to poll which source is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from engine.ingestion.data_quality import update_feed_health
from engine.ingestion.feed_records import expect_feed
from engine.ingestion.ingest import IngestReport, ingest_input
from engine.ingestion.input_file import unpack
from engine.ingestion.live.fetch_errors import FetchFailed
from engine.ingestion.live.live_client import FetchedReply, LiveClient
from engine.ingestion.live.live_sources import live_client_type
from engine.ingestion.market_directory import MarketDirectory
from engine.kernel.clock import Clock
from engine.kernel.config_models import HydraConfig
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import InputError, RefusedError
from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from storage.feed_cursors import FeedCursor
    from storage.stores import Stores

PollStatus = Literal["ok", "degraded", "failed", "waiting", "disabled"]
_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class PollReport:
    """How a poll went. "ok": everything that was new is stored, be it nothing; "degraded" and "failed": `reason` says
    why, what came before is stored; "waiting": the source asked not to be polled before `next_attempt_ts` (UTC
    microseconds), and was not; "disabled": `reason` says what is missing. `more`: the poll ended at its limit of
    replies and the next one goes on. `replies` counts those with content."""

    source: str
    market: str
    status: PollStatus
    reason: str = ""
    replies: int = 0
    rows_added: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    next_attempt_ts: int | None = None
    more: bool = False


def poll_source(
    stores: Stores,
    config: HydraConfig,
    client: LiveClient,
    *,
    clock: Clock,
    directory: MarketDirectory | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> PollReport:
    """Poll one source once, for at most `live.http.max_replies_per_poll` replies with content.

    Every fault of the source ends in the report. `directory` as for `ingest_input`: without one every reply is of the
    configured market. `stop` is asked between replies: true ends the poll early. Raises RefusedError for a simulated
    market and StoreError where the workspace cannot be written.
    """
    market = config.market.market
    if config.market.simulated:
        raise RefusedError(f"market {market} is simulated: its venue is its only source")
    before = stores.feed_cursors.get(client.source, market)
    now_ts = clock.now_ts()
    if before.next_attempt_ts is not None and now_ts < before.next_attempt_ts:
        reason = f"the source asked not to be polled before {to_iso(before.next_attempt_ts)}; last: {before.reason}"
        return PollReport(client.source, market, "waiting", reason, next_attempt_ts=before.next_attempt_ts)
    cursor = before.cursor or client.first_cursor(_last_known(stores, market, client.feeds_of(config)))
    tally = _Tally(client.source, market)
    failure: InputError | None = None
    taken = 0
    replies = client.fetch(cursor, now_ts)
    try:
        reply = next(replies, None)
        while reply is not None:
            taken += bool(reply.content)
            failed = _store(stores, config, client, reply, tally, clock, directory)
            failure = failure or failed
            if taken >= config.live.http.max_replies_per_poll or stop():
                tally.more = True
                break
            reply = _following(replies, failed)
    except InputError as error:
        failure = failure or error
    finally:
        _close(replies)
    return _finish(stores, config, client, tally, failure, clock.now_ts())


def record_disabled(stores: Stores, config: HydraConfig, source: str, reason: str, *, now_ts: int) -> PollReport:
    """Report a source that cannot be asked here. Where the settings list it among the live sources, what is missing
    shows in the health of its feeds too, until a poll succeeds or the settings no longer list it."""
    market = config.market.market
    if source in config.live.sources and not config.market.simulated:
        feeds = live_client_type(source).feeds_of(config)
        with stores.db.transaction("live_poll") as connection:
            held = stores.feed_cursors.get(source, market)
            stores.feed_cursors.put(replace(held, feeds=feeds, failures=0, reason=reason[:_LONGEST_REASON]))
            for feed in feeds:
                expect_feed(connection, market, feed, now_ts)
            update_feed_health(stores, config, now_ts=now_ts, sources=feeds)
    return PollReport(source, market, "disabled", reason)


@dataclass(slots=True)
class _Tally:
    source: str
    market: str
    replies: int = 0
    added: int = 0
    duplicate: int = 0
    quarantined: int = 0
    more: bool = False

    def add(self, report: IngestReport) -> None:
        self.replies += 1
        self.added += report.rows_added
        self.duplicate += report.rows_duplicate
        self.quarantined += sum(report.quarantined.values())


def _store(
    stores: Stores,
    config: HydraConfig,
    client: LiveClient,
    reply: FetchedReply,
    tally: _Tally,
    clock: Clock,
    directory: MarketDirectory | None,
) -> InputError | None:
    """Store a reply with the cursor after it; the InputError of one that cannot be used, which stores nothing."""

    def advance() -> None:
        held = stores.feed_cursors.get(client.source, config.market.market)
        stores.feed_cursors.put(replace(held, feeds=client.feeds_of(config), cursor=dict(reply.cursor)))
        crashpoint("live.cursor")

    crashpoint("live.fetched")
    if not reply.content:
        with stores.db.transaction("live"):
            advance()
        return None
    try:
        file = unpack(reply.name, reply.content)
        tally.add(ingest_input(stores, config, file, now_ts=clock.now_ts(), directory=directory, within=advance))
    except InputError as error:
        return error
    return None


def _following(replies: Iterator[FetchedReply], failed: InputError | None) -> FetchedReply | None:
    """The next reply; a failed one is thrown into the client, which goes on with what does not depend on it."""
    throw = getattr(replies, "throw", None)
    if failed is None:
        return next(replies, None)
    if throw is None:
        raise failed
    try:
        following: FetchedReply = throw(failed)
    except StopIteration:
        return None
    return following


def _close(replies: Iterator[FetchedReply]) -> None:
    close = getattr(replies, "close", None)
    if close is not None:
        close()


def _last_known(stores: Stores, market: str, feeds: tuple[str, ...]) -> dict[str, int]:
    rows = stores.db.query("SELECT source, last_known_ts FROM feeds WHERE market = ?", (market,))
    return {row["source"]: row["last_known_ts"] for row in rows if row["source"] in feeds and row["last_known_ts"]}


def _finish(
    stores: Stores,
    config: HydraConfig,
    client: LiveClient,
    tally: _Tally,
    failure: InputError | None,
    now_ts: int,
) -> PollReport:
    """Record how the poll went, and what that makes of the health of its feeds, in one transaction."""
    market = config.market.market
    feeds = client.feeds_of(config)
    reason = failure.message[:_LONGEST_REASON] if failure is not None else ""
    with stores.db.transaction("live_poll") as connection:
        held = stores.feed_cursors.get(client.source, market)
        after = replace(
            held,
            feeds=feeds,
            last_attempt_ts=now_ts,
            last_success_ts=held.last_success_ts if failure is not None else now_ts,
            next_attempt_ts=failure.retry_after_ts if isinstance(failure, FetchFailed) else None,
            failures=held.failures + 1 if failure is not None else 0,
            reason=reason,
        )
        stores.feed_cursors.put(after)
        for feed in feeds:
            expect_feed(connection, market, feed, now_ts)
        if failure is not None and reason != held.reason:
            _tell(stores, market, after, now_ts)
        update_feed_health(stores, config, now_ts=now_ts, sources=feeds)
    status: PollStatus = "ok"
    if failure is not None:
        status = "failed" if after.failures >= config.live.failed_after_polls else "degraded"
    return PollReport(
        source=client.source,
        market=market,
        status=status,
        reason=reason,
        replies=tally.replies,
        rows_added=tally.added,
        rows_duplicate=tally.duplicate,
        rows_quarantined=tally.quarantined,
        next_attempt_ts=after.next_attempt_ts,
        more=tally.more,
    )


def _tell(stores: Stores, market: str, poll: FeedCursor, now_ts: int) -> None:
    payload: dict[str, object] = {"source": poll.source, "reason": poll.reason, "failures": poll.failures}
    if poll.next_attempt_ts is not None:
        payload["retry_after_ts"] = poll.next_attempt_ts
    stores.events.append("ingest.poll_failed", poll.source, payload, ts=now_ts, market=market)
