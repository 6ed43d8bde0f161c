"""Two pinned scenarios: a change of behaviour shows as a changed hash, and the figures beside it say what moved."""

from __future__ import annotations

from types import ModuleType

import pytest

from engine.sandbox.replay import replay

GOLDEN = [
    # seed, bars per contract, hash, orders, fills, final lots, final equity
    (11, 10**9, "77723e542e81c68623841ef148c8cf7a1292b36d9c08e9d74e3d5f3d8fe4ff59", 107, 123, -3, 969674.49),
    (12, 150, "3beb4e438c9fa0192e874aac4a65cee4ff5308b90466a269251ce110d11da812", 111, 140, 8, 981651.35),
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
