"""Tail functions of the standard normal law without underflow or cancellation, vectorised.

With n and N its density and distribution, the Mills ratio is Y(z) = N(-z)/n(z), and the mean excess is
e(z) = E[Z - z | Z > z] = 1/Y(z) - z. The mean excess is the quantity to approximate: it is positive and smooth, gives
Y = 1/(z + e) and -Y' = 1 - zY = eY with all digits for z >= 0, where the right-hand sides written with N would cancel.

The rational approximation of type (10, 11) is a minimax fit of this project to 50-digit values on [-1, 45]: relative
error 1.4e-16 before rounding, all coefficients positive, so that Horner's scheme does not cancel for z >= 0. Beyond 45
the error rises to 1e-11, where n(z) < 1e-440. (For the class of approximation see Cody 1969, Math. Comp. 23, 631.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

SQRT_2PI = 2.5066282746310002
INVERSE_SQRT_2PI = 0.3989422804014327
_LEAST_FITTED = -0.5
_NO_OVERFLOW = 1e8  # its eleventh power is a double
_NUMERATOR = (
    1.0000000000089568, 36.54040625880811, 649.1837567754673, 7343.302016403126, 58401.07571252693, 341036.17284984456,
    1483559.000375714, 4768877.043089715, 10932455.846319957, 16378852.82467433, 12560347.448049603,
)  # fmt: skip
_DENOMINATOR = (
    1.0, 36.540406260933736, 651.1837565483105, 7416.382843504147, 59693.44259238574, 355503.5543830056,
    1596507.5744559453, 5408433.10739448, 13575887.687424812, 24165270.594047267, 27697247.98478863, 15742061.02623523,
)  # fmt: skip


def polynomial(coefficients: Sequence[float], z: FloatArray) -> FloatArray:
    """Polynomial with the highest power first, by Horner's scheme."""
    value = coefficients[0] * z
    value += coefficients[1]
    for coefficient in coefficients[2:]:
        value *= z
        value += coefficient
    return value


def mean_excess(z: FloatArray) -> FloatArray:
    """E[Z - z | Z > z] for z >= -1, to 7e-16 relative; smaller z are not supported (the caller reflects)."""
    bounded = np.minimum(z, _NO_OVERFLOW)
    value = polynomial(_NUMERATOR, bounded)
    value /= polynomial(_DENOMINATOR, bounded)
    return value


def mills_ratio(z: FloatArray) -> FloatArray:
    """N(-z)/n(z) for every real z; infinite below about -38, where n(z) underflows."""
    lowest = np.maximum(z, _LEAST_FITTED)
    value: FloatArray = 1.0 / (lowest + mean_excess(lowest))
    below = z < _LEAST_FITTED
    if below.any():
        mirrored = -z[below]
        with np.errstate(over="ignore"):
            value[below] = SQRT_2PI * np.exp(0.5 * mirrored * mirrored) - 1.0 / (mirrored + mean_excess(mirrored))
    return value


def normal_density(z: FloatArray) -> FloatArray:
    """n(z)."""
    value: FloatArray = INVERSE_SQRT_2PI * np.exp(-0.5 * z * z)
    return value


def normal_distribution(z: FloatArray) -> FloatArray:
    """N(z) with relative accuracy in both tails: n(z) Y(-z) on the left, one minus the mirrored value on the right."""
    distance = np.abs(z)
    tail = normal_density(distance) / (distance + mean_excess(distance))
    value: FloatArray = np.where(z > 0.0, 1.0 - tail, tail)
    return value
