"""Where options and the crowd disagree: deterministic rules with hysteresis, no learning.

A futures option's density has mean = futures price by construction, so what options "say" comes from what survives it:
skew and tail asymmetry against their own past. Each axis (options, crowd, tails, crowd at an extreme) is latched: it
turns on at the `enter` threshold and off below `exit`, so a value on a threshold does not flicker. The latched axes
map to exactly one type:

options  crowd      tails  -> type                              bias
up       bearish    any    -> options_bullish_crowd_bearish     long
down     bullish    any    -> options_bearish_crowd_bullish     short
up/down  the same   any    -> trend_follow                      follow
up/down  none       any    -> early_signal                      with the options, small
flat     any        fat    -> volatility_play                   none: size down
flat     extreme    thin   -> sentiment_overreaction            against the crowd
flat     other      thin   -> neutral                           none
unknown  any        any    -> insufficient                      none
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum


class DivergenceType(IntEnum):
    """Type of divergence; the integer is the value of the feature `divergence_type_code`."""

    INSUFFICIENT = 0
    NEUTRAL = 1
    OPTIONS_BULLISH_CROWD_BEARISH = 2
    OPTIONS_BEARISH_CROWD_BULLISH = 3
    SENTIMENT_OVERREACTION = 4
    EARLY_SIGNAL = 5
    TREND_FOLLOW = 6
    VOLATILITY_PLAY = 7


_EXTREME_FACTOR = 4.0 / 3.0
_LEAST_CONFIDENCE = 0.05


@dataclass(frozen=True, slots=True)
class DivergenceInput:
    """Standardised against the past, NaN where unknown: `options` (positive = options lean up), `crowd` (positive =
    bullish), `tails` (positive = fatter than usual). Confidences in [0, 1]."""

    options: float
    options_confidence: float
    crowd: float
    crowd_confidence: float
    tails: float


@dataclass(frozen=True, slots=True)
class Latches:
    """State of the axes: -1, 0 or +1; `tails` 0 or 1."""

    options: int = 0
    crowd: int = 0
    extreme: int = 0
    tails: int = 0


@dataclass(frozen=True, slots=True)
class Divergence:
    """`direction` -1, 0 or +1 is the suggested bias; `gap` is the size of what fired, in standard deviations (NaN where
    insufficient); `rule` names what fired with its numbers."""

    type: DivergenceType
    direction: int
    gap: float
    confidence: float
    rule: str
    latches: Latches


def detect(values: DivergenceInput, latches: Latches, enter: float, leave: float) -> Divergence:
    """Classify one moment given the latches of the moment before. Pure."""
    crowd_known = math.isfinite(values.crowd) and values.crowd_confidence >= _LEAST_CONFIDENCE
    crowd = values.crowd if crowd_known else 0.0
    tails = values.tails if math.isfinite(values.tails) else 0.0
    if not (math.isfinite(values.options) and values.options_confidence >= _LEAST_CONFIDENCE):
        rule = f"options unknown or confidence {values.options_confidence:.2f} < {_LEAST_CONFIDENCE}"
        return Divergence(DivergenceType.INSUFFICIENT, 0, math.nan, 0.0, rule, Latches())
    now = Latches(
        options=_latch(values.options, latches.options, enter, leave),
        crowd=_latch(crowd, latches.crowd if crowd_known else 0, enter, leave),
        extreme=_latch(crowd, latches.extreme if crowd_known else 0, _EXTREME_FACTOR * enter, enter),
        tails=max(0, _latch(tails, latches.tails, enter, leave)),
    )
    kind, direction = _type_of(now)
    gap = _gap(kind, values.options, crowd, tails)
    confidence = _confidence(kind, values, crowd, tails)
    rule = (
        f"options {values.options:+.2f} ({now.options:+d}), crowd {crowd:+.2f} ({now.crowd:+d}), "
        f"tails {tails:+.2f} ({now.tails}); enter {enter:g}, exit {leave:g}"
    )
    return Divergence(kind, direction, gap, confidence, rule, now)


def _latch(value: float, held: int, enter: float, leave: float) -> int:
    if abs(value) >= enter:
        return 1 if value > 0.0 else -1
    return held if value * held >= leave else 0


def _type_of(now: Latches) -> tuple[DivergenceType, int]:
    if now.options:
        if now.crowd == -now.options:
            up = now.options > 0
            kind = DivergenceType.OPTIONS_BULLISH_CROWD_BEARISH if up else DivergenceType.OPTIONS_BEARISH_CROWD_BULLISH
            return kind, now.options
        return (DivergenceType.TREND_FOLLOW if now.crowd else DivergenceType.EARLY_SIGNAL), now.options
    if now.tails:
        return DivergenceType.VOLATILITY_PLAY, 0
    if now.extreme:
        return DivergenceType.SENTIMENT_OVERREACTION, -now.extreme
    return DivergenceType.NEUTRAL, 0


def _gap(kind: DivergenceType, options: float, crowd: float, tails: float) -> float:
    if kind is DivergenceType.EARLY_SIGNAL:
        return abs(options)
    if kind is DivergenceType.TREND_FOLLOW:
        return min(abs(options), abs(crowd))
    if kind is DivergenceType.VOLATILITY_PLAY:
        return abs(tails)
    if kind is DivergenceType.SENTIMENT_OVERREACTION:
        return abs(crowd)
    return abs(options - crowd)


def _confidence(kind: DivergenceType, values: DivergenceInput, crowd: float, tails: float) -> float:
    """Never rises when a confidence falls, not even across the change of type that the fall may bring."""
    own, other = values.options_confidence, values.crowd_confidence
    if kind in (DivergenceType.NEUTRAL, DivergenceType.INSUFFICIENT):
        return 0.0
    if kind is DivergenceType.VOLATILITY_PLAY:
        return 0.5 * own * _strength(tails)
    if kind is DivergenceType.SENTIMENT_OVERREACTION:
        return 0.5 * own * other * _strength(crowd)
    both = kind is not DivergenceType.EARLY_SIGNAL
    return own * _strength(values.options) * (0.5 + 0.5 * other if both else 0.5)


def _strength(value: float) -> float:
    return abs(value) / (1.0 + abs(value))
