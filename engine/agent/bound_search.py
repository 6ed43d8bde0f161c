"""How far beyond the values seen lie the bounds of a bounded input? The training bars' likelihood says.

Idea: a thousand autocorrelated bars may never come near a bound. Bounds put close to the extremes seen stretch the
scale there, and an input that later stays near an extreme, or passes it, looks restless without any fault. So each
bound is tried at some `MARGINS` of the range beyond its extreme, and the pair is taken under which the AR(1) on the
even scale is likeliest, the scale's slope counted (Box and Cox, An analysis of transformations, JRSS B 1964).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.agent.even_scale import EvenScale, even_scores, fit_even_scale

FloatArray = NDArray[np.float64]
MARGINS: Final = (0.02, 0.05, 0.1, 0.2)


def with_likeliest_bounds(column: FloatArray, scale: EvenScale) -> EvenScale:
    """The scale of a training column (NaN missing) with its bounds searched; one without bounds as it is."""
    if not scale[0] < scale[1]:
        return scale
    known = column[np.isfinite(column)]
    low, high = float(np.min(known)), float(np.max(known))
    beyond = [margin * (high - low) for margin in MARGINS]
    tried = [fit_even_scale(column, (low - below, high + above)) for below in beyond for above in beyond]
    return max(tried, key=lambda item: _log_likelihood(column, item))


def _log_likelihood(column: FloatArray, scale: EvenScale) -> float:
    scores = even_scores(column, scale)
    former, later, value = scores[:-1], scores[1:], column[1:]
    both = np.isfinite(former) & np.isfinite(later)
    former, later, value = former[both], later[both], value[both]
    energy = float(np.dot(former, former))
    ar1 = float(np.dot(former, later)) / energy if energy > 0.0 else 0.0
    noise = float(np.std(later - ar1 * former))
    return _log_slopes(value, scale) - len(later) * math.log(max(noise, 1e-12))


def _log_slopes(values: FloatArray, scale: EvenScale) -> float:
    """Sum of the logs of the scale's slope at values[n], up to a number that no scale changes."""
    low, high, edge, _, sd = scale
    share = np.clip((2.0 * values - low - high) / (high - low), -edge, edge)
    return -float(np.log1p(-(share**2)).sum()) - len(values) * math.log((high - low) * sd)
