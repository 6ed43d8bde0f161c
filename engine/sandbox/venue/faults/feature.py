"""Feature: one displayed input is shifted and stretched (a vendor changed units); the market itself is unchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from engine.sandbox.venue.faults.fault_family import FaultFamily, FaultPlan, draw_live_bar, first_faulty_bar
from engine.sandbox.venue.market_facts import FEATURES, FEATURES_IN_UNITS
from engine.sandbox.venue.world_rules import FloatArray, WorldRules


class FeatureFault(FaultFamily):
    """The displayed factor becomes `offset + scale * x`, for one of the inputs that carry a unit."""

    name: ClassVar[str] = "feature"

    def plan(self, rng: np.random.Generator, loadings: FloatArray, live_bars: int) -> FaultPlan:
        """Severity: |offset| in 2.2-3.5 (in sd of the factor, either sign), scale in 2-3."""
        live_bar = draw_live_bar(rng, live_bars)
        target = FEATURES_IN_UNITS[int(rng.integers(len(FEATURES_IN_UNITS)))]
        offset = float(rng.uniform(2.2, 3.5) * rng.choice([-1.0, 1.0]))
        scale = float(rng.uniform(2.0, 3.0))
        return FaultPlan(self.name, live_bar, (target,), None, {"offset": offset, "scale": scale})

    def apply(self, rules: WorldRules, plan: FaultPlan, history_bars: int) -> WorldRules:
        """Only what is shown changes; returns go on following the true factor."""
        start = first_faulty_bar(plan, history_bars)
        shown = rules.shown.copy()
        column = FEATURES.index(plan.targets[0])
        shown[start:, column] = plan.severity["offset"] + plan.severity["scale"] * shown[start:, column]
        return replace(rules, shown=shown)
