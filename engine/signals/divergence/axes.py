"""The axes on which options and crowd are compared, and the latches that keep them from flickering.

An axis opens at its `enter` threshold and closes below its `exit`; in between it stays as it was. Values alone move the
axes; confidences alone decide whether options and crowd count as known, with a latch of their own. So no loss of
confidence ever opens an axis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.kernel.config_models import FeatureConfig
from engine.kernel.errors import ConfigError


@dataclass(frozen=True, slots=True)
class DivergenceThresholds:
    """Sizes in standard deviations of the past, confidences in [0, 1]. Raises ConfigError where a threshold closes
    above the one that opens, or an extreme is less than an opinion."""

    enter: float
    leave: float
    extreme_enter: float
    extreme_leave: float
    confidence_enter: float
    confidence_leave: float

    def __post_init__(self) -> None:
        ordered = (
            ("divergence_exit", self.leave, "divergence_enter", self.enter),
            ("divergence_extreme_exit", self.extreme_leave, "divergence_extreme_enter", self.extreme_enter),
            ("divergence_confidence_exit", self.confidence_leave, "divergence_confidence_enter", self.confidence_enter),
            ("divergence_enter", self.enter, "divergence_extreme_enter", self.extreme_enter),
            ("divergence_exit", self.leave, "divergence_extreme_exit", self.extreme_leave),
        )
        for low_name, low, high_name, high in ordered:
            if low > high:
                raise ConfigError(f"features.{low_name} ({low:g}) must not exceed features.{high_name} ({high:g})")

    @staticmethod
    def of(features: FeatureConfig) -> DivergenceThresholds:
        """The thresholds of the configuration."""
        return DivergenceThresholds(
            features.divergence_enter,
            features.divergence_exit,
            features.divergence_extreme_enter,
            features.divergence_extreme_exit,
            features.divergence_confidence_enter,
            features.divergence_confidence_exit,
        )


@dataclass(frozen=True, slots=True)
class DivergenceInput:
    """One moment, standardised against the past; NaN where unknown.

    `options`: positive = options lean up; `crowd`: positive = bullish; `tails`: positive = fatter than usual, the same
    for a rise and a fall. Confidences in [0, 1]; one that is not finite counts as 0. That of the tails comes on top of
    that of the options.
    """

    options: float
    options_confidence: float
    crowd: float
    crowd_confidence: float
    tails: float
    tails_confidence: float


@dataclass(frozen=True, slots=True)
class Latches:
    """State of the axes: -1, 0 or +1; `tails` 0 or 1; whether options and crowd were trusted enough to count."""

    options: int = 0
    crowd: int = 0
    extreme: int = 0
    tails: int = 0
    options_known: bool = False
    crowd_known: bool = False


@dataclass(frozen=True, slots=True)
class Axes:
    """What the rules judge: the values of a moment with unknown ones at 0, the latches after them (`now`) and before
    them (`held`)."""

    options: float
    options_confidence: float
    crowd: float
    crowd_confidence: float
    tails: float
    tails_confidence: float
    now: Latches
    held: Latches
    thresholds: DivergenceThresholds


def read_axes(values: DivergenceInput, held: Latches, thresholds: DivergenceThresholds) -> Axes:
    """The axes of one moment. An unknown value closes its axis: what was seen before a gap is not carried over it."""
    t = thresholds
    options, crowd, tails = (_known_or_zero(value) for value in (values.options, values.crowd, values.tails))
    trust_options, trust_crowd = _share(values.options_confidence), _share(values.crowd_confidence)
    now = Latches(
        options=_latch(options, held.options, t.enter, t.leave),
        crowd=_latch(crowd, held.crowd, t.enter, t.leave),
        extreme=_latch(crowd, held.extreme, t.extreme_enter, t.extreme_leave),
        tails=max(0, _latch(tails, held.tails, t.enter, t.leave)),
        options_known=math.isfinite(values.options) and _trusted(trust_options, held.options_known, t),
        crowd_known=math.isfinite(values.crowd) and _trusted(trust_crowd, held.crowd_known, t),
    )
    return Axes(
        options, trust_options, crowd, trust_crowd, tails, _share(values.tails_confidence), now, held, thresholds
    )


def _latch(value: float, held: int, enter: float, leave: float) -> int:
    if abs(value) >= enter:
        return 1 if value > 0.0 else -1
    return held if value * held >= leave else 0


def _trusted(confidence: float, held: bool, thresholds: DivergenceThresholds) -> bool:
    least = thresholds.confidence_leave if held else thresholds.confidence_enter
    return confidence > 0.0 and confidence >= least


def _known_or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def _share(value: float) -> float:
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
