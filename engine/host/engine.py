"""The engine: one loop that beats, settles commands, takes in data, steps the market and moves the agent on.

It runs in its own thread beside the screen or in the main thread of a daemon; the code is the same. Everything it
decides is in the stores before it takes effect, so killing it at any moment loses and doubles nothing.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

from engine.host.command_handlers import register_handlers
from engine.host.command_processor import CommandProcessor
from engine.host.feeds import Feed
from engine.host.housekeeping import Housekeeping
from engine.host.live_sources import LiveSources
from engine.host.market_runner import MarketRunner
from engine.kernel.bus import EventBus
from engine.kernel.child_processes import process_is_alive
from engine.kernel.clock import ManualClock, SystemClock
from engine.kernel.errors import HydraError
from engine.kernel.events import Event
from engine.kernel.timestamps import MICROS_PER_SECOND
from engine.kernel.version import VERSION

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 0.05


class _StoppedWhileStarting(Exception):
    """Somebody asked the engine to end before it was running."""


class Engine:
    """One engine on one workspace and market.

    `paced` holds simulated time to the configured bars per second and lets it stand while an approval waits, so that a
    person can follow; unpaced, simulated time runs as fast as the machine allows.
    """

    def __init__(self, stores: Stores, config: HydraConfig, feed: Feed, *, host_kind: str, paced: bool) -> None:
        self._stores = stores
        self._config = config
        self._feed = feed
        self._host_kind = host_kind
        self._paced = paced
        self._wall = SystemClock()
        self._stop = threading.Event()
        self._stop_reason = "asked to stop"
        self._ended = False
        self._next_bar_monotonic = 0.0
        self._last_beat_monotonic = 0.0
        self._runner: MarketRunner | None = None
        self.failure: HydraError | None = None

    @property
    def stop_reason(self) -> str:
        """Why the engine was asked to end."""
        return self._stop_reason

    def stop(self, reason: str) -> None:
        """Ask the loop to end in order; returns at once."""
        self._stop_reason = reason
        self._stop.set()

    def run(self) -> None:
        """Take the lease and run until stopped. HydraErrors end the engine with their sentence in `failure`."""
        try:
            self._run()
        except _StoppedWhileStarting:
            _log.info("ended while starting: %s", self._stop_reason)
        except HydraError as error:
            self.failure = error
            _log.error("%s: %s", error.title, error.message)
        finally:
            self._feed.close()

    def _run(self) -> None:
        config, stores = self._config, self._stores
        dead_after_us = int(config.host.lease_dead_seconds * MICROS_PER_SECOND)
        before = stores.lease.current()
        epoch = stores.lease.acquire(
            socket.gethostname(),
            os.getpid(),
            self._host_kind,
            self._wall.now_ts(),
            dead_after_us,
            process_alive=process_is_alive,
        )
        runner = MarketRunner(stores, config, self._feed.clock, epoch=epoch)
        self._runner = runner
        self._housekeeping = Housekeeping(stores, config, self._feed.clock)
        self._announce()
        self._live = LiveSources(stores, config, self._feed.clock, runner.take_live)
        commands = CommandProcessor(stores, config.market.market)
        register_handlers(commands, stores, config, runner)
        try:
            self._record_start(epoch, before)
            if isinstance(self._feed.clock, ManualClock):
                self._feed.clock.advance_to(runner.last_known_ts())
            self._progress("reading what is stored", 0, 3)
            runner.start(self._progress)
            self._take_history(runner)
            self._progress("running", 3, 3)
            while not self._stop.is_set():
                worked = self._turn(runner, commands, epoch)
                if not worked:
                    self._stop.wait(_IDLE_SECONDS)
        finally:
            self._live.close()
            runner.close()
            if stores.lease.holds(epoch):
                stores.events.append(
                    "engine.stopped",
                    config.market.market,
                    {"pid": os.getpid(), "epoch": epoch, "reason": self._stop_reason},
                    ts=self._feed.clock.now_ts(),
                    market=config.market.market,
                )
                stores.events.write_head(ts=self._feed.clock.now_ts())
                stores.lease.release(epoch, self._wall.now_ts())

    def _turn(self, runner: MarketRunner, commands: CommandProcessor, epoch: int) -> bool:
        self._beat(runner, epoch)
        self._housekeeping.run_due()
        worked = commands.process_pending(self._feed.clock.now_ts(), self._wall.now_ts()) > 0
        worked = runner.poll_experiments() or worked
        worked = self._live.step() or worked
        if runner.is_waiting_for_experiment or self._ended:
            return worked
        if self._paced and runner.is_waiting_for_operator:
            return worked
        if self._paced and self._config.market.simulated:
            now = time.monotonic()
            if now < self._next_bar_monotonic:
                self._stop.wait(min(_IDLE_SECONDS, self._next_bar_monotonic - now))
                return True
            self._next_bar_monotonic = (
                max(self._next_bar_monotonic, now - 0.5) + 1.0 / self._config.simulation.bars_per_second
            )
        return self._take_next(runner) or worked

    def _take_history(self, runner: MarketRunner) -> None:
        if not runner.needs_history:
            return
        self._progress("receiving the market's history", 1, 3)
        delivery = self._feed.history()
        runner.take_history(delivery, self._progress)

    def _take_next(self, runner: MarketRunner) -> bool:
        delivery = self._feed.next(runner.next_live_bar)
        if delivery is None:
            runner.on_clock(self._feed.clock.now_ts())
            return False
        runner.take(delivery)
        if delivery.ended:
            self._ended = True
            if not self._paced:
                self.stop("the simulation ended")
        return True

    def _beat(self, runner: MarketRunner, epoch: int) -> None:
        now = time.monotonic()
        if now - self._last_beat_monotonic < self._config.host.heartbeat_seconds / 2:
            return
        self._last_beat_monotonic = now
        self._stores.lease.heartbeat(epoch, self._wall.now_ts())
        runner.write_heartbeat(self._wall.now_ts(), paced=self._paced, ended=self._ended, host_kind=self._host_kind)

    def _progress(self, stage: str, done: int, total: int) -> None:
        if self._stop.is_set():
            raise _StoppedWhileStarting
        self._stores.feeds.beat("startup", self._wall.now_ts(), {"stage": stage, "done": done, "total": total})
        lease = self._stores.lease.current()
        if lease is not None and self._runner is not None:
            self._stores.lease.heartbeat(lease.epoch, self._wall.now_ts())
            self._runner.write_heartbeat(self._wall.now_ts(), paced=self._paced, ended=False, host_kind=self._host_kind)

    def _announce(self) -> None:
        """Deliver committed events in this process: CRITICAL alerts go to the log, where notification hooks read
        them."""
        bus = EventBus(self._subscriber_failed)
        bus.subscribe("alert.raised", _log_critical)
        self._stores.events.on_committed(bus.publish)

    def _subscriber_failed(self, event: Event, handler: str, error: Exception) -> None:
        self._stores.events.append(
            "subscriber.failed",
            handler,
            {"handler": handler, "event_seq": event.seq, "error": str(error)},
            ts=event.ts,
            market=event.market,
        )

    def _record_start(self, epoch: int, before: object) -> None:
        market, ts = self._config.market.market, self._wall.now_ts()
        with self._stores.db.transaction():
            if before is not None and not before.released:  # type: ignore[attr-defined]
                self._stores.events.append(
                    "engine.lease_taken_over",
                    market,
                    {"old_pid": before.pid, "old_epoch": before.epoch, "epoch": epoch},  # type: ignore[attr-defined]
                    ts=ts,
                    market=market,
                )
            self._stores.events.append(
                "engine.started",
                market,
                {"pid": os.getpid(), "epoch": epoch, "host_kind": self._host_kind, "version": VERSION},
                ts=ts,
                market=market,
            )
            self._stores.state.put_view("market", market, ts)


def _log_critical(event: Event) -> None:
    if event.payload["level"] == "CRITICAL":
        _log.critical("%s: %s", event.payload["code"], event.payload["message"])
