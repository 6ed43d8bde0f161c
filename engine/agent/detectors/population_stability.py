"""Population stability index of each input's innovations, judged by its null quantile for the actual sample sizes.

Idea: `PSI = sum (q - p) ln(q / p)` over the 10 training deciles, half a count added per bin. With no drift it is
about `(1/n + 1/m) chi2(9)`: for 60 recent bars the mean is 0.15, so the textbook 0.10 / 0.25 alarm on nothing. The
limit is the larger of `psi_warning` and the `psi_null_quantile` (Holm's first step: spread over the inputs) for this
n and m. Innovations are used because the levels of an autocorrelated input are no sample of anything.

>>> round(stability_index([10] * 10, [6] * 10), 6), round(null_quantile(1000, 120, 0.999), 3)
(0.0, 0.26)

Papers: Yurdakul and Naranjo, Statistical properties of the PSI, J. Risk Model Validation 2020; arXiv 2307.11878.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from engine.agent.detectors.base import BarContext, Detector, Reading
from engine.agent.reference import ChampionReference
from engine.agent.wording import moment
from engine.kernel.config_models import ObserverConfig

EVERY_BARS: Final = 10
PSEUDO_COUNT: Final = 0.5
BINS: Final = 10


def stability_index(reference_counts: Sequence[float], recent_counts: Sequence[float]) -> float:
    """PSI of two count vectors over the same bins."""
    p = np.asarray(reference_counts, dtype=np.float64) + PSEUDO_COUNT
    q = np.asarray(recent_counts, dtype=np.float64) + PSEUDO_COUNT
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum((q - p) * np.log(q / p)))


@lru_cache(maxsize=64)
def null_quantile(reference_size: int, recent_size: int, level: float) -> float:
    """Quantile of the PSI when nothing drifted: `(1/n + 1/m)` times that of chi-square with `BINS - 1` degrees."""
    return (1.0 / reference_size + 1.0 / recent_size) * _chi_square_quantile(level, BINS - 1)


def _chi_square_quantile(level: float, degrees: int) -> float:
    """Quantile by bisection on the closed form for odd degrees of freedom (no scipy on the hot path)."""
    low, high = 0.0, 400.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        if _chi_square_cdf(middle, degrees) < level:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _chi_square_cdf(x: float, degrees: int) -> float:
    """Distribution function for odd degrees of freedom, by the recurrence from one degree up."""
    total = math.erf(math.sqrt(x / 2.0))
    term = math.sqrt(2.0 * x / math.pi) * math.exp(-x / 2.0)
    for nu in range(3, degrees + 1, 2):
        total -= term
        term *= x / nu
    return total


class PopulationStability(Detector):
    """PSI per input over the recent window, looked at every ten bars."""

    name = "population_stability"

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        super().__init__(reference, config)
        self._windows: list[deque[int]] = [
            deque(maxlen=self.config.psi_window_bars) for _ in self.reference.feature_names
        ]
        self._edges = [np.array(edges) for edges in self.reference.innovation_bins]
        self._last: list[tuple[float, float]] = [(0.0, 1.0) for _ in self.reference.feature_names]
        self._start: deque[int] = deque(maxlen=self.config.psi_window_bars)

    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Bin one bar of innovations; recompute every ten bars."""
        self._start.append(context.observation.ts)
        for window, edges, value in zip(self._windows, self._edges, context.innovations.tolist(), strict=True):
            if math.isfinite(value) and edges.size == BINS - 1:
                window.append(int(np.searchsorted(edges, value)))
        if context.bar % EVERY_BARS == 0:
            self._last = [self._judge(window, edges) for window, edges in zip(self._windows, self._edges, strict=True)]
        return tuple(
            Reading(self.name, name, value, limit, value > limit and not quarantined, "WARNING", self._start[0])
            for name, (value, limit), quarantined in zip(
                self.reference.feature_names, self._last, self.reference.quarantined, strict=True
            )
        )

    def _judge(self, window: deque[int], edges: Any) -> tuple[float, float]:
        width = len(self._windows)
        if len(window) < self.config.psi_window_bars or len(np.unique(edges)) < BINS - 1:
            return 0.0, 1.0
        counts = np.bincount(np.fromiter(window, dtype=np.int64), minlength=BINS)
        training = self.reference.training_bars
        level = 1.0 - (1.0 - self.config.psi_null_quantile) / max(width, 1)
        value = stability_index([training / BINS] * BINS, counts.tolist())
        return value, max(self.config.psi_warning, null_quantile(training, len(window), level))

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
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._windows = [deque(map(int, item), self.config.psi_window_bars) for item in state["windows"]]
        self._last = [(float(value), float(limit)) for value, limit in state["last"]]
        self._start = deque(map(int, state["start"]), self.config.psi_window_bars)
