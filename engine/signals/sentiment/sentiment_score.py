"""The answer of every sentiment scorer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SentimentScore:
    """`score` in [-1, 1] (NaN without data), `confidence` in [0, 1] (0 without data), `as_of_ts` = event time of the
    newest evidence (0 without), `evidence` = what was found, for people."""

    score: float
    confidence: float
    as_of_ts: int
    evidence: tuple[str, ...] = field(default=())


NO_DATA = SentimentScore(float("nan"), 0.0, 0)
