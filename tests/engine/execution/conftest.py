"""A workspace with a paper trader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.core.records import FuturesBar
from engine.core.trading_types import Fill, Prediction
from engine.execution.live_trader import LiveTrader
from engine.execution.paper_broker import PaperBroker
from engine.execution.state_keeper import StateKeeper
from engine.kernel.config_models import HydraConfig
from storage.stores import Stores

MARKET = "simulated_hogs"


@dataclass
class Desk:
    """An open workspace, its broker and trader; `restart` is what a new process does."""

    stores: Stores
    config: HydraConfig
    broker: PaperBroker
    trader: LiveTrader
    keeper: StateKeeper
    epoch: int

    def trade(self, bars: list[FuturesBar], predictions: list[Prediction | None]) -> list[Any]:
        """Process bars at their known time; the results."""
        return [
            self.trader.on_bar(bar, prediction, now_ts=bar.known_ts)
            for bar, prediction in zip(bars, predictions, strict=True)
        ]

    def books_agree(self) -> bool:
        """Positions, sum of fills and the broker's positions are equal."""
        journal = {row.contract: row.lots for row in self.stores.trading.positions.list(market=MARKET)}
        filled: dict[str, int] = {}
        for fill in self.stores.trading.fills.list(market=MARKET):
            filled[fill.contract] = filled.get(fill.contract, 0) + fill.lots
        return journal == {name: lots for name, lots in filled.items() if lots} == self.broker.positions(MARKET)

    def fills(self) -> tuple[Fill, ...]:
        """The broker's fills, oldest first."""
        return self.broker.fills(MARKET)


@pytest.fixture
def open_desk(scenarios: ModuleType, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open a desk on the test's workspace; call again to restart it."""
    opened: list[Stores] = []

    def _open(config: HydraConfig | None = None) -> Desk:
        settings = config or scenarios.config()
        stores = Stores.open(tmp_path / "workspace")
        opened.append(stores)
        epoch = stores.lease.acquire("test", 1, "test", scenarios.START_TS, 0)
        keeper = StateKeeper(stores, MARKET)
        keeper.begin(scenarios.START_TS)
        broker = PaperBroker(stores.db, settings)
        trader = LiveTrader(stores, settings, broker, epoch=epoch)
        trader.start(scenarios.START_TS)
        return Desk(stores, settings, broker, trader, keeper, epoch)

    yield _open
    for stores in opened:
        stores.close()
