"""When did it begin? Maximum-likelihood change points over the observations at hand.

A change point is the start of the suffix with the largest sum of log likelihood ratios
(`engine/sandbox/statistics/change_point.py`). Each function returns an index into the window given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.agent.detectors.edge_evidence import LOSSES, loss_increment
from engine.agent.even_scale import even_score
from engine.agent.innovation_charts import WEIGHTS, chart_increments
from engine.agent.observation import BarObservation
from engine.agent.reference import ChampionReference
from engine.sandbox.statistics.change_point import best_suffix
from engine.sandbox.statistics.volatility_filter import MULTIPLES

FloatArray = NDArray[np.float64]
TAIL = 5.0


def edge_change(window: Sequence[BarObservation], reference: ChampionReference) -> tuple[int, float, float]:
    """Where the edge was lost, the size of loss that says so best, and by how many nats that start is better than the
    window's first bar (near 0: the edge may never have been there). Volatility is that of the last 20 bars."""
    volatility = reference.training_volatility
    share = math.sqrt(max(1.0 - reference.correlation**2, 1e-6))
    variance = volatility**2
    rows = np.zeros((len(LOSSES), len(window)))
    for column, item in enumerate(window):
        if item.scored:
            promised = item.expected_return / volatility
            residual = (item.realised_return / math.sqrt(variance) - promised) / share
            for row, loss in enumerate(LOSSES):
                rows[row, column] = loss_increment(residual, promised / share, loss)
        if math.isfinite(item.realised_return):
            size = min(abs(item.realised_return), 4.0 * math.sqrt(variance))
            variance += 0.034 * (size * size - variance)
    found = [best_suffix(row) for row in rows]
    best = max(range(len(LOSSES)), key=lambda index: found[index][1])
    return found[best][0], LOSSES[best], found[best][1] - float(rows[best].sum())


def input_change(window: Sequence[BarObservation], reference: ChampionReference, index: int) -> int:
    """Where an input's innovations changed."""
    offset, scale = reference.input_offset[index], reference.input_scale[index]
    scores = np.array(
        [even_score((item.values[index] - offset) / scale, reference.even_scale[index]) for item in window]
    )
    innovations = np.full(len(window), math.nan)
    innovations[1:] = (scores[1:] - reference.feature_ar1[index] * scores[:-1]) / reference.innovation_sd[index]
    innovations /= reference.innovation_units(index, [item.realised_return for item in window])
    known = np.isfinite(innovations)
    charts = chart_increments(np.where(known, innovations, 0.0)) - np.array(reference.chart_offset[index])
    charts = np.where(known[:, None], charts, 0.0)
    found = [best_suffix(charts[:, chart]) for chart in range(charts.shape[1])]
    best = max(range(len(found)), key=lambda chart: found[chart][1] + math.log(WEIGHTS[chart]))
    return found[best][0]


def volatility_change(window: Sequence[BarObservation], reference: ChampionReference) -> int:
    """Where returns became louder than training, against a market one natural standard deviation above it."""
    quiet = math.exp(reference.log_volatility_sd)
    sizes = np.array([item.realised_return for item in window]) / reference.training_volatility
    known = np.isfinite(sizes)
    squares = np.where(known, sizes, 0.0) ** 2
    spread = TAIL - 2.0

    def log_density(scale: float) -> FloatArray:
        density: FloatArray = -0.5 * (TAIL + 1.0) * np.log1p(squares / (spread * scale * scale)) - math.log(scale)
        return density

    found = [best_suffix(np.where(known, log_density(multiple) - log_density(quiet), 0.0)) for multiple in MULTIPLES]
    return max(found, key=lambda item: item[1])[0]
