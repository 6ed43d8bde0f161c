"""Being the engine for one moment: verbs that change something while no engine runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.host.command_handlers import register_handlers
from engine.host.command_processor import CommandProcessor
from engine.host.market_runner import MarketRunner
from engine.host.operations.data_status import market_now_ts
from engine.kernel.child_processes import process_is_alive
from engine.kernel.clock import ManualClock, SystemClock
from engine.kernel.timestamps import MICROS_PER_SECOND

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


@contextmanager
def one_shot_lease(stores: Stores, config: HydraConfig) -> Iterator[int]:
    """Hold the lease while the block runs; LeaseHeldError where a live engine has it."""
    clock = SystemClock()
    epoch = stores.lease.acquire(
        socket.gethostname(),
        os.getpid(),
        "one-shot",
        clock.now_ts(),
        int(config.host.lease_dead_seconds * MICROS_PER_SECOND),
        process_alive=process_is_alive,
    )
    try:
        yield epoch
    finally:
        stores.lease.release(epoch, clock.now_ts())


class OneShotEngine:
    """Settles what is in the command inbox, without touching the market."""

    def __init__(self, stores: Stores, config: HydraConfig, epoch: int) -> None:
        self._clock = ManualClock(market_now_ts(stores))
        self._commands = CommandProcessor(stores, config.market.market)
        self._runner = MarketRunner(stores, config, self._clock, epoch=epoch)
        register_handlers(self._commands, stores, config, self._runner)

    def process_commands(self) -> int:
        """Settle every pending command; returns how many."""
        return self._commands.process_pending(self._clock.now_ts(), SystemClock().now_ts())


@contextmanager
def one_shot_engine(stores: Stores, config: HydraConfig) -> Iterator[OneShotEngine]:
    """An engine that exists for one block."""
    with one_shot_lease(stores, config) as epoch:
        yield OneShotEngine(stores, config, epoch)
