"""Do an input's innovations still come from the distribution they had when this champion began?

Idea: the first `REFERENCE_WINDOWS * psi_window_bars` bars of innovations are kept; every full, non-overlapping window
of `psi_window_bars` after them is compared with them by a two-sample Kolmogorov-Smirnov test, with Holm's correction
over the inputs, at level `1 - psi_null_quantile`. Each bar is looked at once. What memory the innovations still have
is measured on the first bars and taken off the sample sizes (`effective_sample_size`); without that the test warned
ten times as often as its level says. It sees changes of shape that no decile shows; what had changed before the
champion began is for `population_stability`, which compares with training. Statistic and limit are in decades,
`-log10(p)`.

>>> decades(0.001)
3.0

Papers: Hodges, The significance probability of the Smirnov two-sample test, Arkiv foer Matematik 1958; Holm,
Scandinavian Journal of Statistics 1979.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from engine.agent.detectors.base import BarContext, Detector, FloatArray, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import bars, moment, once_in
from engine.kernel.config_models import ObserverConfig
from engine.sandbox.statistics.effective_sample_size import LEAST_KNOWN, distribution_inflation
from engine.sandbox.statistics.kolmogorov_smirnov import drifted_features

REFERENCE_WINDOWS: Final = 3
LEAST_SHARE: Final = 0.5  # of a window that must be known before an input is judged


def decades(p_value: float) -> float:
    """`-log10(p)`, at most 300."""
    return -math.log10(max(p_value, 1e-300))


class FeatureDistribution(Detector):
    """Kolmogorov-Smirnov on innovations in fixed windows; a reading stands until the next window is full."""

    name = "feature_distribution"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._limit = decades(1.0 - self.config.psi_null_quantile)
        self._baseline: list[FloatArray] = []
        self._window: list[FloatArray] = []
        self._window_start = 0
        self._verdicts = [(0.0, 0.0) for _ in self.reference.feature_names]  # (gap, decades) per input
        self._since = 0
        self._inflation: tuple[float, ...] = ()  # of the baseline, once it is there; NaN where it cannot be measured
        self._readings: tuple[Reading, ...] = ()

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Keep one bar of innovations; judge when the window is full."""
        if not self._window:
            self._window_start = context.observation.ts
        self._window.append(context.innovations)
        if not self._readings:
            self._since = self._window_start
            self._read()
        if len(self._window) == self.config.psi_window_bars:
            if len(self._baseline) < REFERENCE_WINDOWS * self.config.psi_window_bars:
                self._baseline.extend(self._window)
            else:
                self._judge()
            self._window = []
        return self._readings

    def _judge(self) -> None:
        before, now = np.array(self._baseline), np.array(self._window)
        if not self._inflation:
            self._inflation = tuple(_inflation(column) for column in before.T)
        known = np.isfinite(now).sum(axis=0)
        judged = [
            index
            for index, quarantined in enumerate(self.reference.quarantined)
            if not quarantined and known[index] >= LEAST_SHARE * len(now) and math.isfinite(self._inflation[index])
        ]
        found = drifted_features(
            [before[:, index] for index in judged],
            [now[:, index] for index in judged],
            1.0 - self.config.psi_null_quantile,
            [self._inflation[index] for index in judged],
        )
        self._verdicts = [(0.0, 0.0)] * len(self._verdicts)
        for index, (gap, p_value, _) in zip(judged, found, strict=True):
            self._verdicts[index] = (gap, decades(p_value))
        self._since = self._window_start
        self._read()

    def _read(self) -> None:
        self._readings = tuple(
            Reading(
                self.name,
                name,
                value,
                self._limit,
                value > self._limit,
                "INFO",
                self._since,
                False,
                (("gap", gap),),
            )
            for name, (gap, value) in zip(self.reference.feature_names, self._verdicts, strict=True)
        )

    def describe(self, reading: Reading) -> str:
        """The gap, its p-value and the limit."""
        return (
            f"Input {reading.subject} moves otherwise than when this champion began, in the "
            f"{bars(self.config.psi_window_bars)} from {moment(reading.since_ts)}: largest gap of distributions "
            f"{dict(reading.information)['gap']:.2f}, p {10.0**-reading.value:.1g} with all inputs counted, limit "
            f"{10.0**-reading.threshold:.1g} ({once_in(self.false_alarm_bars())})."
        )

    def false_alarm_bars(self) -> float:
        """Mean bars to a false warning of any input, as far as the first bars show the memory that is left."""
        return self.config.psi_window_bars / (1.0 - self.config.psi_null_quantile)

    def state(self) -> dict[str, Any]:
        """Baseline and present window (missing values as null) and the last verdicts."""
        return {
            "baseline": [_plain(row) for row in self._baseline],
            "window": [_plain(row) for row in self._window],
            "window_start": self._window_start,
            "verdicts": [list(item) for item in self._verdicts],
            "since": self._since,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._baseline = [np.array(row, dtype=np.float64) for row in state["baseline"]]
        self._window = [np.array(row, dtype=np.float64) for row in state["window"]]
        self._window_start, self._since = int(state["window_start"]), int(state["since"])
        self._verdicts = [(float(gap), float(value)) for gap, value in state["verdicts"]]
        self._inflation, self._readings = (), ()
        if self._since:
            self._read()


def _inflation(baseline: FloatArray) -> float:
    """Variance inflation of an input's first bars, NaN where too few of them are known to judge it by."""
    return distribution_inflation(baseline) if np.isfinite(baseline).sum() >= LEAST_KNOWN else math.nan


def _plain(row: FloatArray) -> list[float | None]:
    return [item if math.isfinite(item) else None for item in row.tolist()]
