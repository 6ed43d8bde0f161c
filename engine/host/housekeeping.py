"""Regular chores of the engine, on the `schedule` library: feed health, the chain head outside the database,
sealing, and removing what nothing needs any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.kernel.clock import Clock
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


class Housekeeping:
    """Chores run by the machine's clock; what they write is stamped with the market's. None of them decides
    anything."""

    def __init__(
        self, stores: Stores, config: HydraConfig, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._stores = stores
        self._config = config
        self._clock = clock
        self._monotonic = monotonic
        self._superseded_since: dict[str, float] = {}
        self._scheduler = schedule.Scheduler()
        self._scheduler.every(1).minutes.do(self._assess_feeds)
        self._scheduler.every(1).minutes.do(self._show_source_runs)
        self._scheduler.every(10).minutes.do(self._write_chain_head)
        self._scheduler.every(6).hours.do(self._seal_events)
        self._scheduler.every(1).hours.do(self._retain)

    def run_due(self) -> None:
        """Run the chores that are due now."""
        self._scheduler.run_pending()

    def run_all(self) -> None:
        """Run every chore now, due or not."""
        self._scheduler.run_all()

    @property
    def next_run(self) -> str:
        """When the next chore is due, as the machine's local time; empty where nothing is planned."""
        moment = self._scheduler.next_run
        return "" if moment is None else moment.isoformat(timespec="seconds")

    def _assess_feeds(self) -> None:
        from engine.ingestion.quality.data_quality import update_feed_health

        update_feed_health(self._stores, self._config, now_ts=self._clock.now_ts())

    def _show_source_runs(self) -> None:
        from engine.host.operations.data_schedule import data_schedule

        now_ts = self._clock.now_ts()
        runs = data_schedule(self._stores, self._config, now_ts)
        self._stores.state.put_view(f"source_runs:{self._config.market.market}", runs, now_ts)

    def _write_chain_head(self) -> None:
        self._stores.events.write_head(ts=self._clock.now_ts())

    def _seal_events(self) -> None:
        kept = self._config.retention.events_unsealed
        if self._stores.events.head()[0] > kept:
            self._stores.events.seal(keep_last=kept, ts=self._clock.now_ts())

    def _retain(self) -> None:
        from storage.retention import Removed, remove_experiments, remove_segments, remove_snapshots

        policy = self._config.retention
        removed = Removed(
            segments=remove_segments(self._stores, self._segments_due()),
            snapshots=remove_snapshots(self._stores, policy.snapshots_kept),
            experiments=remove_experiments(self._stores, policy.experiments_kept),
        )
        if removed:
            payload = {
                "segments": list(removed.segments),
                "snapshots": list(removed.snapshots),
                "experiments": list(removed.experiments),
            }
            market = self._config.market.market
            self._stores.events.append("retention.applied", market, payload, ts=self._clock.now_ts(), market=market)

    def _segments_due(self) -> list[str]:
        """Merged-away segments that this engine has seen as such for long enough. Machine time, since those who may
        still read them are other processes; after a restart the sweep at the start has removed them all."""
        from storage.retention import superseded_segments

        now = self._monotonic()
        present = superseded_segments(self._stores)
        self._superseded_since = {path: self._superseded_since.get(path, now) for path in present}
        grace_s = self._config.retention.superseded_hours * 3600
        return [path for path, since in self._superseded_since.items() if now - since >= grace_s]
