"""Even scale of an input: the transformation under which its innovations have one variance.

A bounded input moves little near its bounds and a positive, skewed one moves much where it is large; on such a scale
a chart of variance alarms on nothing. Three scales are known, each with mean 0 and sd 1 in training: as it is,
logarithm, and inverse hyperbolic tangent between two bounds (straight near them). Which one fits is decided by how
strongly the size of the innovations depends on the level. Quantile maps were tried and refused: a thousand
autocorrelated bars are about fifty independent ones, and their tails bend the map enough to alarm by themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
# (low, high, edge, mean, sd): low < high bounded, low = high = 1 logarithm, low = high = 0 as it is
EvenScale = tuple[float, float, float, float, float]
LARGEST_SCORE: Final = 12.0
# share of the way to a bound beyond which the scale goes on straight; sooner for rounded inputs, which jump there
EDGE: Final = 0.88
EDGE_ROUNDED: Final = 0.75
FEWEST_DISTINCT: Final = 150
DEPENDENCE: Final = 0.2


def fit_even_scale(column: FloatArray, bounds: tuple[float, float] | None = None) -> EvenScale:
    """The scale of a training column (NaN missing); `bounds` where the input's definition has them."""
    known = column[np.isfinite(column)]
    plain = _fit(known, 0.0, 0.0)
    if known.size < 50 or float(np.ptp(known)) == 0.0:
        return plain
    level = even_scores(column, plain)
    size = np.abs(level[1:] - _ar1(level) * level[:-1])
    former = level[:-1]
    both = np.isfinite(size) & np.isfinite(former)
    if bounds is not None:
        return _fit(known, *bounds)
    if _correlation(size[both], np.abs(former[both])) < -DEPENDENCE:
        low, high = float(np.min(known)), float(np.max(known))
        margin = 0.02 * (high - low)
        return _fit(known, low - margin, high + margin)
    if _correlation(size[both], former[both]) > DEPENDENCE and float(np.min(known)) > 0.0:
        return _fit(known, 1.0, 1.0)
    return plain


def _ar1(level: FloatArray) -> float:
    former, later = level[:-1], level[1:]
    both = np.isfinite(former) & np.isfinite(later)
    energy = float(np.dot(former[both], former[both]))
    return float(np.dot(former[both], later[both])) / energy if energy > 0.0 else 0.0


def _correlation(first: FloatArray, second: FloatArray) -> float:
    if first.size < 10 or float(np.std(first)) == 0.0 or float(np.std(second)) == 0.0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _fit(known: FloatArray, low: float, high: float) -> EvenScale:
    edge = EDGE if len(np.unique(known)) >= min(FEWEST_DISTINCT, known.size // 2) else EDGE_ROUNDED
    even = _transformed(known, low, high, edge)
    even = even[np.isfinite(even)]
    mean = float(np.mean(even)) if even.size else 0.0
    sd = float(np.std(even)) if even.size else 0.0
    return low, high, edge, mean, sd if sd > 0.0 else 1.0


def _is_plain(low: float, high: float) -> bool:
    return not (low < high or low == high == 1.0)


def _transformed(column: FloatArray, low: float, high: float, edge: float) -> FloatArray:
    if _is_plain(low, high):
        return column
    return np.array([_transform(value, low, high, edge) for value in column.tolist()])


def _transform(value: float, low: float, high: float, edge: float) -> float:
    if low < high:
        share = (2.0 * value - low - high) / (high - low)
        if abs(share) <= edge:
            return math.atanh(share)
        return math.copysign(math.atanh(edge) + (abs(share) - edge) / (1.0 - edge * edge), share)
    if low == high == 1.0:
        return math.log(value) if value > 0.0 else math.nan
    return value


def even_score(value: float, scale: EvenScale) -> float:
    """Score of one value in training standard deviations; NaN stays NaN; limited to +-12."""
    if not math.isfinite(value):
        return math.nan
    low, high, edge, mean, sd = scale
    transformed = _transform(value, low, high, edge)
    if not math.isfinite(transformed):
        return math.nan
    return max(-LARGEST_SCORE, min(LARGEST_SCORE, (transformed - mean) / sd))


def even_scores(column: FloatArray, scale: EvenScale) -> FloatArray:
    """Scores of a whole column, each as `even_score` gives it."""
    low, high, edge, mean, sd = scale
    return _limited(_transformed(column, low, high, edge), mean, sd)


class EvenRow:
    """The scales of several inputs, to score a row of their values[d] as `even_score` scores each."""

    def __init__(self, scales: Sequence[EvenScale]) -> None:
        self._bent = [
            (index, low, high, edge) for index, (low, high, edge, _, _) in enumerate(scales) if not _is_plain(low, high)
        ]
        self._mean = np.array([scale[3] for scale in scales])
        self._sd = np.array([scale[4] for scale in scales])

    def scores(self, values: FloatArray) -> FloatArray:
        """scores[d] in training standard deviations; NaN where a value is missing."""
        transformed = values.copy()
        for index, low, high, edge in self._bent:
            transformed[index] = _transform(float(values[index]), low, high, edge)
        return _limited(transformed, self._mean, self._sd)


def _limited(transformed: FloatArray, mean: float | FloatArray, sd: float | FloatArray) -> FloatArray:
    scores: FloatArray = (transformed - mean) / sd
    scores = np.minimum(np.maximum(scores, -LARGEST_SCORE), LARGEST_SCORE)
    scores[np.isinf(transformed)] = math.nan
    return scores
