"""Options and crowd on the same side: follow."""

from __future__ import annotations

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias
from engine.signals.divergence.rules.interface import DivergenceRule, crowd_words, options_words, strength


class TrendFollowRule(DivergenceRule):
    """As far as the weaker of the two goes."""

    options_say = "aligned"
    crowd_says = "aligned"

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.TREND_FOLLOW

    def applies(self, axes: Axes) -> bool:
        now = axes.now
        return now.options_known and now.crowd_known and now.options != 0 and now.crowd == now.options

    def direction(self, axes: Axes) -> int:
        return axes.now.options

    def gap(self, axes: Axes) -> float:
        return min(abs(axes.options), abs(axes.crowd))

    def confidence(self, axes: Axes) -> float:
        return axes.options_confidence * axes.crowd_confidence * strength(self.gap(axes))

    def bias(self, direction: int) -> SuggestedBias:
        return SuggestedBias.FOLLOW_LONG if direction > 0 else SuggestedBias.FOLLOW_SHORT

    def sentence(self, axes: Axes) -> str:
        return f"{options_words(axes)} and {crowd_words(axes)}, too"
