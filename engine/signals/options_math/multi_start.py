"""Least squares with many local minima: a short race from several starts, the best two to the end, then the draws.

Shared by the parametric families. Draw 0 is the quotes' own middles; further draws are alternative middles of the same
quotes, which are looked for in the two valleys that draw 0 ended in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.levenberg_marquardt import (
    IndexArray,
    LeastSquaresBatch,
    ResidualModel,
    levenberg_marquardt,
)

_RACE_ITERATIONS = 5
# The runner-up is the best one that is this far from the winner in some coordinate; else it is in the same valley.
_APART_IN_RACE = 0.3
_APART_AT_END = 0.05
_ITERATIONS = 40
TOLERANCE = 1e-7
# Draws need no more than the digits that a band shows.
_DRAW_TOLERANCE = 1e-5
# So much above the best, in squared half widths, no draw will prefer a valley.
_HOPELESS = 16.0


def multi_start(rows: Callable[[IndexArray], ResidualModel], starts: FloatArray, draws: int) -> FloatArray:
    """Best parameters [1 + draws, p] of draw 0 and of each further draw.

    `rows` makes the model of a batch from the draw that each element belongs to; `starts` is [starts, p].
    """
    own: IndexArray = np.zeros(starts.shape[0], dtype=np.intp)
    race = levenberg_marquardt(rows(own), starts, _RACE_ITERATIONS, TOLERANCE)
    ahead = _apart(race, _APART_IN_RACE)
    finals = levenberg_marquardt(rows(own[: ahead.size]), race.parameters[ahead], _ITERATIONS, TOLERANCE)
    valleys: FloatArray = finals.parameters[np.argsort(finals.cost, kind="stable")]
    if draws == 0:
        return valleys[:1]
    reached = _apart(finals, _APART_AT_END)
    starting = finals.parameters[reached[finals.cost[reached] < finals.cost[reached[0]] + _HOPELESS]]
    draw_of: IndexArray = np.repeat(np.arange(1, draws + 1), starting.shape[0])
    redrawn = levenberg_marquardt(rows(draw_of), np.tile(starting, (draws, 1)), _ITERATIONS, _DRAW_TOLERANCE)
    chosen = np.argmin(redrawn.cost.reshape(draws, -1), axis=1) + starting.shape[0] * np.arange(draws)
    return np.concatenate([valleys[:1], redrawn.parameters[chosen]])


def _apart(batch: LeastSquaresBatch, distance: float) -> IndexArray:
    """The best element, and the best of those that are not near it."""
    order = np.argsort(batch.cost, kind="stable")
    away = np.abs(batch.parameters[order] - batch.parameters[order[0]]).max(axis=1) > distance
    away &= np.isfinite(batch.cost[order])
    result: IndexArray = np.concatenate([order[:1], order[away][:1]])
    return result
