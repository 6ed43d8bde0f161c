"""Volume, signed flow and liquidity proxies of the decision series."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading
from engine.signals.sentiment.flow_scorer import MOST_CONFIDENCE, FlowScorer
from engine.signals.sentiment.sentiment_score import SentimentScore


class VolumeFlow(FeatureFamily):
    """`volume_ratio`, `flow_imbalance`, `range_ratio`, `illiquidity`, and `flow_score` with `flow_confidence`.

    volume_ratio is ln(volume / mean volume of the bars before it); flow_imbalance is the close's place in the bar's
    range, (2C-H-L)/(H-L), a signed-volume proxy in [-1, 1] (Williams accumulation, per bar); range_ratio is ln(H/L),
    the widest move inside the bar; illiquidity is the mean of range_ratio per root of volume, a relative of Amihud
    (2002) under the square-root impact law. flow_score is what `sentiment/flow_scorer.py` makes of the last bars; a bar
    whose close lies outside its range has an imbalance but no say in it.
    """

    def __init__(self, config: HydraConfig) -> None:
        self._window = config.features.volatility_window_bars
        self._volumes: deque[float] = deque(maxlen=self._window)
        self._costs: deque[float] = deque(maxlen=self._window)
        self._max_age_us = bar_max_age_us(config)
        self._scorer = FlowScorer(self._max_age_us)

    def describe(self) -> Sequence[FeatureDescription]:
        """volume_ratio, flow_imbalance, range_ratio, illiquidity, flow_score, flow_confidence."""
        age = self._max_age_us
        return (
            FeatureDescription("volume_ratio", "log ratio", "futures_bar", -20.0, 20.0, age,
                               f"ln of volume over the mean volume of the {self._window} bars before"),
            FeatureDescription("flow_imbalance", "share of the range", "futures_bar", -1.0, 1.0, age,
                               "(2C-H-L)/(H-L) of the bar; missing where the bar has no range"),
            FeatureDescription("range_ratio", "log ratio", "futures_bar", 0.0, 2.0, age, "ln(high/low) of the bar"),
            FeatureDescription("illiquidity", "log return per root volume", "futures_bar", 0.0, None, age,
                               f"mean over {self._window} bars of ln(high/low)/sqrt(volume)"),
            FeatureDescription("flow_score", "tone", "futures_bar", -1.0, 1.0, age,
                               "signed over whole volume of the last bars, by half less every two bars"),
            FeatureDescription("flow_confidence", "confidence", "futures_bar", 0.0, MOST_CONFIDENCE, age,
                               "confidence of flow_score, larger with the volume behind it; 0 without data"),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Readings of all features of the family, at every bar."""
        known = [volume for volume in self._volumes if volume > 0.0]
        usual = math.fsum(known) / len(known) if 2 * len(known) >= self._window else MISSING
        ratio = math.log(bar.volume / usual) if bar.volume > 0.0 and usual > 0.0 else MISSING
        self._volumes.append(bar.volume)
        span = bar.high - bar.low
        imbalance = MISSING
        if span > 0.0 and bar.close == bar.close:
            imbalance = min(1.0, max(-1.0, (2.0 * bar.close - bar.high - bar.low) / span))
        width = math.log(bar.high / bar.low) if bar.low > 0.0 and span >= 0.0 else MISSING
        self._costs.append(width / math.sqrt(bar.volume) if bar.volume > 0.0 else MISSING)
        costs = [cost for cost in self._costs if cost == cost]
        illiquidity = math.fsum(costs) / len(costs) if 2 * len(costs) >= self._window else MISSING
        outside = "close_outside_range" if not bar.low <= bar.close <= bar.high else GOOD
        self._scorer.update(bar, imbalance if outside == GOOD else MISSING, usual)
        flow = self.sentiment(bar.known_ts)
        signed = GOOD if flow.confidence > 0.0 else "no_signed_volume"
        return (
            _reading("volume_ratio", bar, ratio, GOOD, "volume_missing"),
            _reading("flow_imbalance", bar, imbalance, outside, "no_range"),
            _reading("range_ratio", bar, width, GOOD, "no_range"),
            _reading("illiquidity", bar, illiquidity, GOOD, "too_few_bars"),
            _reading("flow_score", bar, flow.score, GOOD, "no_signed_volume"),
            _reading("flow_confidence", bar, flow.confidence, signed, signed),
        )

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """Signed volume as sentiment at a moment."""
        return self._scorer.sentiment(as_of_ts)


def _reading(feature: str, bar: FuturesBar, value: float, quality: str, otherwise: str) -> Reading:
    return Reading(feature, bar.event_ts, value, quality if value == value else otherwise, bar.series)
