"""Has an input been re-scaled or shifted? CUSUM-type charts on its whitened innovations.

Idea: level and variance of an autocorrelated feature wander even when nothing is wrong, its AR(1) innovations do not.
Four likelihood-ratio charts per feature (`innovation_charts.CHARTS`: louder, or louder and moved) run as
Shiryaev-Roberts sums, each divided by its mean ratio in training, so that heavy tails and quantisation are in the
null. The log of their weighted mean (`WEIGHTS`) above `feature_evidence_h` (or 4 nats above what training itself once
showed) decides. Besides it a plain variance CUSUM, `C = max(0, C + (min(u^2, 9) - 1)/sqrt(2) - k) > h` with
`feature_cusum_k`, `feature_cusum_h`, informs.

>>> from engine.agent.innovation_charts import chart_increments
>>> import numpy as np
>>> bool(chart_increments(np.array([3.0]))[0, 1] > 2.0)   # a 3 sd innovation speaks for a louder input
True

Papers: Shin, Ramdas, Rinaldo, E-detectors, NEJSDS 2023; Lu and Reynolds, CUSUM charts for autocorrelated processes,
JQT 2001.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.detectors.run_length import evidence_run_length
from engine.agent.innovation_charts import CHARTS, chart_increments, mixed_evidence, weighted_sums
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment, once_in
from engine.kernel.config_models import ObserverConfig

TRAINING_MARGIN: Final = 4.0
_SQUARE_SD: Final = math.sqrt(2.0)  # of the square of a standard normal
_LOUDEST: Final = tuple((("chart", float(place)),) for place in range(len(CHARTS)))


class FeatureVariance(Detector):
    """Mean and variance charts for every input."""

    name = "feature_variance"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        width = len(self.reference.feature_names)
        self._offset = np.array(self.reference.chart_offset).reshape(width, len(CHARTS))
        peak = np.array(self.reference.chart_training_peak)
        self._threshold = np.maximum(self.config.feature_evidence_h, peak + TRAINING_MARGIN)
        self._limits = self._threshold.tolist()
        self._judged = [not flag for flag in reference.quarantined]
        self._names = [(name, f"{name}/variance") for name in reference.feature_names]
        self._log_sums = np.full((width, len(CHARTS)), -700.0)
        # the last column is the plain variance CUSUM
        self._cusums = np.zeros((width, len(CHARTS) + 1))
        self._steps = np.zeros_like(self._cusums)
        self._since = np.zeros((width, len(CHARTS) + 1), dtype=np.int64)
        self._begun = False

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Add one bar of innovations."""
        ts = context.observation.ts
        if not self._begun:
            self._since[:] = ts
            self._begun = True
        u = context.innovations
        steps = self._steps
        charts = chart_increments(u)
        charts -= self._offset
        steps[:, :-1] = charts
        sizes = np.minimum(u * u, 9.0)
        sizes -= 1.0
        sizes /= _SQUARE_SD
        np.subtract(sizes, self.config.feature_cusum_k, out=steps[:, -1])
        log_sums = np.logaddexp(self._log_sums, 0.0)
        log_sums += charts
        if not math.isfinite(u.dot(u)):
            missing = ~np.isfinite(u)
            steps[missing] = 0.0
            log_sums[missing] = self._log_sums[missing]
        self._log_sums = log_sums
        self._cusums += steps
        np.copyto(self._since, ts, where=self._cusums <= 0.0)
        np.maximum(self._cusums, 0.0, out=self._cusums)
        return self._readings()

    def _readings(self) -> tuple[Reading, ...]:
        weighted = weighted_sums(self._log_sums)
        evidence = mixed_evidence(weighted).tolist()
        best = weighted.argmax(axis=1).tolist()
        levels, since = self._cusums[:, -1].tolist(), self._since.tolist()
        limit, detector = self.config.feature_cusum_h, self.name
        readings: list[Reading] = []
        rows = zip(self._names, self._judged, evidence, self._limits, best, levels, since, strict=True)
        for (name, also), judged, mixed, h, chart, level, begun in rows:
            value = mixed if mixed > 0.0 else 0.0
            loudest = judged and value > h
            readings.append(Reading(detector, name, value, h, loudest, "CRITICAL", begun[chart], True, _LOUDEST[chart]))
            readings.append(Reading(detector, also, level, limit, judged and level > limit, "INFO", begun[-1]))
        return tuple(readings)

    def describe(self, reading: Reading) -> str:
        """Which input changed and how."""
        feature, _, kind = reading.subject.partition("/")
        if kind:
            return (
                f"Input {feature} moves more than in training since {moment(reading.since_ts)}: variance CUSUM "
                f"{reading.value:.1f}, limit {reading.threshold:.1f}."
            )
        shift, scale = CHARTS[int(dict(reading.information)["chart"])]
        how = f"jumps about some {scale:.1f} times as far as in training" + (" and has moved" if shift else "")
        return (
            f"Input {feature} {how} since {moment(reading.since_ts)}: evidence {reading.value:.1f} nats, limit "
            f"{reading.threshold:.1f} nats ({once_in(evidence_run_length(reading.threshold))})."
        )

    def false_alarm_bars(self) -> float:
        """Bound over all judged inputs together."""
        count = sum(not flag for flag in self.reference.quarantined)
        return evidence_run_length(float(np.min(self._threshold, initial=self.config.feature_evidence_h))) / max(
            count, 1
        )

    def state(self) -> dict[str, Any]:
        """All sums, features by charts."""
        return {
            "log_sums": self._log_sums.tolist(),
            "cusums": self._cusums[:, :-1].tolist(),
            "since": self._since[:, :-1].tolist(),
            "variance_cusum": self._cusums[:, -1].tolist(),
            "variance_since": self._since[:, -1].tolist(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._log_sums = np.array(state["log_sums"], dtype=np.float64)
        self._cusums[:, :-1], self._cusums[:, -1] = state["cusums"], state["variance_cusum"]
        self._since[:, :-1], self._since[:, -1] = state["since"], state["variance_since"]
        self._begun = bool(self._since.any())
