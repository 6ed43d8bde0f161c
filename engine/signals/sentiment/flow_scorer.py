"""Sentiment of trading itself: signed volume of recent bars, as sure as the volume behind it is large.

A bar's volume is signed by its imbalance, the place of its close in its range. The score is the signed over the whole
volume of bars with a range, both decaying by half every two bars (Chaikin's money flow with exponential weights). The
confidence is .6 r / (1 + r), r = the recent volume per bar over the usual one, so .3 at usual volume, times the share
of the recent volume that could be signed. The features see bars and no sizes at the quotes, so the place of the close
is all there is.
"""

from __future__ import annotations

import math
from typing import Final

from engine.core.records import FuturesBar
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore
from engine.signals.sentiment.staleness import staleness

HALFLIFE_BARS: Final = 2.0
MOST_CONFIDENCE: Final = 0.6
_DECAY: Final = 0.5 ** (1.0 / HALFLIFE_BARS)


class FlowScorer:
    """State of one series; `update` at every bar, in order. `halflife_us` is that of the confidence without bars."""

    def __init__(self, halflife_us: float) -> None:
        self._halflife_us = halflife_us
        self._signed = 0.0
        self._with_range = 0.0
        self._traded = 0.0
        self._bars = 0.0
        self._usual = math.nan
        self._event_ts = 0
        self._known_ts = 0

    def update(self, bar: FuturesBar, imbalance: float, usual_volume: float) -> None:
        """Take in a bar: its imbalance in [-1, 1] (NaN where it has none) and the usual volume of the bars before it,
        lots (NaN where unknown)."""
        volume = bar.volume if bar.volume > 0.0 else 0.0
        signed = imbalance == imbalance
        self._signed = _DECAY * self._signed + (volume * imbalance if signed else 0.0)
        self._with_range = _DECAY * self._with_range + (volume if signed else 0.0)
        self._traded = _DECAY * self._traded + volume
        self._bars = _DECAY * self._bars + 1.0
        self._usual = usual_volume
        self._event_ts, self._known_ts = bar.event_ts, bar.known_ts

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """The opinion at a moment; no data before the usual volume is known, or where nothing could be signed."""
        if not (self._with_range > 0.0 and self._usual > 0.0):
            return NO_DATA
        score = max(-1.0, min(1.0, self._signed / self._with_range))
        busy = self._traded / self._bars / self._usual
        share = self._with_range / self._traded
        sure = MOST_CONFIDENCE * busy / (1.0 + busy) * share
        evidence = (f"signed volume {score:+.2f}", f"volume {busy:.2f} of usual", f"{share:.0%} of it signed")
        confidence = sure * staleness(self._known_ts, as_of_ts, self._halflife_us)
        return SentimentScore(score, confidence, self._event_ts, evidence)
