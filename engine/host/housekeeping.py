"""Regular chores of the engine, on the `schedule` library: feed health, the chain head outside the database,
sealing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import schedule

if TYPE_CHECKING:
    from engine.kernel.clock import Clock
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

EVENTS_KEPT_UNSEALED: Final = 200_000


class Housekeeping:
    """Chores run by the machine's clock; what they write is stamped with the market's. None of them decides
    anything."""

    def __init__(self, stores: Stores, config: HydraConfig, clock: Clock) -> None:
        self._stores = stores
        self._config = config
        self._clock = clock
        self._scheduler = schedule.Scheduler()
        self._scheduler.every(1).minutes.do(self._assess_feeds)
        self._scheduler.every(10).minutes.do(self._write_chain_head)
        self._scheduler.every(6).hours.do(self._seal_events)

    def run_due(self) -> None:
        """Run the chores that are due now."""
        self._scheduler.run_pending()

    @property
    def next_run(self) -> str:
        """When the next chore is due, as the machine's local time; empty where nothing is planned."""
        moment = self._scheduler.next_run
        return "" if moment is None else moment.isoformat(timespec="seconds")

    def _assess_feeds(self) -> None:
        from engine.ingestion.data_quality import update_feed_health

        update_feed_health(self._stores, self._config, now_ts=self._clock.now_ts())

    def _write_chain_head(self) -> None:
        self._stores.events.write_head(ts=self._clock.now_ts())

    def _seal_events(self) -> None:
        if self._stores.events.head()[0] > EVENTS_KEPT_UNSEALED:
            self._stores.events.seal(keep_last=EVENTS_KEPT_UNSEALED, ts=self._clock.now_ts())
