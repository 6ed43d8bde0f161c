"""Fat tails without a lean: no direction, size down."""

from __future__ import annotations

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias
from engine.signals.divergence.rules.interface import DivergenceRule, options_words, strength


class VolatilityPlayRule(DivergenceRule):
    """Whatever the crowd says, and even where it is unknown: the rule rests on options alone."""

    options_say = "fat tails, flat mean"
    crowd_says = "any"

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.VOLATILITY_PLAY

    def applies(self, axes: Axes) -> bool:
        return axes.now.options_known and axes.now.options == 0 and axes.now.tails != 0

    def gap(self, axes: Axes) -> float:
        return abs(axes.tails)

    def confidence(self, axes: Axes) -> float:
        return axes.options_confidence * axes.tails_confidence * strength(axes.tails)

    def bias(self, direction: int) -> SuggestedBias:
        return SuggestedBias.SIZE_DOWN

    def sentence(self, axes: Axes) -> str:
        return f"tails are fat ({axes.tails:+.2f} sd of their past) and {options_words(axes)}"
