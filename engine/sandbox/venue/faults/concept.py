"""Concept: the main coefficients change sign, so that what used to predict a rise now predicts a fall."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from engine.sandbox.venue.faults.fault_family import FaultFamily, FaultPlan, draw_live_bar, first_faulty_bar
from engine.sandbox.venue.market_facts import FEATURES
from engine.sandbox.venue.world_rules import FloatArray, WorldRules

FLIPPED_SHARE_MIN = 0.70


class ConceptFault(FaultFamily):
    """Flip the fewest coefficients that carry at least a drawn share (.70-.85) of the squared loading."""

    name: ClassVar[str] = "concept"

    def plan(self, rng: np.random.Generator, loadings: FloatArray, live_bars: int) -> FaultPlan:
        """Severity: the share of the squared loading that flips (the smallest reachable above the drawn one)."""
        live_bar = draw_live_bar(rng, live_bars)
        wanted = float(rng.uniform(FLIPPED_SHARE_MIN, 0.85))
        squared = loadings**2 / np.sum(loadings**2)
        order = np.argsort(-squared, kind="stable")
        count = int(np.searchsorted(np.cumsum(squared[order]), wanted)) + 1
        flipped = np.sort(order[:count])
        share = float(np.sum(squared[flipped]))
        return FaultPlan(self.name, live_bar, tuple(FEATURES[index] for index in flipped), None, {"share": share})

    def apply(self, rules: WorldRules, plan: FaultPlan, history_bars: int) -> WorldRules:
        """Loadings of the targets change sign; the return of the fault bar is the first under the new law."""
        start = first_faulty_bar(plan, history_bars)
        loadings = rules.loadings.copy()
        columns = [FEATURES.index(name) for name in plan.targets]
        loadings[start:, columns] *= -1.0
        return replace(rules, loadings=loadings)
