"""Has an input been re-scaled or shifted? CUSUM-type charts on its whitened innovations.

Idea: level and variance of an autocorrelated feature wander even when nothing is wrong, its AR(1) innovations do not.
Four likelihood-ratio charts per feature (`innovation_charts.CHARTS`: louder, or louder and moved) run as
Shiryaev-Roberts sums, each divided by its mean ratio in training, so that heavy tails and quantisation are in the
null. The log of their weighted mean (`WEIGHTS`) above `feature_evidence_h` (or 4 nats above what training itself once
showed) decides. Besides it a plain variance CUSUM, `C = max(0, C + (min(u^2, 9) - 1)/sqrt(2) - k) > h` with
`feature_cusum_k`, `feature_cusum_h`, warns.

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
from engine.agent.innovation_charts import CHARTS, WEIGHTS, chart_increments, mixed_evidence
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment, once_in
from engine.kernel.config_models import ObserverConfig

TRAINING_MARGIN: Final = 4.0
_LOG_WEIGHTS: Final = np.log(WEIGHTS)


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
        self._rows = np.arange(width)
        self._log_sums = np.full((width, len(CHARTS)), -700.0)
        self._cusums = np.zeros((width, len(CHARTS)))
        self._since = np.zeros((width, len(CHARTS)), dtype=np.int64)
        self._variance_cusum = np.zeros(width)
        self._variance_since = np.zeros(width, dtype=np.int64)

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Add one bar of innovations."""
        ts = context.observation.ts
        if not self._since.any():
            self._since[:] = ts
            self._variance_since[:] = ts
        u = context.innovations
        seen = np.isfinite(u)
        white = np.where(seen, u, 0.0)
        increments = np.where(seen[:, None], chart_increments(white) - self._offset, 0.0)
        self._log_sums = np.where(seen[:, None], np.logaddexp(self._log_sums, 0.0) + increments, self._log_sums)
        level = self._cusums + increments
        self._since = np.where(level <= 0.0, ts, self._since)
        self._cusums = np.maximum(level, 0.0)
        step = (np.minimum(white * white, 9.0) - 1.0) / math.sqrt(2.0) - self.config.feature_cusum_k
        variance = self._variance_cusum + np.where(seen, step, 0.0)
        self._variance_since = np.where(variance <= 0.0, ts, self._variance_since)
        self._variance_cusum = np.maximum(variance, 0.0)
        return self._readings()

    def _readings(self) -> tuple[Reading, ...]:
        evidence = np.maximum(mixed_evidence(self._log_sums), 0.0).tolist()
        best = np.argmax(self._log_sums + _LOG_WEIGHTS, axis=1).tolist()
        since = self._since[self._rows, best].tolist()
        variance, variance_since = self._variance_cusum.tolist(), self._variance_since.tolist()
        readings: list[Reading] = []
        limit = self.config.feature_cusum_h
        for index, (name, also) in enumerate(self._names):
            judged, h, value, level = self._judged[index], self._limits[index], evidence[index], variance[index]
            chart = (("chart", float(best[index])),)
            readings.append(
                Reading(self.name, name, value, h, judged and value > h, "CRITICAL", since[index], True, chart)
            )
            readings.append(
                Reading(self.name, also, level, limit, judged and level > limit, "WARNING", variance_since[index])
            )
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
            "cusums": self._cusums.tolist(),
            "since": self._since.tolist(),
            "variance_cusum": self._variance_cusum.tolist(),
            "variance_since": self._variance_since.tolist(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._log_sums = np.array(state["log_sums"], dtype=np.float64)
        self._cusums = np.array(state["cusums"], dtype=np.float64)
        self._since = np.array(state["since"], dtype=np.int64)
        self._variance_cusum = np.array(state["variance_cusum"], dtype=np.float64)
        self._variance_since = np.array(state["variance_since"], dtype=np.int64)
