"""Appetite for risk of related markets at each decision bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import ConfigError
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, Reading
from engine.signals.sentiment.cross_market import MOST_CONFIDENCE, CrossMarketScorer
from engine.signals.sentiment.sentiment_score import SentimentScore


class CrossMarket(FeatureFamily):
    """`cross_market_risk_appetite` in [-1, 1] and `cross_market_confidence`, from those bars of
    `features.related_markets` that were known before the decision; missing, with the reason, where there are none."""

    def __init__(self, config: HydraConfig) -> None:
        weights = config.features.related_weights
        own = config.market.market
        if any(market == own for market, _ in weights):
            raise ConfigError(f"features.related_markets names {own} itself; a market is not related to itself")
        self._max_age_us = bar_max_age_us(config)
        self._scorer = CrossMarketScorer(
            weights, config.features.volatility_window_bars, config.features.standardise_window_bars, self._max_age_us
        )

    def describe(self) -> Sequence[FeatureDescription]:
        """cross_market_risk_appetite, cross_market_confidence."""
        age = self._max_age_us
        return (
            FeatureDescription("cross_market_risk_appetite", "tone", "related_market", -1.0, 1.0, age,
                               "standardised returns of related markets less their standardised change of volatility"),
            FeatureDescription("cross_market_confidence", "confidence", "related_market", 0.0, MOST_CONFIDENCE, age,
                               "confidence of cross_market_risk_appetite: how many are fresh and agree; 0 without"),
        )  # fmt: skip

    def on_related_bar(self, bar: FuturesBar) -> None:
        """Keep a bar of another market for the next decision."""
        self._scorer.add(bar)

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """The appetite as of the decision."""
        self._scorer.sample(bar.known_ts)
        found = self.sentiment(bar.known_ts)
        quality = GOOD if found.confidence > 0.0 else self._scorer.silence(bar.known_ts)
        return (
            Reading("cross_market_risk_appetite", bar.event_ts, found.score, quality, "related_markets"),
            Reading("cross_market_confidence", bar.event_ts, found.confidence, quality, "related_markets"),
        )

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """Appetite for risk as of the last decision bar."""
        return self._scorer.sentiment(as_of_ts)
