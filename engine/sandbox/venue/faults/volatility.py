"""Volatility: signal and noise both grow by the same factor, so the edge per unit of risk stays."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from engine.sandbox.venue.faults.fault_family import FaultFamily, FaultPlan, draw_live_bar, first_faulty_bar
from engine.sandbox.venue.world_rules import FloatArray, WorldRules


class VolatilityFault(FaultFamily):
    """The standard deviation of every later return is multiplied by U(2.2, 3.2)."""

    name: ClassVar[str] = "volatility"

    def plan(self, rng: np.random.Generator, loadings: FloatArray, live_bars: int) -> FaultPlan:
        """Severity: the multiplier."""
        live_bar = draw_live_bar(rng, live_bars)
        return FaultPlan(self.name, live_bar, (), None, {"multiplier": float(rng.uniform(2.2, 3.2))})

    def apply(self, rules: WorldRules, plan: FaultPlan, history_bars: int) -> WorldRules:
        """The return of the fault bar is the first with the new volatility."""
        multiplier = rules.sigma_multiplier.copy()
        multiplier[first_faulty_bar(plan, history_bars) :] *= plan.severity["multiplier"]
        return replace(rules, sigma_multiplier=multiplier)
