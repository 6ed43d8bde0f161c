"""A child process that trades a seeded market on paper and may be killed at a crash point.

Arguments: workspace, seed, number of bars, bars per contract. Prints nothing; the parent reads the workspace.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import trading_scenarios as scenarios

from engine.execution.live_trader import LiveTrader
from engine.execution.paper_broker import PaperBroker
from engine.execution.state_keeper import StateKeeper


def main() -> None:
    """Trade every bar that is not processed yet, as a restarted engine does."""
    root, seed, count, bars_per_contract = Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:5])
    config = scenarios.config()
    bars = scenarios.make_bars(count, seed, bars_per_contract=bars_per_contract)
    predictions = scenarios.make_predictions(bars, seed)
    stores = scenarios.open_stores(root)
    start_ts = bars[0].event_ts
    epoch = stores.lease.acquire("test", 1, "test", start_ts, 0)
    StateKeeper(stores, config.market.market).begin(start_ts)
    trader = LiveTrader(stores, config, PaperBroker(stores.db, config), epoch=epoch)
    trader.start(start_ts)
    for bar, prediction in zip(bars, predictions, strict=True):
        trader.on_bar(bar, prediction, now_ts=bar.known_ts)
    stores.close()


if __name__ == "__main__":
    main()
