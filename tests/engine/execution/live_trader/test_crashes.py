"""kill -9 at every crash point: after the restart the books agree, and the run ends like one without a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine.execution.paper_broker import PaperBroker
from engine.execution.state_keeper import StateKeeper
from engine.sandbox.replay import replay
from storage.stores import Stores

MARKET = "simulated_hogs"
CHILD = Path(__file__).resolve().parent.parent / "crash_run.py"
SEED, BARS, BARS_PER_CONTRACT = 41, 100, 75
POINTS = [
    ("trader.before_commit", 62),
    ("trader.after_commit", 66),
    ("trader.before_commit", 76),
    ("paper.before_commit", 76),
    ("paper.after_commit", 76),
    ("order.persisted", 3),
    ("order.before_submit", 5),
    ("order.after_submit", 4),
    ("order.before_cancel", 2),
    ("acknowledge.commit", 6),
    ("cancel.commit", 2),
    ("events.append", 40),
]


def _run(root: Path, crashpoint: str = "") -> int:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HYDRA_")}
    if crashpoint:
        environment["HYDRA_CRASHPOINT"] = crashpoint
    command = [sys.executable, str(CHILD), str(root), str(SEED), str(BARS), str(BARS_PER_CONTRACT)]
    return subprocess.run(command, env=environment, check=False, timeout=120).returncode


def _books(root: Path, scenarios: ModuleType) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    with Stores.open(root) as stores:
        held = {row.contract: row.lots for row in stores.trading.positions.list(market=MARKET)}
        filled: dict[str, int] = {}
        for fill in stores.trading.fills.list(market=MARKET):
            filled[fill.contract] = filled.get(fill.contract, 0) + fill.lots
        broker = PaperBroker(stores.db, scenarios.config())
        assert stores.events.verify().ok
        return held, {name: lots for name, lots in filled.items() if lots}, broker.positions(MARKET)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(("point", "count"), POINTS)
def test_a_crash_loses_and_doubles_nothing(scenarios: ModuleType, tmp_path: Path, point: str, count: int) -> None:
    root = tmp_path / "workspace"
    assert _run(root, f"{point}:{count}") == -signal.SIGKILL
    with Stores.open(root) as stores:
        StateKeeper(stores, MARKET).halt(reason="between", actor="operator", ts=1)
        StateKeeper(stores, MARKET).resume(reason="between", actor="operator", ts=2)
    assert _run(root) == 0
    held, filled, at_broker = _books(root, scenarios)
    assert held == filled == at_broker
    with Stores.open(root) as stores:
        references = [row["order_ref"] for row in stores.db.query("SELECT order_ref FROM paper_orders")]
        assert len(references) == len(set(references))
        created = [event.payload["order_ref"] for event in stores.events.read(kinds=["order.created"])]
        assert len(created) == len(set(created))
        filled_ids = [event.payload["fill_id"] for event in stores.events.read(kinds=["order.filled"])]
        assert len(filled_ids) == len(set(filled_ids)) == stores.trading.fills.count(market=MARKET)
        assert len(stores.performance.equity(MARKET)) == BARS
        if point.startswith(("trader.before", "paper", "events")):
            config = scenarios.config()
            bars = scenarios.make_bars(BARS, SEED, bars_per_contract=BARS_PER_CONTRACT)
            expected = replay(bars, scenarios.make_predictions(bars, SEED), config)
            assert PaperBroker(stores.db, config).fills(MARKET) == expected.fills
