"""Composite sentiment at each decision bar, and the parts it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, Reading
from engine.signals.sentiment.composite import SourceOpinion, blend
from engine.signals.sentiment.sentiment_score import SentimentScore


class SentimentSource(Protocol):
    """A family that has an opinion at any moment."""

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """The opinion, its confidence decayed to `as_of_ts`; no data where there is none."""
        ...


class SentimentBlend(FeatureFamily):
    """`composite_sentiment` in [-1, 1] and `sentiment_confidence` in [0, 1], by the weights of the settings.

    Without related markets in the settings the last source has no weight: a market is not less sure of itself for it.
    `parts` are the opinions behind the last bar's composite, silent ones included, in the order of the arguments.
    """

    def __init__(
        self,
        config: HydraConfig,
        positioning: SentimentSource,
        news: SentimentSource,
        social: SentimentSource,
        flow: SentimentSource,
        cross_market: SentimentSource,
    ) -> None:
        features = config.features
        self._sources = (
            ("cot", features.sentiment_weight_cot, positioning),
            ("news", features.sentiment_weight_news, news),
            ("social", features.sentiment_weight_social, social),
            ("flow", features.sentiment_weight_flow, flow),
            ("cross_market", features.sentiment_weight_cross_market if features.related_markets else 0.0, cross_market),
        )
        self._max_age_us = bar_max_age_us(config)
        self.parts: tuple[SourceOpinion, ...] = ()

    def describe(self) -> Sequence[FeatureDescription]:
        """composite_sentiment, sentiment_confidence."""
        age = self._max_age_us
        return (
            FeatureDescription("composite_sentiment", "tone", "derived", -1.0, 1.0, age,
                               "confidence-weighted blend of COT, news, posts, flow and related markets; missing "
                               "without any of them", version=2),
            FeatureDescription("sentiment_confidence", "confidence", "derived", 0.0, 1.0, age,
                               "confidence of composite_sentiment; 0 without data, lower where sources disagree",
                               version=2),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """The blend as of the bar's end."""
        self.parts = tuple(
            SourceOpinion(name, weight, source.sentiment(bar.known_ts)) for name, weight, source in self._sources
        )
        composite = blend(self.parts)
        quality = GOOD if composite.confidence > 0.0 else "no_data"
        return (
            Reading("composite_sentiment", bar.event_ts, composite.score, quality, "sentiment"),
            Reading("sentiment_confidence", bar.event_ts, composite.confidence, quality, "sentiment"),
        )
