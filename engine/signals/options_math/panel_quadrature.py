"""Integrals over a line in panels that split where the integrand needs it: Gauss-Legendre, adaptive, vectorised.

Every round evaluates all open panels in one call and closes those whose two halves agree with the whole, so that a
narrow peak or a kink is found at the cost of its own neighbourhood only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.signals.options_math.black76 import FloatArray

_POINT, _WEIGHT = np.polynomial.legendre.leggauss(10)
_MOST_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class PanelNodes:
    """`point[n]` with its quadrature `weight[n]` and the values `[k, n]` of the k integrands there, so that integrals
    are `values @ weight`; `settled` False where panels were still open when the rounds ended."""

    point: FloatArray
    weight: FloatArray
    values: FloatArray
    settled: bool


def integrate_panels(
    integrands: Callable[[FloatArray], FloatArray], edges: FloatArray, tolerance: float = 1e-11
) -> PanelNodes:
    """Integrate `integrands` (points [n] -> values [k, n]) over the panels between rising `edges`.

    The panels must be fine enough for every peak to show at a node; one far narrower than a tenth of a panel may not.
    A panel closes when no integrand changes by more than `tolerance` times the integral of its absolute value over all
    panels. An edge stays an edge: an integrand may jump there.
    """

    def panel_nodes(left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        half = 0.5 * (right - left)[:, None]
        point = 0.5 * (left + right)[:, None] + half * _POINT
        values = integrands(point.ravel())
        return point, half * _WEIGHT, values.reshape(values.shape[0], *point.shape)

    left, right = edges[:-1], edges[1:]
    _, weight, values = panel_nodes(left, right)
    whole = np.sum(values * weight, axis=2)
    size = np.sum(np.abs(values) * weight, axis=(1, 2))[:, None]
    closed: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    settled = False
    for _ in range(_MOST_ROUNDS):
        middle = 0.5 * (left + right)
        left, right = np.stack([left, middle], axis=1).ravel(), np.stack([middle, right], axis=1).ravel()
        point, weight, values = panel_nodes(left, right)
        halves = np.sum(values * weight, axis=2)
        size = np.maximum(size, np.sum(np.abs(values) * weight, axis=(1, 2))[:, None])
        change = np.abs(halves[:, 0::2] + halves[:, 1::2] - whole)
        done = np.repeat(np.all(change <= tolerance * size, axis=0), 2)
        closed.append((point[done].ravel(), weight[done].ravel(), values[:, done].reshape(values.shape[0], -1)))
        left, right, whole = left[~done], right[~done], halves[:, ~done]
        settled = left.size == 0
        if settled or not np.isfinite(size).all():
            break
    if not settled:
        closed.append((point[~done].ravel(), weight[~done].ravel(), values[:, ~done].reshape(values.shape[0], -1)))
    points, weights, all_values = zip(*closed, strict=True)
    return PanelNodes(np.concatenate(points), np.concatenate(weights), np.concatenate(all_values, axis=1), settled)
