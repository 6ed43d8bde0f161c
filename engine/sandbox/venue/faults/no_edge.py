"""No edge: the features never predicted anything, history included; the right answer is never to trade."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from engine.sandbox.venue.faults.fault_family import FaultFamily, FaultPlan
from engine.sandbox.venue.world_rules import FloatArray, WorldRules


class NoEdge(FaultFamily):
    """Information coefficient 0 from the first bar of history on."""

    name: ClassVar[str] = "no-edge"
    drawn_by_seed: ClassVar[bool] = False

    def plan(self, rng: np.random.Generator, loadings: FloatArray, live_bars: int) -> FaultPlan:
        """No moment: there never was an edge to lose."""
        return FaultPlan(self.name, None)

    def apply(self, rules: WorldRules, plan: FaultPlan, history_bars: int) -> WorldRules:
        """Returns are noise alone."""
        return replace(rules, information_coefficient=np.zeros_like(rules.information_coefficient))
