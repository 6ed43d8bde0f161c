"""From (family, seed, severity) to a world, always the same one."""

from __future__ import annotations

import math

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.base_market import draw_base_market
from engine.sandbox.healbench.families.registry import FAMILIES
from engine.sandbox.healbench.families.world_draft import WorldDraft
from engine.sandbox.healbench.heal_world import BARS, HealWorld


def make_world(family: str, seed: int, severity: float = 1.0) -> HealWorld:
    """The world of a family, a seed (0 or more) and a severity (1 = the effect sizes of the families' docstrings).

    All families and severities of one seed share the market before the fault, the bar of the fault and the feature at
    fault. CalculationError for an unknown family, a negative seed or a severity that is not a positive number.
    """
    if family not in FAMILIES:
        raise CalculationError(f"family '{family}' is not known; known: {', '.join(FAMILIES)}")
    if seed < 0 or not (math.isfinite(severity) and severity > 0.0):
        raise CalculationError(f"seed must be at least 0 and severity above 0, not {seed} and {severity}")
    market = draw_base_market(seed)
    x = market.clean_x.copy()
    draft = WorldDraft(family, seed, severity, market, x, np.zeros_like(x), np.ones_like(x))
    FAMILIES[family](draft, market.fault_bar, BARS)
    return draft.finished()
