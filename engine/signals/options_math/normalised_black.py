"""The normalised out-of-the-money Black price, without cancellation.

With x = |ln(F/K)| and s = sigma sqrt(T), the undiscounted price of the out-of-the-money option is sqrt(F K) b(x, s).
With h = x/s, t = s/2 and the Mills ratio Y (Jaeckel, "Let's Be Rational", 2013, section 2):
    b       = exp(-(h^2 + t^2)/2) / sqrt(2 pi) * [Y(h - t) - Y(h + t)],      db/ds = exp(-(h^2 + t^2)/2) / sqrt(2 pi)
    e^(-x/2) - b = exp(-(h^2 + t^2)/2) / sqrt(2 pi) * [Y(t - h) + Y(t + h)]
so that d ln b / ds is one over the first bracket. For small t the two Mills ratios nearly agree; then the bracket is
summed from the positive moments M_k(h) = int_0^inf u^k exp(-hu - u^2/2) du = (-1)^k Y^(k)(h) as
2 sum_k t^(2k+1) M_(2k+1) / (2k+1)!, where M_1 comes from the mean excess with all its digits.
"""

from __future__ import annotations

import numpy as np

from engine.signals.options_math.mills_ratio import INVERSE_SQRT_2PI, FloatArray, mean_excess, mills_ratio

# Below it five terms of the series leave 6e-17; above it the difference of Mills ratios loses at most (8 + 8h) ulp.
_SERIES_BELOW = 0.06
_UNDERFLOW = 39.0  # exp(-h^2/2) is below the least double


def normalised_price(log_ratio: FloatArray, deviation: FloatArray) -> FloatArray:
    """b(x, s) for one-dimensional x >= 0 and s > 0; zero where it underflows."""
    h, t = log_ratio / deviation, 0.5 * deviation
    scale = INVERSE_SQRT_2PI * np.exp(-0.5 * h * h) * np.exp(-0.5 * t * t)
    value = scale * mills_gap(h, t)
    # The first Mills ratio grows without bound while the price nears e^(-x/2); there at most a third is missing.
    high = np.flatnonzero(t > h + 1.0)
    if high.size:
        value[high] = np.exp(-0.5 * log_ratio[high]) - scale[high] * complement_sum(h[high], t[high])
    value[h > _UNDERFLOW] = 0.0
    return value


def mills_gap(h: FloatArray, t: FloatArray) -> FloatArray:
    """Y(h - t) - Y(h + t) for one-dimensional h >= 0 and t > 0."""
    near, far = mills_ratio(np.stack([h - t, h + t]))
    gap: FloatArray = near - far
    small = np.flatnonzero(t < _SERIES_BELOW)
    if small.size:
        gap[small] = _series(h[small], t[small])
    return gap


def complement_sum(h: FloatArray, t: FloatArray) -> FloatArray:
    """Y(t - h) + Y(t + h): what separates the price from its upper bound."""
    near, far = mills_ratio(np.stack([t - h, t + h]))
    total: FloatArray = near + far
    return total


def _series(h: FloatArray, t: FloatArray) -> FloatArray:
    """Moments over M_1 by M_(k+1) = k M_(k-1) - h M_k; its rounding errors enter with powers of x/2 = ht over k!."""
    excess = mean_excess(h)
    second = 1.0 / excess - h
    third = 2.0 - h * second
    fourth = 3.0 * second - h * third
    fifth = 4.0 * third - h * fourth
    sixth = 5.0 * fourth - h * fifth
    seventh = 6.0 * fifth - h * sixth
    ninth = 8.0 * seventh - h * (7.0 * sixth - h * seventh)
    u = t * t
    inner = u * (third / 6.0 + u * (fifth / 120.0 + u * (seventh / 5040.0 + u * (ninth / 362880.0))))
    value: FloatArray = 2.0 * t * (1.0 + inner) * excess / (h + excess)
    return value
