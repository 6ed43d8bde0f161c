"""Every divergence rule, and the one that applies."""

from __future__ import annotations

from typing import Final

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.rules.early_signal import EarlySignalRule
from engine.signals.divergence.rules.insufficient import InsufficientRule
from engine.signals.divergence.rules.interface import DivergenceRule
from engine.signals.divergence.rules.neutral import NeutralRule
from engine.signals.divergence.rules.opposition import BearishOptionsRule, BullishOptionsRule
from engine.signals.divergence.rules.overreaction import OverreactionRule
from engine.signals.divergence.rules.trend_follow import TrendFollowRule
from engine.signals.divergence.rules.volatility_play import VolatilityPlayRule

DIVERGENCE_RULES: Final[tuple[DivergenceRule, ...]] = (
    BullishOptionsRule(),
    BearishOptionsRule(),
    OverreactionRule(),
    EarlySignalRule(),
    TrendFollowRule(),
    VolatilityPlayRule(),
    NeutralRule(),
    InsufficientRule(),
)


def rule_of(axes: Axes) -> DivergenceRule:
    """The rule that applies. Their rows divide all states among them, so the order does not matter."""
    return next(rule for rule in DIVERGENCE_RULES if rule.applies(axes))
