"""The seven outcomes of the detector, what it has nothing to say about, and the words for what to do."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class DivergenceType(IntEnum):
    """Type of divergence; the integer is the value of the feature `divergence_type_code`."""

    INSUFFICIENT = 0
    NEUTRAL = 1
    OPTIONS_BULLISH_SENTIMENT_BEARISH = 2
    OPTIONS_BEARISH_SENTIMENT_BULLISH = 3
    SENTIMENT_OVERREACTION = 4
    EARLY_SIGNAL = 5
    TREND_FOLLOW = 6
    VOLATILITY_PLAY = 7


class SuggestedBias(StrEnum):
    """What a divergence suggests, as the operator reads it."""

    NONE = "none"
    LONG = "long"
    SHORT = "short"
    FADE_CROWD_LONG = "fade the crowd (long)"
    FADE_CROWD_SHORT = "fade the crowd (short)"
    EARLY_LONG = "small early entry (long)"
    EARLY_SHORT = "small early entry (short)"
    FOLLOW_LONG = "follow (long)"
    FOLLOW_SHORT = "follow (short)"
    SIZE_DOWN = "no direction, size down"
