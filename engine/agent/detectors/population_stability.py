"""Population stability index of each input's innovations, judged by its null quantile for the actual sample sizes.

Idea: the PSI (`engine/sandbox/statistics/population_stability.py`) of the last `psi_window_bars` innovations over the
10 training deciles, every ten bars. The limit is the larger of `psi_warning` and the `psi_null_quantile` (Holm's first
step: spread over the inputs) for these sample sizes, since the textbook 0.10 / 0.25 alarm on nothing. Innovations are
used because the levels of an autocorrelated input are no sample of anything. It informs.

>>> round(null_quantile(1000, 120, 0.999), 3)
0.26

Papers: Yurdakul and Naranjo, Statistical properties of the PSI, J. Risk Model Validation 2020; arXiv 2307.11878.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from typing import Any, Final

import numpy as np

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig
from engine.sandbox.statistics.population_stability import BINS, null_quantile, stability_indices

EVERY_BARS: Final = 10
NOT_JUDGED: Final = (0.0, 1.0)  # value and limit of an input whose window is not full


class PopulationStability(Detector):
    """PSI per input over the recent window, looked at every ten bars; a reading stands until the next look."""

    name = "population_stability"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._edges = [edges if len(set(edges)) == BINS - 1 else () for edges in self.reference.innovation_bins]
        self._restart()

    def _restart(self) -> None:
        width, length = len(self.reference.feature_names), self.config.psi_window_bars
        self._windows: list[deque[int]] = [deque(maxlen=length) for _ in range(width)]
        self._counts = [[0] * BINS for _ in range(width)]
        self._start: deque[int] = deque(maxlen=length)
        self._last: list[tuple[float, float]] = [NOT_JUDGED] * width
        self._since = 0
        self._readings: tuple[Reading, ...] = ()

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Bin one bar of innovations; recompute every ten bars."""
        self._start.append(context.observation.ts)
        rows = zip(context.innovations.tolist(), self._edges, self._windows, self._counts, strict=True)
        for value, edges, window, counts in rows:
            if edges and math.isfinite(value):
                if len(window) == window.maxlen:
                    counts[window[0]] -= 1
                found = bisect_left(edges, value)
                window.append(found)
                counts[found] += 1
        if context.bar % EVERY_BARS == 0 or not self._readings:
            self._judge()
        return self._readings

    def _judge(self) -> None:
        length, training = self.config.psi_window_bars, self.reference.training_bars
        level = 1.0 - (1.0 - self.config.psi_null_quantile) / max(len(self._windows), 1)
        limit = max(self.config.psi_warning, null_quantile(training, length, level))
        values = stability_indices(np.full(BINS, training / BINS), np.array(self._counts).reshape(-1, BINS)).tolist()
        self._last = [
            (value, limit) if len(window) == length else NOT_JUDGED
            for value, window in zip(values, self._windows, strict=True)
        ]
        self._since = self._start[0]
        self._read()

    def _read(self) -> None:
        ref = self.reference
        self._readings = tuple(
            Reading(self.name, name, value, limit, value > limit and not quarantined, "INFO", self._since)
            for name, (value, limit), quarantined in zip(ref.feature_names, self._last, ref.quarantined, strict=True)
        )

    def describe(self, reading: Reading) -> str:
        """PSI and its limit."""
        return (
            f"Input {reading.subject} has another distribution than in training since {moment(reading.since_ts)}: PSI "
            f"{reading.value:.2f}, limit {reading.threshold:.2f} for these sample sizes."
        )

    def state(self) -> dict[str, Any]:
        """Bins of the recent window and the last verdicts."""
        return {
            "windows": [list(item) for item in self._windows],
            "last": [list(item) for item in self._last],
            "start": list(self._start),
            "since": self._since,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._restart()
        for window, counts, bins in zip(self._windows, self._counts, state["windows"], strict=True):
            window.extend(map(int, bins))
            for found in window:
                counts[found] += 1
        self._start.extend(map(int, state["start"]))
        self._last = [(float(value), float(limit)) for value, limit in state["last"]]
        self._since = int(state["since"])
        if self._since:
            self._read()
