"""Does a way of fitting have an edge at all? Each block of bars is forecast from the bars before it.

The sum of log likelihood ratios against the forecast 0 is the evidence (Dawid, Statistical theory: the prequential
approach, JRSS A 1984): fits that learned noise lose it again on the next bars, and no correction for the number of
inputs is needed. Above `deployment_nats` (3 in the settings) the rule may be traded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.sandbox.statistics.likelihood_gate import LARGEST_FORECAST, TAIL

FloatArray = NDArray[np.float64]
BLOCK_BARS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class PrequentialEdge:
    """Evidence in nats, and the weights[d] of the fit on all bars with the variance that it leaves (at least .05)."""

    nats: float
    weights: FloatArray
    residual_variance: float


def prequential_edge(inputs: FloatArray, returns: FloatArray, *, prior_r2: float) -> PrequentialEdge:
    """Bayes ridge with prior `weight ~ N(0, prior_r2 / d)` on standardised inputs[n, d] and scaled returns[n]."""
    count, width = inputs.shape
    penalty = width / prior_r2 * np.eye(width)
    gram, moment = np.zeros((width, width)), np.zeros(width)
    forecasts = np.zeros(count)
    for start in range(0, count, BLOCK_BARS):
        block, told = inputs[start : start + BLOCK_BARS], returns[start : start + BLOCK_BARS]
        if start:
            forecasts[start : start + BLOCK_BARS] = block @ np.linalg.solve(gram + penalty, moment)
        gram += block.T @ block
        moment += block.T @ told
    weights = np.linalg.solve(gram + penalty, moment)
    variance = max(float(np.mean((returns - inputs @ weights) ** 2)), 0.05) if count else 1.0
    noise = np.sqrt(variance)
    residual = returns / noise
    shift = np.clip(forecasts / noise, -LARGEST_FORECAST, LARGEST_FORECAST)
    spread = TAIL - 2.0
    ratios = -0.5 * (TAIL + 1.0) * np.log((spread + (residual - shift) ** 2) / (spread + residual**2))
    return PrequentialEdge(float(np.sum(ratios)), weights, variance)
