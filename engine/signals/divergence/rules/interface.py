"""The one interface of divergence rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from engine.signals.divergence.axes import Axes
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias


class DivergenceRule(ABC):
    """One row of the table. `options_say` and `crowd_says` are its words; rules without a direction keep the defaults.

    A confidence rests on what the rule claims: it is the product of the confidences of the axes it claims to know and
    of the strength of the reading, so it never rises when one of them falls.
    """

    options_say: ClassVar[str]
    crowd_says: ClassVar[str]

    @property
    @abstractmethod
    def type(self) -> DivergenceType:
        """The outcome that this rule gives."""

    @abstractmethod
    def applies(self, axes: Axes) -> bool:
        """Whether the latched axes are in this rule's row."""

    def direction(self, axes: Axes) -> int:
        """-1, 0 or +1."""
        return 0

    @abstractmethod
    def gap(self, axes: Axes) -> float:
        """Size of what fired, standard deviations of the past."""

    def confidence(self, axes: Axes) -> float:
        """Confidence in [0, 1]."""
        return 0.0

    def bias(self, direction: int) -> SuggestedBias:
        """What to do, in words."""
        return SuggestedBias.NONE

    @abstractmethod
    def sentence(self, axes: Axes) -> str:
        """What fired, with its numbers."""


def strength(size: float) -> float:
    """How far a reading is beyond doubt: |size| / (1 + |size|), one half at one standard deviation."""
    return abs(size) / (1.0 + abs(size))


def options_words(axes: Axes) -> str:
    """The options side of a sentence."""
    where = {1: "lean up", -1: "lean down", 0: "are flat"}[axes.now.options]
    return f"options {where} ({axes.options:+.2f} sd of their past)"


def crowd_words(axes: Axes) -> str:
    """The crowd's side of a sentence."""
    if not axes.now.crowd_known:
        return "the crowd is unknown"
    where = {1: "is bullish", -1: "is bearish", 0: "has no opinion"}[axes.now.crowd]
    return f"the crowd {where} ({axes.crowd:+.2f} sd of its past)"
