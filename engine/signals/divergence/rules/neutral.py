"""Both sides are known and neither says anything unusual."""

from __future__ import annotations

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType
from engine.signals.divergence.rules.interface import DivergenceRule, crowd_words, options_words


class NeutralRule(DivergenceRule):
    """No suggestion, confidence 0."""

    options_say = "neutral"
    crowd_says = "not extreme"

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.NEUTRAL

    def applies(self, axes: Axes) -> bool:
        now = axes.now
        return now.options_known and now.crowd_known and now.options == 0 and now.tails == 0 and now.extreme == 0

    def gap(self, axes: Axes) -> float:
        return abs(axes.options - axes.crowd)

    def sentence(self, axes: Axes) -> str:
        return f"{options_words(axes)} and {crowd_words(axes)}: nothing unusual"
