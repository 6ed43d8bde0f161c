"""Did the relation of inputs and returns change, and did it break or fade?

Two shapes of change are weighed against none on the bars at hand: *sudden* (weights moved at some bar and stayed) and
*gradual* (they drift from some bar on until now). What was learned is uncertain itself, by the posterior of a fit on
the champion's training bars: that uncertainty is part of "none", so a champion that merely was learned on too little is
not called broken. The start runs over a grid of `GRID_BARS`, which weights moved over all subsets
(`models.sparse_change`).

Method: Bayes factors of linear models (Kass and Raftery, JASA 1995), with what is uncertain anyway projected out of the
regressors (Frisch and Waugh, Econometrica 1933).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.agent.observation import BarObservation
from engine.agent.reference import ChampionReference
from engine.sandbox.statistics.volatility_filter import filtered_volatilities
from models.sparse_change import move_variance, weigh_moves

FloatArray = NDArray[np.float64]
GRID_BARS: Final = 20
LEAST_BARS: Final = 20
SLOW_BARS: Final = 130  # a change that took longer to be seen did not come at once
CLEAR_NATS: Final = 0.5
LARGEST_RETURN: Final = 6.0  # in current volatilities


@dataclass(frozen=True, slots=True)
class RelationChange:
    """Evidence against "no change" of a sudden and of a gradual one, nats; bars since each began, at its best start;
    per input the chance that its weight moved."""

    sudden_nats: float
    gradual_nats: float
    sudden_bars: int
    gradual_bars: int
    moved: tuple[float, ...]

    @property
    def nats(self) -> float:
        """Evidence of the better shape."""
        return max(self.sudden_nats, self.gradual_nats)

    @property
    def is_sudden(self) -> bool:
        """Whether the bars speak for a break rather than a fade: clearly, and not long ago."""
        return self.sudden_bars <= SLOW_BARS and self.sudden_nats > self.gradual_nats + CLEAR_NATS


def weigh_relation_change(
    inputs: FloatArray, returns: FloatArray, weights: FloatArray, *, noise_variance: float, training_bars: int
) -> RelationChange | None:
    """Weigh the shapes on consecutive bars.

    `inputs[n, d]` are standardised, `returns[n]` what each bar then returned in units of its volatility, `weights[d]`
    the champion's in that unit. None below two grid steps of bars or without weights.
    """
    count, width = inputs.shape
    variance = move_variance(weights)
    if count < 2 * GRID_BARS + LEAST_BARS or variance == 0.0:
        return None
    residual = returns - inputs @ weights
    uncertain = np.linalg.inv(inputs.T @ inputs + training_bars * np.eye(width))
    explained = uncertain @ (inputs.T @ residual)
    best: list[tuple[float, int, FloatArray]] = []
    for gradual in (False, True):
        nats: list[float] = []
        moved: list[FloatArray] = []
        starts = range(0, count - LEAST_BARS, GRID_BARS)
        for start in starts:
            later = inputs[start:]
            ramp = np.arange(1, count - start + 1) / (count - start) if gradual else np.ones(count - start)
            moving = later * ramp[:, None]
            cross = moving.T @ later
            gram = moving.T @ moving - cross @ uncertain @ cross.T
            left_over = moving.T @ residual[start:] - cross @ explained
            weighed = weigh_moves(gram, left_over, noise_variance=noise_variance, variance=variance)
            top = float(weighed.nats[1:].max())
            chances = np.exp(weighed.nats[1:] - top)
            nats.append(top + math.log(float(chances.sum())))
            touched = np.array([[index in subset for index in range(width)] for subset in weighed.subsets[1:]])
            moved.append(chances @ touched / chances.sum())
        peak = int(np.argmax(nats))
        evidence = nats[peak] + math.log(float(np.mean(np.exp(np.array(nats) - nats[peak]))))
        best.append((evidence, count - starts[peak], moved[peak]))
    sudden, gradual_best = best
    chosen = sudden if sudden[0] >= gradual_best[0] else gradual_best
    return RelationChange(
        sudden[0], gradual_best[0], sudden[1], gradual_best[1], tuple(float(item) for item in chosen[2])
    )


def relation_change(
    window: Sequence[BarObservation], reference: ChampionReference, persistence: float, jump_bars: float
) -> RelationChange | None:
    """The same from stored observations of a linear champion; None for one that is not linear."""
    if reference.coefficients is None or len(window) < 2:
        return None
    mean, sd = np.array(reference.feature_mean), np.array(reference.feature_sd)
    offset, scale = np.array(reference.input_offset), np.array(reference.input_scale)
    values = np.array([item.values for item in window])
    inputs = ((values - offset) / scale - mean) / sd
    inputs[:, np.array(reference.quarantined)] = 0.0
    returns = np.array([item.realised_return for item in window])
    known = np.where(np.isfinite(returns), returns, 0.0)
    volatility = filtered_volatilities(
        known,
        level=reference.training_volatility,
        log_sd=reference.log_volatility_sd,
        persistence=persistence,
        hazard_bars=jump_bars,
    )
    scaled = np.clip(known / volatility, -LARGEST_RETURN, LARGEST_RETURN)[1:]
    usable = np.isfinite(inputs[:-1]).all(axis=1) & np.isfinite(returns[1:])
    weights = np.array(reference.coefficients) / reference.training_volatility
    noise = max(1.0 - reference.correlation**2, 0.05)
    return weigh_relation_change(
        inputs[:-1][usable], scaled[usable], weights, noise_variance=noise, training_bars=reference.training_bars
    )
