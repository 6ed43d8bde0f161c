"""The composite of all sentiment sources: weighted by confidence, less confident where they disagree.

With w the weight of a source, c its confidence at the moment of asking and s its score:

    score        sum of w c s over sum of w c
    confidence   (sum of w c over sum of w) x (1 - standard deviation of the scores, weighted by w c)

The first factor counts a silent source as no confidence, so that silence never raises it; the second is 1 in full
agreement and 0 where two equal camps stand at +1 and -1. Where every opinion ages by the same factor, so does the
confidence. An opinion that ages faster than one it contradicts stops contradicting: the confidence then returns to what
the other is worth alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore


@dataclass(frozen=True, slots=True)
class SourceOpinion:
    """One source's score (its confidence already decayed to the moment of asking) and the weight of the source, not
    negative."""

    name: str
    weight: float
    score: SentimentScore

    @property
    def pull(self) -> float:
        """Weight times confidence; 0 for a source that says nothing."""
        speaks = self.score.score == self.score.score and self.score.confidence > 0.0
        return self.weight * self.score.confidence if speaks else 0.0


def blend(opinions: Sequence[SourceOpinion]) -> SentimentScore:
    """The composite by the rule at the top, as of its newest opinion. No data gives confidence 0 and no score."""
    total = math.fsum(opinion.weight for opinion in opinions)
    speaking = [opinion for opinion in opinions if opinion.pull > 0.0]
    strength = math.fsum(opinion.pull for opinion in speaking)
    if not strength > 0.0:
        return NO_DATA
    mean = math.fsum(opinion.pull * opinion.score.score for opinion in speaking) / strength
    spread = math.fsum(opinion.pull * (opinion.score.score - mean) ** 2 for opinion in speaking) / strength
    return SentimentScore(
        min(1.0, max(-1.0, mean)),
        min(1.0, strength / total) * (1.0 - min(1.0, math.sqrt(spread))),
        max(opinion.score.as_of_ts for opinion in speaking),
        tuple(f"{one.name} {one.score.score:+.2f} (confidence {one.score.confidence:.2f})" for one in speaking),
    )
