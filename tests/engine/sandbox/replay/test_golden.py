"""Two pinned scenarios: a change of behaviour shows as a changed hash, and the figures beside it say what moved."""

from __future__ import annotations

from types import ModuleType

import pytest

from engine.sandbox.replay import replay

GOLDEN = [
    # seed, bars per contract, hash, orders, fills, final lots, final equity
    (11, 10**9, "e6c3b26a377b9c824a8bcdf391fe360a4949c016fc3f4c70e0e09f1491e1d6ec", 116, 140, -3, 938624.21),
    (12, 150, "dc778ecad128f9464ffb40870755a2f0b273030c6e8b23f46ac8a7742df6d7b4", 116, 154, 10, 981859.60),
]


@pytest.mark.parametrize(("seed", "bars_per_contract", "digest", "orders", "fills", "lots", "equity"), GOLDEN)
def test_decisions_are_those_recorded(
    scenarios: ModuleType,
    seed: int,
    bars_per_contract: int,
    digest: str,
    orders: int,
    fills: int,
    lots: int,
    equity: float,
) -> None:
    bars = scenarios.make_bars(400, seed, bars_per_contract=bars_per_contract)
    result = replay(bars, scenarios.make_predictions(bars, seed, every=3), scenarios.config())
    assert (result.orders, len(result.fills), int(result.position_lots[-1])) == (orders, fills, lots)
    assert result.equity_usd[-1] == pytest.approx(equity, abs=0.01)
    assert result.decision_hash == digest
