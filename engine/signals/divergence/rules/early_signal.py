"""The skew has moved and the crowd has no opinion yet: a small early entry with the options."""

from __future__ import annotations

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias
from engine.signals.divergence.rules.interface import DivergenceRule, crowd_words, options_words, strength


class EarlySignalRule(DivergenceRule):
    """A crowd without an opinion is known to have none; an unknown crowd is another rule's matter. Half as sure as an
    opposition, since one side stands alone."""

    options_say = "skew shift"
    crowd_says = "no opinion yet"

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.EARLY_SIGNAL

    def applies(self, axes: Axes) -> bool:
        now = axes.now
        return now.options_known and now.crowd_known and now.options != 0 and now.crowd == 0

    def direction(self, axes: Axes) -> int:
        return axes.now.options

    def gap(self, axes: Axes) -> float:
        return abs(axes.options)

    def confidence(self, axes: Axes) -> float:
        return 0.5 * axes.options_confidence * axes.crowd_confidence * strength(axes.options)

    def bias(self, direction: int) -> SuggestedBias:
        return SuggestedBias.EARLY_LONG if direction > 0 else SuggestedBias.EARLY_SHORT

    def sentence(self, axes: Axes) -> str:
        return f"{options_words(axes)} and {crowd_words(axes)} yet"
