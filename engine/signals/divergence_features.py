"""The divergence detector as features of each decision bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_SECOND
from engine.signals.divergence.axes import DivergenceInput, DivergenceThresholds, Latches
from engine.signals.divergence.detector import Divergence, detect
from engine.signals.divergence.divergence_type import DivergenceType
from engine.signals.divergence.evidence import EvidenceItem
from engine.signals.divergence.measures import (
    LEAN_MEASURES,
    TAIL_MEASURES,
    Measure,
    MeasureReading,
    combine,
    reliability,
)
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading
from engine.signals.past_standardiser import PastStandardiser

CROWD_FEATURE: Final = "composite_sentiment"
# Confidence by `density_quality`; a surface without any density stands between prior_only and degraded.
_QUALITY_CONFIDENCE: Final = (0.0, 0.3, 0.6, 1.0)
_SURFACE_CONFIDENCE: Final = 0.5
_LEAST_GAPS: Final = 30


class DivergenceFeatures(FeatureFamily):
    """`divergence_direction`, `divergence_magnitude`, `divergence_type_code`, `divergence_confidence`, and what they
    rest on: `divergence_options_lean`, `divergence_options_confidence`, `divergence_crowd_lean`, `divergence_tails`.

    Every measure and the composite sentiment are standardised against their own past; a reading joins its past only
    when it is new. The magnitude is the gap over the root mean square gap of the window before it. `last` is the whole
    answer for the newest bar, with the rule that fired and its evidence.
    """

    def __init__(self, config: HydraConfig) -> None:
        features = config.features
        self._thresholds = DivergenceThresholds.of(features)
        self._max_age_us = bar_max_age_us(config)
        # That of the density's own features: it is due at every `density_every_bars`-th chain only.
        bar_us = config.market.bar_seconds * MICROS_PER_SECOND
        self._density_max_age_us = max(self._max_age_us, (features.density_every_bars + 3) * bar_us)
        self._window = features.standardise_window_bars
        names = (*(measure.feature for measure in (*LEAN_MEASURES, *TAIL_MEASURES)), CROWD_FEATURE)
        self._standardisers = {name: PastStandardiser(self._window) for name in names}
        self._scores: dict[str, float] = dict.fromkeys(names, MISSING)
        self._event_ts: dict[str, int] = {}
        self._gaps: list[float] = []
        self._latches = Latches()
        self._emitted_ts = 0
        self.last: Divergence | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """Direction, magnitude, type code and confidence; lean and confidence of options, lean of the crowd, tails."""
        age = self._max_age_us
        codes = ", ".join(f"{kind.value} {kind.name.lower()}" for kind in DivergenceType)
        return (
            FeatureDescription("divergence_direction", "-1 short, 0 none, 1 long", "derived", -1.0, 1.0, age,
                               "suggested bias where options and the crowd diverge", 2),
            FeatureDescription("divergence_magnitude", "usual gaps", "derived", 0.0, None, age,
                               "size of what fired over the root mean square size before it", 2),
            FeatureDescription("divergence_type_code", "code", "derived", 0.0, 7.0, age, codes, 2),
            FeatureDescription("divergence_confidence", "confidence", "derived", 0.0, 1.0, age,
                               "confidence of the divergence, from the quality of options and sentiment", 2),
            FeatureDescription("divergence_options_lean", "standard deviations", "derived", -10.0, 10.0, age,
                               "asymmetry of the options against its own past; positive where they lean up"),
            FeatureDescription("divergence_options_confidence", "confidence", "derived", 0.0, 1.0, age,
                               "confidence of the lean: density quality, standard errors, ages, what is missing"),
            FeatureDescription("divergence_crowd_lean", "standard deviations", "derived", -10.0, 10.0, age,
                               "composite sentiment against its own past; positive where bullish"),
            FeatureDescription("divergence_tails", "standard deviations", "derived", -10.0, 10.0, age,
                               "excess kurtosis and term structure against their own past; positive where fat"),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Classify the bar."""
        for name in self._standardisers:
            self._refresh(name, latest.get(name))
        lean_parts = self._measures(LEAN_MEASURES, bar.known_ts, latest)
        tail_parts = self._measures(TAIL_MEASURES, bar.known_ts, latest)
        lean, tails = combine(lean_parts), combine(tail_parts)
        values = DivergenceInput(
            options=lean.score,
            options_confidence=_quality_confidence(latest.get("density_quality")) * lean.confidence,
            crowd=self._scores[CROWD_FEATURE],
            crowd_confidence=_value(latest.get("sentiment_confidence")),
            tails=tails.score,
            tails_confidence=tails.confidence,
        )
        found = detect(values, self._latches, self._thresholds)
        self._latches = found.latches
        parts = tuple(
            EvidenceItem(f"{part.measure.feature}_sd", part.score)
            for part in (*lean_parts, *tail_parts)
            if part.measure.feature in self._event_ts
        )
        magnitude = self._magnitude(found.gap)
        self.last = replace(found, magnitude=magnitude, evidence=found.evidence + parts)
        return self._readings(bar, values, self.last)

    def _readings(self, bar: FuturesBar, values: DivergenceInput, found: Divergence) -> Sequence[Reading]:
        event_ts = self._moment(bar)
        insufficient = found.type is DivergenceType.INSUFFICIENT
        quality = "insufficient" if insufficient else GOOD
        magnitude_quality = quality if insufficient or math.isfinite(found.magnitude) else "too_few_gaps"
        answers = (
            ("divergence_direction", float(found.direction), quality),
            ("divergence_magnitude", found.magnitude, magnitude_quality),
            ("divergence_type_code", float(found.type), quality),
            ("divergence_confidence", found.confidence, quality),
            ("divergence_options_lean", values.options, _quality_of(values.options)),
            ("divergence_options_confidence", values.options_confidence, GOOD),
            ("divergence_crowd_lean", values.crowd, _quality_of(values.crowd)),
            ("divergence_tails", values.tails, _quality_of(values.tails)),
        )
        return [Reading(name, event_ts, value, why, "divergence") for name, value, why in answers]

    def _refresh(self, name: str, reading: Reading | None) -> None:
        if reading is None or self._event_ts.get(name) == reading.event_ts:
            return
        self._event_ts[name] = reading.event_ts
        self._scores[name] = self._standardisers[name].update(reading.value)

    def _measures(
        self, measures: Sequence[Measure], known_ts: int, latest: Mapping[str, Reading]
    ) -> list[MeasureReading]:
        moments = {measure: self._event_ts.get(measure.feature, 0) for measure in measures}
        known = [moment for measure, moment in moments.items() if math.isfinite(self._scores[measure.feature])]
        newest = max(known, default=0)
        return [
            MeasureReading(
                measure,
                self._scores[measure.feature],
                self._reliability(measure.feature, latest) * self._freshness(measure, known_ts - moment),
                0.5 ** (max(0, newest - moment) / self._max_age_us),
            )
            for measure, moment in moments.items()
        ]

    def _reliability(self, name: str, latest: Mapping[str, Reading]) -> float:
        error = latest.get(f"{name}_error")
        return 1.0 if error is None else reliability(self._standardisers[name].deviation, error.value)

    def _freshness(self, measure: Measure, age_us: int) -> float:
        """Halves with every maximum age of the measure."""
        max_age_us = self._density_max_age_us if measure.from_density else self._max_age_us
        return float(0.5 ** (max(0, age_us) / max_age_us))

    def _moment(self, bar: FuturesBar) -> int:
        """The bar, or the newest of the option measures where they are older; never before what was said already, or
        the store would go on preferring that."""
        options = [self._event_ts[item.feature] for item in LEAN_MEASURES if item.feature in self._event_ts]
        self._emitted_ts = max(self._emitted_ts, min(bar.event_ts, max(options, default=bar.event_ts)))
        return self._emitted_ts

    def _magnitude(self, gap: float) -> float:
        if not math.isfinite(gap):
            return MISSING
        recent = self._gaps[-self._window :]
        enough = len(recent) >= min(_LEAST_GAPS, self._window)
        usual = math.sqrt(math.fsum(value * value for value in recent) / len(recent)) if enough else MISSING
        self._gaps.append(gap)
        del self._gaps[: -self._window]
        return gap / usual if usual > 0.0 else MISSING


def _quality_confidence(quality: Reading | None) -> float:
    if quality is None:
        return _SURFACE_CONFIDENCE
    if not math.isfinite(quality.value):
        return 0.0
    return _QUALITY_CONFIDENCE[min(3, max(0, int(quality.value)))]


def _value(reading: Reading | None) -> float:
    return MISSING if reading is None else reading.value


def _quality_of(score: float) -> str:
    return GOOD if math.isfinite(score) else "unknown_or_short_past"
