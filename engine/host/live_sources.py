"""The live sources of a running engine: which is due, what it brought, when it is asked next.

One source is fetched at a time, on a thread (`background_fetch.py`); the engine's loop stores what came, so that a
reply, its cursor and the features that follow are written by the one writer. Clients stay open between polls: their
request budgets and access tokens live in memory. A missed run is caught up once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from engine.host.background_fetch import BackgroundFetch, Ended, Opened, Replied
from engine.ingestion.calendars.source_schedule import SourcePlan, next_run_ts
from engine.kernel.timestamps import MICROS_PER_MINUTE

if TYPE_CHECKING:
    from engine.ingestion.live.live_client import LiveClient
    from engine.ingestion.live.live_ingest import SourcePoll
    from engine.ingestion.live.live_sources import DisabledSource
    from engine.kernel.clock import Clock
    from engine.kernel.config_models import HydraConfig
    from engine.kernel.errors import InputError
    from storage.feed_cursors import FeedCursor
    from storage.stores import Stores

_log = logging.getLogger(__name__)
OpenClient = Callable[[str], "LiveClient | DisabledSource"]
Stored = Callable[[tuple[str, ...], int], None]


def plan_of(source: str, config: HydraConfig) -> SourcePlan:
    """The plan of a live source in the settings."""
    plan = getattr(config.live.schedule, source)
    return SourcePlan(plan.kind, plan.delay_minutes, plan.every_minutes, plan.jitter_seconds)


def due_ts(source: str, config: HydraConfig, cursor: FeedCursor) -> int:
    """When a source is asked next (UTC microseconds): its plan, sooner after a failed poll, never before a pause that
    the source asked for; 0 for one that was never asked."""
    if cursor.last_attempt_ts is None:
        return 0
    planned = next_run_ts(source, plan_of(source, config), config.market, cursor.last_attempt_ts)
    if cursor.failures:
        retry = cursor.last_attempt_ts + config.live.schedule.retry_minutes * MICROS_PER_MINUTE
        planned = min(planned, retry)
    return max(planned, cursor.next_attempt_ts or 0)


class LiveSources:
    """Asks what is due. `stored(batch_ids, now_ts)` is called after each reply that brought rows."""

    def __init__(
        self, stores: Stores, config: HydraConfig, clock: Clock, stored: Stored, open_client: OpenClient | None = None
    ) -> None:
        self._stores = stores
        self._config = config
        self._clock = clock
        self._stored = stored
        self._open = open_client or self._open_client
        self._sources = () if config.market.simulated else tuple(config.live.sources)
        self._fetch: BackgroundFetch | None = None
        self._poll: SourcePoll | None = None
        self._told = 0
        self._not_before: dict[str, int] = {}
        self._unfinished: set[str] = set()
        self._clients: dict[str, LiveClient] = {}

    @property
    def running(self) -> str:
        """The source that is being asked, "" for none."""
        return "" if self._fetch is None else self._fetch.source

    def step(self) -> bool:
        """Take what came, or ask the next source that is due; whether there was anything to do. Never waits."""
        if self._fetch is None:
            return self._ask_next()
        message = self._fetch.next_message()
        if message is None:
            return False
        if isinstance(message, Opened):
            self._begin(self._fetch, message.client)
        elif isinstance(message, Replied) and self._poll is not None:
            failed = self._poll.take(message.reply)
            self._tell(self._poll)
            if self._poll.is_at_limit:
                self._poll.leave()
                self._fetch.stop()
            else:
                self._fetch.verdict(failed)
        elif isinstance(message, Ended):
            self._end(message.failure)
        return True

    def close(self) -> None:
        """Fetch no more; a reply that is still under way is lost and asked for again by the next engine."""
        if self._fetch is not None:
            self._fetch.stop()
            self._clients.pop(self._fetch.source, None)  # its thread may still be using it
            self._fetch = self._poll = None
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _ask_next(self) -> bool:
        now_ts = self._clock.now_ts()
        for source in self._sources:
            cursor = self._stores.feed_cursors.get(source, self._config.market.market)
            planned = (
                cursor.next_attempt_ts or 0 if source in self._unfinished else due_ts(source, self._config, cursor)
            )
            if max(planned, self._not_before.get(source, 0)) <= now_ts:
                self._told = 0
                self._unfinished.discard(source)
                held = self._clients.get(source)
                self._fetch = BackgroundFetch(source, partial(_held, held) if held else partial(self._open, source))
                return True
        return False

    def _begin(self, fetch: BackgroundFetch, client: LiveClient | DisabledSource) -> None:
        from engine.ingestion.live.live_ingest import PollReport, SourcePoll, record_disabled
        from engine.ingestion.live.live_sources import DisabledSource

        now_ts = self._clock.now_ts()
        if isinstance(client, DisabledSource):
            record_disabled(self._stores, self._config, client.source, client.reason, now_ts=now_ts)
            self._leave(fetch, now_ts)
            return
        self._clients[client.source] = client
        poll = SourcePoll(self._stores, self._config, client, clock=self._clock)
        cursor = poll.begin()
        if isinstance(cursor, PollReport):
            self._leave(fetch, now_ts)
            return
        self._poll = poll
        fetch.go_on(cursor, now_ts)

    def _leave(self, fetch: BackgroundFetch, now_ts: int) -> None:
        """Nothing to fetch now; look again after the pause between failed polls."""
        fetch.stop()
        self._not_before[fetch.source] = now_ts + self._config.live.schedule.retry_minutes * MICROS_PER_MINUTE
        self._fetch = None

    def _tell(self, poll: SourcePoll) -> None:
        new = poll.batch_ids[self._told :]
        self._told += len(new)
        if new:
            self._stored(new, self._clock.now_ts())

    def _end(self, failure: InputError | None) -> None:
        if self._poll is not None:
            report = self._poll.finish(failure)
            _log.info("%s: %s, %d rows added", report.source, report.status, report.rows_added)
            if report.more:
                self._unfinished.add(report.source)
        elif self._fetch is not None and failure is not None:
            _log.error("%s", failure.message)
            self._not_before[self._fetch.source] = (
                self._clock.now_ts() + self._config.live.schedule.retry_minutes * MICROS_PER_MINUTE
            )
        self._fetch = self._poll = None

    def _open_client(self, source: str) -> LiveClient | DisabledSource:
        from engine.ingestion.live.http_fetch import system_time
        from engine.ingestion.live.live_sources import open_live_client

        return open_live_client(source, self._config, system_time())


def _held(client: LiveClient) -> LiveClient:
    return client
