"""The right answers: which causes and which repairs count for each family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.sandbox.healbench.heal_world import HealWorld

RIGHT_CAUSE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "concept": "concept_drift",
        "decay": "decay",
        "feature": "feature_drift",
        "volatility": "regime_volatility",
        "liquidity": "regime_liquidity",
        "stale": "data_feed",
        "garbage": "data_feed",
        "overfit": "overfit",
    }
)
ALLOWED_REPAIRS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "concept": frozenset({"retrain", "hyperparameter"}),
        "decay": frozenset({"retrain", "window_adjust", "ensemble_change"}),
        "feature": frozenset({"restandardise_feature", "quarantine_feature"}),
        "volatility": frozenset({"resize_volatility"}),
        "liquidity": frozenset({"trade_slower"}),
        "stale": frozenset({"quarantine_feature"}),
        "garbage": frozenset({"quarantine_feature", "reject_value", "hold"}),
        "overfit": frozenset({"hyperparameter", "feature_remove", "retrain"}),
    }
)
SAFE_ACTS: Final = frozenset({"stand_aside", "reduce_size", "resume", "restore_input", "return_to_champion"})
"""Acts that only lower risk or undo: never wrong, and no repair either."""


def right_causes(world: HealWorld) -> frozenset[str]:
    """Causes that count as right; for a compound world that of either fault, for a control none."""
    return frozenset(RIGHT_CAUSE[fault] for fault in world.faults)


def allowed_repairs(world: HealWorld) -> frozenset[str]:
    """Repairs that fit one of the world's faults."""
    return frozenset().union(*(ALLOWED_REPAIRS[fault] for fault in world.faults))
