"""Options and crowd on opposite sides: go with the options."""

from __future__ import annotations

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias
from engine.signals.divergence.rules.interface import DivergenceRule, crowd_words, options_words, strength


class _OppositionRule(DivergenceRule):
    """Both sides must be right for the claim to hold, so both confidences enter."""

    side: int

    def applies(self, axes: Axes) -> bool:
        now = axes.now
        return now.options_known and now.crowd_known and now.options == self.side and now.crowd == -self.side

    def direction(self, axes: Axes) -> int:
        return self.side

    def gap(self, axes: Axes) -> float:
        return abs(axes.options - axes.crowd)

    def confidence(self, axes: Axes) -> float:
        return axes.options_confidence * axes.crowd_confidence * strength(0.5 * self.gap(axes))

    def bias(self, direction: int) -> SuggestedBias:
        return SuggestedBias.LONG if direction > 0 else SuggestedBias.SHORT

    def sentence(self, axes: Axes) -> str:
        return f"{options_words(axes)} while {crowd_words(axes)}"


class BullishOptionsRule(_OppositionRule):
    """Options up, crowd bearish: long."""

    options_say = "up"
    crowd_says = "bearish"
    side = 1

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.OPTIONS_BULLISH_SENTIMENT_BEARISH


class BearishOptionsRule(_OppositionRule):
    """Options down, crowd bullish: short."""

    options_say = "down"
    crowd_says = "bullish"
    side = -1

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.OPTIONS_BEARISH_SENTIMENT_BULLISH
