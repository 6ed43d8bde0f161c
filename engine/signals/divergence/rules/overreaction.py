"""The crowd is at an extreme that options do not share: fade it."""

from __future__ import annotations

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias
from engine.signals.divergence.rules.interface import DivergenceRule, crowd_words, options_words, strength


class OverreactionRule(DivergenceRule):
    """Half as sure as an opposition: that options are flat is no evidence against the crowd, only none for it. Fat
    tails come first, for then options do say something: that nobody knows the direction."""

    options_say = "neutral"
    crowd_says = "extreme"

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.SENTIMENT_OVERREACTION

    def applies(self, axes: Axes) -> bool:
        now = axes.now
        return now.options_known and now.crowd_known and now.options == 0 and now.tails == 0 and now.extreme != 0

    def direction(self, axes: Axes) -> int:
        return -axes.now.extreme

    def gap(self, axes: Axes) -> float:
        return abs(axes.crowd)

    def confidence(self, axes: Axes) -> float:
        return 0.5 * axes.options_confidence * axes.crowd_confidence * strength(axes.crowd)

    def bias(self, direction: int) -> SuggestedBias:
        return SuggestedBias.FADE_CROWD_LONG if direction > 0 else SuggestedBias.FADE_CROWD_SHORT

    def sentence(self, axes: Axes) -> str:
        return f"{crowd_words(axes)}, an extreme, and {options_words(axes)}"
