"""The divergence detector as features of each decision bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.signals.divergence import Divergence, DivergenceInput, DivergenceType, Latches, detect
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading
from engine.signals.past_standardiser import PastStandardiser

_QUALITY_CONFIDENCE = {0: 0.0, 1: 0.3, 2: 0.6, 3: 1.0}
_SURFACE_CONFIDENCE = 0.5
_LEANS = ("skew_slope", "implied_tail_asymmetry")


class DivergenceFeatures(FeatureFamily):
    """`divergence_direction`, `divergence_magnitude`, `divergence_type_code`, `divergence_confidence`.

    Options lean with the mean of standardised skew slope and tail asymmetry; the crowd with the standardised composite
    sentiment; tails are the standardised implied excess kurtosis. A reading joins the history only when it is new, and
    its confidence halves with every maximum age that has passed. The magnitude is the gap over the root mean square
    gap of the window before it.
    """

    def __init__(self, config: HydraConfig) -> None:
        features = config.features
        self._enter, self._leave = features.divergence_enter, features.divergence_exit
        self._max_age_us = bar_max_age_us(config)
        window = features.standardise_window_bars
        names = (*_LEANS, "composite_sentiment", "implied_kurt")
        self._standardisers = {name: PastStandardiser(window) for name in names}
        self._scores: dict[str, float] = dict.fromkeys(names, MISSING)
        self._event_ts: dict[str, int] = {}
        self._gaps: list[float] = []
        self._window = window
        self._latches = Latches()
        self.last: Divergence | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """Direction, magnitude, type code and confidence."""
        age = self._max_age_us
        codes = ", ".join(f"{kind.value} {kind.name.lower()}" for kind in DivergenceType)
        return (
            FeatureDescription("divergence_direction", "-1 short, 0 none, 1 long", "derived", -1.0, 1.0, age,
                               "suggested bias where options and the crowd diverge"),
            FeatureDescription("divergence_magnitude", "usual gaps", "derived", 0.0, None, age,
                               "size of what fired over the root mean square size before it"),
            FeatureDescription("divergence_type_code", "code", "derived", 0.0, 7.0, age, codes),
            FeatureDescription("divergence_confidence", "confidence", "derived", 0.0, 1.0, age,
                               "confidence of the divergence, from the quality of options and sentiment"),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Classify the bar."""
        for name in self._standardisers:
            self._refresh(name, latest.get(name))
        leans = [self._scores[name] for name in _LEANS if math.isfinite(self._scores[name])]
        crowd_confidence = latest.get("sentiment_confidence")
        values = DivergenceInput(
            options=math.fsum(leans) / len(leans) if leans else MISSING,
            options_confidence=self._options_confidence(bar.known_ts, latest),
            crowd=self._scores["composite_sentiment"],
            crowd_confidence=crowd_confidence.value if crowd_confidence is not None else 0.0,
            tails=self._scores["implied_kurt"],
        )
        found = detect(values, self._latches, self._enter, self._leave)
        self._latches, self.last = found.latches, found
        magnitude = self._magnitude(found.gap)
        event_ts = min(bar.event_ts, self._event_ts.get("skew_slope", bar.event_ts))
        quality = found.type.name.lower() if found.type is DivergenceType.INSUFFICIENT else GOOD
        return (
            Reading("divergence_direction", event_ts, float(found.direction), quality, "divergence"),
            Reading("divergence_magnitude", event_ts, magnitude,
                    quality if magnitude == magnitude else "too_few_gaps", "divergence"),
            Reading("divergence_type_code", event_ts, float(found.type), quality, "divergence"),
            Reading("divergence_confidence", event_ts, found.confidence, quality, "divergence"),
        )  # fmt: skip

    def _refresh(self, name: str, reading: Reading | None) -> None:
        if reading is None or self._event_ts.get(name) == reading.event_ts:
            return
        self._event_ts[name] = reading.event_ts
        self._scores[name] = self._standardisers[name].update(reading.value)

    def _options_confidence(self, known_ts: int, latest: Mapping[str, Reading]) -> float:
        skew, quality = latest.get("skew_slope"), latest.get("density_quality")
        if skew is None or skew.value != skew.value:
            return 0.0
        level = _QUALITY_CONFIDENCE[int(quality.value)] if quality is not None else _SURFACE_CONFIDENCE
        age: float = 0.5 ** (max(0, known_ts - skew.event_ts) / self._max_age_us)
        return level * age

    def _magnitude(self, gap: float) -> float:
        if not math.isfinite(gap):
            return MISSING
        recent = self._gaps[-self._window :]
        usual = math.sqrt(math.fsum(value * value for value in recent) / len(recent)) if len(recent) >= 30 else MISSING
        self._gaps.append(gap)
        del self._gaps[: -self._window]
        return gap / usual if usual > 0.0 else MISSING
