"""None: nothing breaks; whoever promotes here was fooled by noise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.sandbox.venue.faults.fault_family import FaultFamily, FaultPlan
from engine.sandbox.venue.world_rules import FloatArray, WorldRules


class NoFault(FaultFamily):
    """The healthy world throughout."""

    name: ClassVar[str] = "none"
    drawn_by_seed: ClassVar[bool] = False

    def plan(self, rng: np.random.Generator, loadings: FloatArray, live_bars: int) -> FaultPlan:
        """Nothing is drawn."""
        return FaultPlan(self.name, None)

    def apply(self, rules: WorldRules, plan: FaultPlan, history_bars: int) -> WorldRules:
        """The rules as they are."""
        return rules
