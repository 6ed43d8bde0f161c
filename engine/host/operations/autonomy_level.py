"""The level of autonomy in force: what the operator set last, else the configured one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.kernel.config_models import AutonomyLevel, HydraConfig
    from storage.stores import Stores

AUTONOMY_KEY = "autonomy"


def present_level(stores: Stores, config: HydraConfig) -> AutonomyLevel:
    """supervised, semi-auto, autonomous or lockdown."""
    row = stores.state.get(AUTONOMY_KEY)
    if row is None:
        return config.agent.autonomy
    level = row.get("level") if isinstance(row, dict) else None
    known: dict[str, AutonomyLevel] = {"supervised": "supervised", "semi-auto": "semi-auto", "autonomous": "autonomous"}
    return known.get(str(level), "lockdown")
