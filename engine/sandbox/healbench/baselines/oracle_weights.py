"""The oracle's weights: the champion's until something changes, then ridge on what tells of the relation now.

Every regression is of y / (forecast volatility) on the repaired inputs with the champion's penalty, and bar t uses only
returns before it.

- concept: the bars since the fault, equally weighted; the champion's weights again once the fault has healed.
- decay: all bars, forgotten at `DECAY_MEMORY` per bar from the fault on.
- overfit: all bars from the first, on the features that are no noise.
- feature, stale, garbage: all bars from the first, the faulty input as the oracle repairs it: the relation stands.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.sandbox.healbench.ewma_volatility import discounted_sums
from engine.sandbox.healbench.heal_world import FloatArray, HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion, bayes_penalty

DECAY_MEMORY: Final = 0.993
"""The best of .98, .99, .993, .995, .997, .998, .999 on the development seeds 1..60 at severities 1 and 2."""

INPUT_FAULTS: Final = ("feature", "stale", "garbage")


def oracle_forecast(
    world: HealWorld, champion: RidgeChampion, z: FloatArray, volatility: FloatArray, decay_memory: float = DECAY_MEMORY
) -> FloatArray:
    """Forecast of y / sigma for each bar from the repaired inputs z, shape [T]."""
    forecast: FloatArray = z @ champion.weights / champion.return_sd
    scaled = world.y / volatility
    of_inputs = [bar for fault, bar in zip(world.faults, world.onset_bars, strict=True) if fault in INPUT_FAULTS]
    if of_inputs:
        _refit(forecast, z, scaled, 0, min(of_inputs), world.bars, 1.0)
    for fault, onset in zip(world.faults, world.onset_bars, strict=True):
        until = world.heal_bar or world.bars
        if fault == "concept":
            _refit(forecast, z, scaled, onset, onset, until, 1.0)
        elif fault == "decay":
            _refit(forecast, z, scaled, 0, onset, until, decay_memory)
        elif fault == "overfit":
            sound = np.setdiff1d(np.arange(world.features), world.faulty_features)
            _refit(forecast, z[:, sound], scaled, 0, onset, until, 1.0)
    return forecast


def _refit(
    forecast: FloatArray, z: FloatArray, scaled: FloatArray, first: int, onset: int, until: int, memory: float
) -> None:
    """Write forecasts of bars onset..until-1, each from ridge on bars first..t-1 discounted by `memory`."""
    width = z.shape[1]
    rows = z[first:until]
    moments = np.concatenate([rows[:, :, None] * rows[:, None, :], (rows * scaled[first:until, None])[:, :, None]], 2)
    flat = moments.reshape(len(rows), -1)
    sums = np.cumsum(flat, axis=0) if memory == 1.0 else discounted_sums(flat, memory)
    before = np.zeros_like(sums)
    before[1:] = sums[:-1]
    known = before[onset - first :].reshape(-1, width, width + 1)
    gram = known[:, :, :width] + bayes_penalty(width) * np.eye(width)
    weights = np.linalg.solve(gram, known[:, :, width:])[:, :, 0]
    forecast[onset:until] = np.einsum("td,td->t", z[onset:until], weights)
