"""Too little is known to compare: nothing is claimed, not even that nothing is unusual."""

from __future__ import annotations

import math

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType
from engine.signals.divergence.rules.interface import DivergenceRule


class InsufficientRule(DivergenceRule):
    """Options are unknown, or the crowd is and the tails do not speak for themselves."""

    options_say = "unknown"
    crowd_says = "unknown"

    @property
    def type(self) -> DivergenceType:
        return DivergenceType.INSUFFICIENT

    def applies(self, axes: Axes) -> bool:
        now = axes.now
        if not now.options_known:
            return True
        return not now.crowd_known and not (now.options == 0 and now.tails != 0)

    def gap(self, axes: Axes) -> float:
        return math.nan

    def sentence(self, axes: Axes) -> str:
        unknown = [
            f"{name} (confidence {confidence:.2f})"
            for name, known, confidence in (
                ("options", axes.now.options_known, axes.options_confidence),
                ("the crowd", axes.now.crowd_known, axes.crowd_confidence),
            )
            if not known
        ]
        return f"not known well enough: {' and '.join(unknown)}"
