"""One poll of one live source: ask from where it stood, store reply by reply, and say how it went.

A reply and the cursor after it are stored in one transaction, so that a crash at any point loses and doubles nothing. A
reply that cannot be used stores nothing and leaves the cursor where it stood. How polls went stands in `feed_cursors`,
enters the health of the feeds (`data_quality.py`) and, when it turns bad, is an event `ingest.poll_failed`.

When to poll which source is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from engine.ingestion.feed_records import expect_feed
from engine.ingestion.ingest import IngestReport, ingest_input
from engine.ingestion.input_file import unpack
from engine.ingestion.live.fetch_errors import FetchFailed
from engine.ingestion.live.live_client import Cursor, FetchedReply, LiveClient
from engine.ingestion.live.live_sources import live_client_type
from engine.ingestion.market_directory import MarketDirectory
from engine.ingestion.quality.data_quality import update_feed_health
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
    poll = SourcePoll(stores, config, client, clock=clock, directory=directory)
    cursor = poll.begin()
    if isinstance(cursor, PollReport):
        return cursor
    failure: InputError | None = None
    replies = client.fetch(cursor, clock.now_ts())
    try:
        reply = next(replies, None)
        while reply is not None:
            failed = poll.take(reply)
            if poll.is_at_limit or stop():
                poll.leave()
                break
            reply = following_reply(replies, failed)
    except InputError as error:
        failure = error
    finally:
        close_replies(replies)
    return poll.finish(failure)


class SourcePoll:
    """One poll, step by step, for whoever fetches elsewhere: `begin`, `take` each reply, `finish`.

    Once a source was polled, what it lists for the first time counts as known from this fetch on, whatever time it
    prints: an earlier poll did not have it. The first poll fills the past and believes the printed times.
    """

    def __init__(
        self,
        stores: Stores,
        config: HydraConfig,
        client: LiveClient,
        *,
        clock: Clock,
        directory: MarketDirectory | None = None,
    ) -> None:
        self._stores = stores
        self._config = config
        self._client = client
        self._clock = clock
        self._directory = directory
        self._polled_before = False
        self._tally = _Tally(client.source, config.market.market)
        self._failure: InputError | None = None
        self._taken = 0

    def begin(self) -> Cursor | PollReport:
        """Where the source goes on, or the report of a source that asked for a pause. RefusedError for a simulated
        market."""
        client, market = self._client, self._config.market.market
        if self._config.market.simulated:
            raise RefusedError(f"market {market} is simulated: its venue is its only source")
        before = self._stores.feed_cursors.get(client.source, market)
        if before.next_attempt_ts is not None and self._clock.now_ts() < before.next_attempt_ts:
            moment = to_iso(before.next_attempt_ts)
            reason = f"the source asked not to be polled before {moment}; last: {before.reason}"
            return PollReport(client.source, market, "waiting", reason, next_attempt_ts=before.next_attempt_ts)
        self._polled_before = before.last_success_ts is not None
        feeds = client.feeds_of(self._config)
        return before.cursor or client.first_cursor(_last_known(self._stores, market, feeds))

    @property
    def is_at_limit(self) -> bool:
        """Whether the poll took as many replies with content as one poll may."""
        return self._taken >= self._config.live.http.max_replies_per_poll

    @property
    def batch_ids(self) -> tuple[str, ...]:
        """The batches that this poll stored so far."""
        return tuple(self._tally.batch_ids)

    def take(self, reply: FetchedReply) -> InputError | None:
        """Store a reply with the cursor after it; the InputError of one that cannot be used, which stores nothing."""
        self._taken += bool(reply.content)
        failed = self._store(reply)
        self._failure = self._failure or failed
        return failed

    def leave(self) -> None:
        """The poll ends here; the next one goes on."""
        self._tally.more = True

    def finish(self, failure: InputError | None) -> PollReport:
        """Record how the poll went; `failure` is what ended the fetching."""
        ended = self._failure or failure
        return _finish(self._stores, self._config, self._client, self._tally, ended, self._clock.now_ts())

    def _store(self, reply: FetchedReply) -> InputError | None:
        stores, client, market = self._stores, self._client, self._config.market.market

        def advance() -> None:
            held = stores.feed_cursors.get(client.source, market)
            stores.feed_cursors.put(replace(held, feeds=client.feeds_of(self._config), cursor=dict(reply.cursor)))
            crashpoint("live.cursor")

        crashpoint("live.fetched")
        if not reply.content:
            with stores.db.transaction("live"):
                advance()
            return None
        now_ts = self._clock.now_ts()
        try:
            report = ingest_input(
                stores,
                self._config,
                unpack(reply.name, reply.content),
                now_ts=now_ts,
                directory=self._directory,
                within=advance,
                texts_known_from_ts=now_ts if self._polled_before else None,
            )
        except InputError as error:
            return error
        self._tally.add(report)
        return None


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
    batch_ids: list[str] = field(default_factory=list)

    def add(self, report: IngestReport) -> None:
        self.replies += 1
        if report.rows_added:
            self.batch_ids.extend(report.batch_ids)
        self.added += report.rows_added
        self.duplicate += report.rows_duplicate
        self.quarantined += sum(report.quarantined.values())


def following_reply(replies: Iterator[FetchedReply], failed: InputError | None) -> FetchedReply | None:
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


def close_replies(replies: Iterator[FetchedReply]) -> None:
    """End a client's replies early."""
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
