"""Coordinates in which raw SVI can be fitted without leaving its domain.

With z = k / deviation and W = w / deviation^2 (deviation: a rough sigma sqrt(T) at the money) the five coordinates are
ln of the left and right wing slope, ln of the least W, the shift, and ln of the width, each over its floor and bent
below its ceiling. So w > 0, b > 0, |rho| < 1, s > 0 and wings flatter than Lee's bound hold at every point of R^5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.quoted_deviations import QuotedDeviations
from engine.signals.options_math.svi import MOST_WING_SLOPE, Svi

_WING_CEILING = 0.99 * MOST_WING_SLOPE
_LEAST_W = 0.02
# The vertex is never sharper than half the distance of quoted strikes, nor blunter than ten deviations: between
# strikes, and beyond them, a kink would be an invention.
_LEAST_WIDTH = 0.1
_WIDTH_IN_GAPS = 0.5
_MOST_WIDTH = 10.0
_LARGEST_EXPONENT = 50.0


@dataclass(frozen=True, slots=True)
class SviCurve:
    """W and its first two derivatives in z, [batch, points], with their derivatives in the coordinates, [..., 5]."""

    value: FloatArray
    slope: FloatArray
    bend: FloatArray
    d_value: FloatArray
    d_slope: FloatArray
    d_bend: FloatArray


@dataclass(frozen=True, slots=True)
class SviCoordinates:
    """The map between coordinates and slices for one expiry."""

    deviation: float
    wing_ceiling: float
    least_width: float

    def natural(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Left slope, right slope, least W, shift and width, in units of the deviation, of coordinates [..., 5]."""
        grown = np.exp(np.minimum(theta, _LARGEST_EXPONENT))
        left = grown[..., 0] / (1.0 + grown[..., 0] / self.wing_ceiling)
        right = grown[..., 1] / (1.0 + grown[..., 1] / self.wing_ceiling)
        width = self.least_width + grown[..., 4] / (1.0 + grown[..., 4] / _MOST_WIDTH)
        return left, right, _LEAST_W + grown[..., 2], theta[..., 3], width

    def coordinates(self, natural: FloatArray) -> FloatArray:
        """Inverse of `natural` for rows [n, 5], cut off near the limits of the domain."""
        left, right, least, shift, width = natural.T
        ends = np.array([self.wing_ceiling, self.wing_ceiling, _MOST_WIDTH])[:, None]
        bent = np.clip(np.stack([left, right, width - self.least_width]), 0.02, 0.9 * ends)
        slope_left, slope_right, blunt = np.log(bent / (1.0 - bent / ends))
        return np.stack([slope_left, slope_right, np.log(np.maximum(least - _LEAST_W, 0.05)), shift, blunt], axis=1)

    def svi(self, theta: FloatArray) -> Svi:
        """The slice at one point [5]."""
        left, right, least, shift, width = (float(item) for item in self.natural(theta))
        scale = self.deviation
        level = least - width * math.sqrt(left * right)
        slope, rho = 0.5 * (left + right), (right - left) / (right + left)
        return Svi(level * scale * scale, slope * scale, rho, shift * scale, width * scale)

    def of(self, slices: Sequence[Svi]) -> FloatArray:
        """Coordinates [n, 5] of slices, cut off near the limits of the domain."""
        scale = self.deviation
        rows = [(*svi.wing_slopes, svi.least_variance / scale, svi.m, svi.s) for svi in slices]
        return self.coordinates(np.array(rows) / scale)

    def curve(self, theta: FloatArray, z: FloatArray) -> SviCurve:
        """The smiles of coordinates [batch, 5] at standardised log-moneyness z [points]."""
        left, right, least, shift, width = (item[:, None] for item in self.natural(theta))
        b, tilt, mean = 0.5 * (left + right), 0.5 * (right - left), np.sqrt(left * right)
        y = z - shift
        root = np.sqrt(y * y + width * width)
        sine, cosine = y / root, width / root
        half_bend = 0.5 * cosine * cosine / root
        slope = tilt + b * sine
        bend = 2.0 * b * half_bend
        d_left = left * (1.0 - left / self.wing_ceiling)
        d_right = right * (1.0 - right / self.wing_ceiling)
        d_width = (width - self.least_width) * (1.0 - (width - self.least_width) / _MOST_WIDTH)
        d_least = np.broadcast_to(least - _LEAST_W, y.shape)
        zero = np.zeros_like(y)
        return SviCurve(
            value=least - width * mean + tilt * y + b * root,
            slope=slope,
            bend=bend,
            d_value=np.stack([
                d_left * 0.5 * (root - y - width * right / mean), d_right * 0.5 * (root + y - width * left / mean),
                d_least, -slope, d_width * (b * cosine - mean),
            ], axis=-1),
            d_slope=np.stack([
                d_left * 0.5 * (sine - 1.0), d_right * 0.5 * (sine + 1.0), zero, -bend,
                -d_width * b * sine * cosine / root,
            ], axis=-1),
            d_bend=np.stack([
                d_left * half_bend, d_right * half_bend, zero, 3.0 * bend * sine / root,
                d_width * b * cosine * (2.0 - 3.0 * cosine * cosine) / (root * root),
            ], axis=-1),
        )  # fmt: skip


def svi_coordinates(quoted: QuotedDeviations) -> SviCoordinates:
    """Coordinates for one expiry, scaled to its deviation and to the distance of its strikes."""
    deviation = quoted.at_the_money
    least_width = max(_LEAST_WIDTH, _WIDTH_IN_GAPS * quoted.gap / deviation)
    return SviCoordinates(deviation, _WING_CEILING / deviation, least_width)
