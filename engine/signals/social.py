"""Tone of posts on social platforms at each decision bar: another crowd than the press, and read by its own rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.core.records import SOCIAL_PUBLISHERS, FuturesBar, Headline
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_MINUTE
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, Reading
from engine.signals.sentiment.lexicon_scorer import score_text, tone_matches
from engine.signals.sentiment.market_focus import focused_text
from engine.signals.sentiment.relevance import MarketRelevance
from engine.signals.sentiment.sentiment_score import SentimentScore
from engine.signals.sentiment.social_scorer import MOST_CONFIDENCE, SocialScorer

_MAX_AGE_HALFLIVES = 6


class Social(FeatureFamily):
    """`social_score` and `social_confidence`, from posts alone. A post is about the market by its words, or by the
    symbol of the market's future ("$HE_F")."""

    def __init__(self, config: HydraConfig) -> None:
        halflife_us = int(config.features.social_halflife_minutes * MICROS_PER_MINUTE)
        self._relevance = MarketRelevance(config.market.relevance_keywords)
        self._symbol = re.compile(rf"\${re.escape(config.market.contract.root)}_F\b", re.IGNORECASE)
        self._scorer = SocialScorer(self._read, halflife_us, config.features.social_burst_minutes * MICROS_PER_MINUTE)
        self._max_age_us = max(_MAX_AGE_HALFLIVES * halflife_us, bar_max_age_us(config))

    def describe(self) -> Sequence[FeatureDescription]:
        """social_score, social_confidence."""
        age = self._max_age_us
        return (
            FeatureDescription("social_score", "tone", "headline", -1.0, 1.0, age,
                               "tone of relevant posts by word lists, noise left out, bursts and copies damped"),
            FeatureDescription("social_confidence", "confidence", "headline", 0.0, MOST_CONFIDENCE, age,
                               "confidence of social_score, growing with distinct voices, decaying in silence"),
        )  # fmt: skip

    def on_headline(self, headline: Headline) -> Sequence[Reading]:
        """Take in a post; the reading follows at the next decision bar."""
        if headline.source in SOCIAL_PUBLISHERS:
            self._scorer.update(headline)
        return ()

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """The tone at the bar's end; nothing until the first post that counts."""
        scored = self.sentiment(bar.known_ts)
        if scored.confidence <= 0.0:
            return ()
        return (
            Reading("social_score", scored.as_of_ts, scored.score, GOOD, "lexicon"),
            Reading("social_confidence", scored.as_of_ts, scored.confidence, GOOD, "lexicon"),
        )

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """Posts as sentiment at a moment."""
        return self._scorer.sentiment(as_of_ts)

    def _read(self, text: str, event_ts: int) -> SentimentScore | None:
        if self._symbol.search(text) or self._relevance.rate(text).is_relevant:
            return score_text(focused_text(text, self._relevance.names_market, _has_tone), event_ts)
        return None


def _has_tone(text: str) -> bool:
    return bool(tone_matches(text))
