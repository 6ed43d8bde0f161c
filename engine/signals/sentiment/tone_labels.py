"""The three labels of a text, and what their probabilities say as a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.signals.sentiment.sentiment_score import SentimentScore

LABELS: Final = ("negative", "neutral", "positive")
NEUTRAL_BAND: Final = 0.1


def label_of_tone(tone: float) -> str:
    """Label of a tone in [-1, 1]: neutral within `NEUTRAL_BAND` of zero, that is below about half a tone word."""
    return "positive" if tone > NEUTRAL_BAND else "negative" if tone < -NEUTRAL_BAND else "neutral"


def score_of_probabilities(probabilities: Sequence[float], as_of_ts: int) -> SentimentScore:
    """Score = P(positive) - P(negative), of probabilities in the order of `LABELS`. Confidence = that of the likeliest
    label, mapped so that 0 is ignorance (all labels as likely) and 1 certainty."""
    negative, neutral, positive = probabilities
    ignorance = 1.0 / len(LABELS)
    confidence = min(1.0, max(0.0, (max(probabilities) - ignorance) / (1.0 - ignorance)))
    said = f"P(negative) {negative:.2f}, P(neutral) {neutral:.2f}, P(positive) {positive:.2f}"
    return SentimentScore(min(1.0, max(-1.0, positive - negative)), confidence, as_of_ts, (said,))


def macro_f1(truth: Sequence[str], found: Sequence[str]) -> float:
    """Mean F1 of the three labels; a label that neither list holds counts 0."""
    total = 0.0
    for label in LABELS:
        both = sum(one == other == label for one, other in zip(truth, found, strict=True))
        named = sum(one == label for one in truth) + sum(one == label for one in found)
        total += 2.0 * both / named if named else 0.0
    return total / len(LABELS)
