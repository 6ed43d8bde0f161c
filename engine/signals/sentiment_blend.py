"""Composite sentiment at each decision bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, Reading
from engine.signals.news import News
from engine.signals.positioning import Positioning
from engine.signals.sentiment.composite import SourceOpinion, blend
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore

_POSITIONING_WEIGHT = 0.4
_NEWS_WEIGHT = 0.4
_FLOW_WEIGHT = 0.2
_FLOW_CONFIDENCE = 0.3


class SentimentBlend(FeatureFamily):
    """`composite_sentiment` in [-1, 1] and `sentiment_confidence` in [0, 1], from positioning, news and flow."""

    def __init__(self, config: HydraConfig, positioning: Positioning, news: News) -> None:
        self._positioning = positioning
        self._news = news
        self._max_age_us = bar_max_age_us(config)

    def describe(self) -> Sequence[FeatureDescription]:
        """composite_sentiment, sentiment_confidence."""
        age = self._max_age_us
        return (
            FeatureDescription("composite_sentiment", "tone", "derived", -1.0, 1.0, age,
                               "confidence-weighted blend of positioning, news and flow; missing without any of them"),
            FeatureDescription("sentiment_confidence", "confidence", "derived", 0.0, 1.0, age,
                               "confidence of composite_sentiment; 0 without data, lower where sources disagree"),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """The blend as of the bar's end."""
        composite = blend(
            (
                SourceOpinion("positioning", _POSITIONING_WEIGHT, self._positioning.sentiment(bar.known_ts)),
                SourceOpinion("news", _NEWS_WEIGHT, self._news.sentiment(bar.known_ts)),
                SourceOpinion("flow", _FLOW_WEIGHT, _flow_sentiment(bar, latest)),
            )
        )
        quality = GOOD if composite.confidence > 0.0 else "no_data"
        return (
            Reading("composite_sentiment", bar.event_ts, composite.score, quality, "sentiment"),
            Reading("sentiment_confidence", bar.event_ts, composite.confidence, quality, "sentiment"),
        )


def _flow_sentiment(bar: FuturesBar, latest: Mapping[str, Reading]) -> SentimentScore:
    flow = latest.get("flow_imbalance")
    if flow is None or flow.event_ts != bar.event_ts or flow.value != flow.value:
        return NO_DATA
    return SentimentScore(flow.value, _FLOW_CONFIDENCE, flow.event_ts)
