"""The composite of all sentiment sources: weighted by confidence, less confident where they disagree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore


@dataclass(frozen=True, slots=True)
class SourceOpinion:
    """One source's score (its confidence already decayed to the moment of asking) and the weight of the source."""

    name: str
    weight: float
    score: SentimentScore


def blend(opinions: Sequence[SourceOpinion]) -> SentimentScore:
    """Score = mean of the scores weighted by weight x confidence. Confidence = the weighted mean confidence of all
    sources (a silent one counts 0), times one minus the weighted standard deviation of the scores, which is 1 at
    complete disagreement. No data gives confidence 0 and no score."""
    total = math.fsum(opinion.weight for opinion in opinions)
    speaking = [opinion for opinion in opinions if opinion.score.confidence > 0.0 and opinion.weight > 0.0]
    pull = [opinion.weight * opinion.score.confidence for opinion in speaking]
    strength = math.fsum(pull)
    if not speaking or strength <= 0.0:
        return NO_DATA
    score = math.fsum(p * opinion.score.score for p, opinion in zip(pull, speaking, strict=True)) / strength
    spread = math.fsum(p * (opinion.score.score - score) ** 2 for p, opinion in zip(pull, speaking, strict=True))
    disagreement = min(1.0, math.sqrt(spread / strength))
    return SentimentScore(
        min(1.0, max(-1.0, score)),
        strength / total * (1.0 - disagreement),
        max(opinion.score.as_of_ts for opinion in speaking),
        tuple(f"{o.name} {o.score.score:+.2f} (confidence {o.score.confidence:.2f})" for o in speaking),
    )
