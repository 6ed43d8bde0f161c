"""One news text for one market: is it about the market, and what does it say of it.

The filter of relevance comes first: a text that is off topic has no score and confidence 0. The title gives the tone;
of a title with several markets only the clauses on this one are read. A body counts less than the title and speaks
where the title is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from engine.signals.sentiment.lexicon_scorer import score_text, tone_matches
from engine.signals.sentiment.market_focus import focused_text
from engine.signals.sentiment.relevance import MarketRelevance, Relevance
from engine.signals.sentiment.sentiment_score import SentimentScore

TextScorer = Callable[[str, int], SentimentScore]
BODY_WEIGHT: Final = 0.3
_LEAD_CHARACTERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class NewsScore:
    """`sentiment` has confidence 0 and no score where the text is off topic or carries no tone."""

    relevance: Relevance
    sentiment: SentimentScore


class NewsScorer:
    """Scores texts for the market that `keywords` name. `scorer` gives the tone of a text; word lists by default."""

    def __init__(self, keywords: Iterable[str], scorer: TextScorer = score_text) -> None:
        self._relevance = MarketRelevance(keywords)
        self._scorer = scorer

    def relevance(self, title: str, body: str = "") -> Relevance:
        """How much a text is about the market."""
        return self._relevance.rate(title, body)

    def parts(self, title: str, body: str = "") -> tuple[str, str]:
        """What is read for tone: the clauses of the title on this market, and the beginning of the body."""
        return focused_text(title, self._relevance.names_market, _has_tone), body[:_LEAD_CHARACTERS].strip()

    def score(self, title: str, as_of_ts: int, body: str = "") -> NewsScore:
        """Relevance and tone of one text, published at `as_of_ts` (UTC microseconds)."""
        relevance = self.relevance(title, body)
        if not relevance.is_relevant:
            return NewsScore(relevance, SentimentScore(float("nan"), 0.0, as_of_ts, ("off topic",)))
        headline, lead = self.parts(title, body)
        of_title = self._scorer(headline, as_of_ts)
        return NewsScore(relevance, with_body(of_title, self._scorer(lead, as_of_ts)) if lead else of_title)


def with_body(of_title: SentimentScore, of_body: SentimentScore) -> SentimentScore:
    """Title and body as one score, weighted by confidence; the body at `BODY_WEIGHT` of its own."""
    body_confidence = BODY_WEIGHT * of_body.confidence
    if body_confidence <= 0.0:
        return of_title
    said = of_title.confidence * of_title.score if of_title.confidence > 0.0 else 0.0
    score = (said + body_confidence * of_body.score) / (of_title.confidence + body_confidence)
    evidence = (*of_title.evidence, *(f"body: {one}" for one in of_body.evidence))
    return SentimentScore(score, max(of_title.confidence, body_confidence), of_title.as_of_ts, evidence)


def _has_tone(text: str) -> bool:
    return bool(tone_matches(text))
