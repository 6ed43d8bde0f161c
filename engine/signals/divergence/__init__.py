"""Where options and the crowd disagree: deterministic rules with hysteresis, no learning.

A futures option's density has mean = futures price by construction, so what options "say" comes from what survives it:
the asymmetry of the smile and of the density, each against its own past (`measures.py`). Every axis is latched
(`axes.py`), and the latched axes meet exactly one rule (`rules/`, one file each):

options  crowd            tails  -> type                                  suggested bias
up       bearish          any    -> options_bullish_sentiment_bearish     long
down     bullish          any    -> options_bearish_sentiment_bullish     short
flat     extreme          thin   -> sentiment_overreaction                fade the crowd
up/down  no opinion       any    -> early_signal                          small early entry, with the options
up/down  the same         any    -> trend_follow                          follow
flat     any, or unknown  fat    -> volatility_play                       no direction, size down
flat     not extreme      thin   -> neutral                               none
unknown, or the crowd is unknown -> insufficient                          none

Everything is a pure function of the readings and of the state before them. Sizes are in standard deviations of the
past, confidences in [0, 1]; nothing here knows a clock.
"""

from engine.signals.divergence.axes import DivergenceInput, DivergenceThresholds, Latches
from engine.signals.divergence.detector import Divergence, detect
from engine.signals.divergence.divergence_type import DivergenceType, SuggestedBias
from engine.signals.divergence.evidence import EvidenceItem

__all__ = [
    "Divergence",
    "DivergenceInput",
    "DivergenceThresholds",
    "DivergenceType",
    "EvidenceItem",
    "Latches",
    "SuggestedBias",
    "detect",
]
