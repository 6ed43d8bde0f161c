"""Bounds of bounded inputs: near the true ones, though training may never have come near them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.agent.bound_search import with_likeliest_bounds
from engine.agent.even_scale import EvenScale, even_scores, fit_even_scale
from engine.agent.innovation_charts import CHARTS, calibrate_charts, chart_increments, mixed_evidence, weighted_sums

FloatArray = NDArray[np.float64]
BOUND = 0.9
TRAINING = 1000


def bounded_input(seed: int, bars: int, persistence: float = 0.95) -> FloatArray:
    """A wandering factor shown between -BOUND and BOUND."""
    rng = np.random.default_rng(seed)
    factor = np.zeros(bars)
    for bar in range(1, bars):
        factor[bar] = persistence * factor[bar - 1] + np.sqrt(1 - persistence**2) * rng.standard_normal()
    shown: FloatArray = BOUND * np.tanh(0.5 * factor)
    return shown


def is_called_restless(column: FloatArray, scale: EvenScale) -> bool:
    """Whether charts calibrated on the first 1,000 bars ever alarm on the rest."""
    scores = even_scores(column, scale)
    taught = scores[:TRAINING]
    ar1 = float(taught[:-1] @ taught[1:] / (taught @ taught))
    steps = scores[1:] - ar1 * scores[:-1]
    steps /= np.std(steps[: TRAINING - 1])
    offset, peak = calibrate_charts(steps[: TRAINING - 1])
    log_sums, limit = np.full(len(CHARTS), -700.0), max(12.7, peak + 4.0)
    for row in chart_increments(steps[TRAINING - 1 :]) - np.array(offset):
        log_sums = np.logaddexp(log_sums, 0.0) + row
        if float(mixed_evidence(weighted_sums(log_sums))) > limit:
            return True
    return False


def test_a_sound_input_that_stays_near_an_extreme_is_not_called_restless() -> None:
    fitted = searched = bent = 0
    for seed in range(25):
        column = bounded_input(seed, TRAINING + 3000)
        first = fit_even_scale(column[:TRAINING])
        if first[0] < first[1]:
            bent += 1
            fitted += is_called_restless(column, first)
            searched += is_called_restless(column, with_likeliest_bounds(column[:TRAINING], first))
    assert bent >= 15
    assert fitted >= 4
    assert searched <= 1


def test_a_scale_without_bounds_is_left_alone() -> None:
    column = np.random.default_rng(0).standard_normal(500)
    scale = fit_even_scale(column)
    assert not scale[0] < scale[1]
    assert with_likeliest_bounds(column, scale) == scale


def test_missing_values_do_not_count() -> None:
    column = bounded_input(1, 1000)
    scale = (column.min() - 0.01, column.max() + 0.01, 0.88, 0.0, 1.0)
    holes = np.where(np.random.default_rng(0).random(1000) < 0.02, np.nan, column)
    low, high, *_ = with_likeliest_bounds(holes, scale)
    whole_low, whole_high, *_ = with_likeliest_bounds(column, scale)
    assert abs(low - whole_low) < 0.1 and abs(high - whole_high) < 0.1
