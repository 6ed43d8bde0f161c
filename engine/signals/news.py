"""News tone at each decision bar: headlines since the last bar, blended with a decaying memory of earlier ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from engine.core.records import SOCIAL_PUBLISHERS, FuturesBar, Headline
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_MINUTE
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, Reading
from engine.signals.sentiment.news_scorer import NewsScorer
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore
from engine.signals.sentiment.text_duplicates import DuplicateFinder

_UNTONED_CONFIDENCE = 0.2
_HEADLINES_AS_EVIDENCE = 3


class News(FeatureFamily):
    """`nlp_score` and `nlp_confidence`, from news alone: posts of social platforms are another crowd and not read here.

    Copies and light rewrites of a text within one half-life count once. A headline's weight halves with every
    `news_halflife_minutes` between it and the newest one, so the score does not change while no news comes: a silent
    feed repeats its last score with its last event time, and only the confidence decays. A relevant text without tone
    words is a neutral opinion of low confidence.
    """

    def __init__(self, config: HydraConfig) -> None:
        self._scorer = NewsScorer(config.market.relevance_keywords)
        self._halflife_us = config.features.news_halflife_minutes * MICROS_PER_MINUTE
        self._max_age_us = max(int(6 * self._halflife_us), bar_max_age_us(config))
        self._copies = DuplicateFinder(self._halflife_us)
        self._evidence: deque[str] = deque(maxlen=_HEADLINES_AS_EVIDENCE)
        self._weighted_tone = 0.0
        self._weight = 0.0
        self._confidence_weight = 0.0
        self._newest_ts: int | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """nlp_score, nlp_confidence."""
        age = self._max_age_us
        return (
            FeatureDescription("nlp_score", "tone", "headline", -1.0, 1.0, age,
                               "tone of relevant headlines, newest dominating, by word lists", version=2),
            FeatureDescription("nlp_confidence", "confidence", "headline", 0.0, 1.0, age,
                               "confidence of nlp_score, decaying while no news comes", version=2),
        )  # fmt: skip

    def on_headline(self, headline: Headline) -> Sequence[Reading]:
        """Fold one headline into the memory; the reading follows at the next decision bar."""
        if headline.source in SOCIAL_PUBLISHERS:
            return ()
        found = self._scorer.score(headline.title, headline.event_ts)
        if not found.relevance.is_relevant:
            return ()
        if self._copies.first_of(headline.text_hash, headline.event_ts, headline.title) is not None:
            return ()
        scored = found.sentiment
        toned = scored.confidence > 0.0
        weight = 1.0
        if self._newest_ts is None:
            self._newest_ts = headline.event_ts
        elif headline.event_ts >= self._newest_ts:
            self._decay(headline.event_ts - self._newest_ts)
            self._newest_ts = headline.event_ts
        else:
            weight = 0.5 ** ((self._newest_ts - headline.event_ts) / self._halflife_us)
        self._weighted_tone += weight * (scored.score if toned else 0.0)
        self._weight += weight
        self._confidence_weight += weight * (scored.confidence if toned else _UNTONED_CONFIDENCE)
        self._evidence.append(f"{headline.title}: {scored.score:+.2f}" if toned else f"{headline.title}: no tone")
        return ()

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """The blended tone; nothing until the first relevant headline."""
        scored = self.sentiment(bar.known_ts)
        if scored.confidence <= 0.0:
            return ()
        return (
            Reading("nlp_score", scored.as_of_ts, scored.score, GOOD, "lexicon"),
            Reading("nlp_confidence", scored.as_of_ts, scored.confidence, GOOD, "lexicon"),
        )

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """The blended tone at a moment; its confidence halves with every maximum age of silence."""
        if self._newest_ts is None or self._weight <= 0.0:
            return NO_DATA
        silence = 0.5 ** (max(0, as_of_ts - self._newest_ts) / self._max_age_us)
        confidence = self._confidence_weight / self._weight * silence
        return SentimentScore(self._weighted_tone / self._weight, confidence, self._newest_ts, tuple(self._evidence))

    def _decay(self, elapsed_us: int) -> None:
        factor = 0.5 ** (elapsed_us / self._halflife_us)
        self._weighted_tone *= factor
        self._weight *= factor
        self._confidence_weight *= factor
