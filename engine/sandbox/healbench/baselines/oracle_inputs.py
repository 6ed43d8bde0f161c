"""What the oracle makes of faulty features: it knows which, since when and how, and learns only the numbers.

- feature: shift and scale are estimated from the post-fault bars, and the repaired value is shrunk by n / (n + 19),
  because the mean of n values of an AR(.9) has variance (1 + phi) / (1 - phi) / n = 19 / n.
- stale: quarantined, i.e. set to its training mean.
- garbage: a bad tick gives way to .9 of the last good value, its conditional mean; a leak is quarantined.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.sandbox.healbench.base_market import FEATURE_AR1
from engine.sandbox.healbench.heal_world import FloatArray, HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion

MEAN_VARIANCE: Final = (1.0 + FEATURE_AR1) / (1.0 - FEATURE_AR1)
FEWEST_BARS: Final = 3


def repaired_inputs(world: HealWorld, champion: RidgeChampion) -> FloatArray:
    """Standardised features as the oracle uses them, shape [T, D]."""
    z = champion.standardised(world.x)
    for fault, onset in zip(world.faults, world.onset_bars, strict=True):
        until = world.heal_bar or world.bars
        if fault == "feature":
            for column in _struck(world, onset):
                z[onset:until, column] = _scaled_back(z[onset:until, column])
        elif fault == "stale":
            z[onset:until, _struck(world, onset)] = 0.0
        elif fault == "garbage" and world.variant == "leak":
            z[onset:until, list(world.faulty_features)] = 0.0
        elif fault == "garbage":
            column = world.faulty_features[0]
            for bar in onset + np.flatnonzero(world.x[onset:, column] != world.clean_x[onset:, column]):
                z[bar, column] = FEATURE_AR1 * z[bar - 1, column]
    return z


def _struck(world: HealWorld, onset: int) -> NDArray[np.int64]:
    """Columns whose feed changed at this onset."""
    changed = world.feed_scale[onset] != world.feed_scale[onset - 1]
    return np.flatnonzero(changed | (world.feed_shift[onset] != world.feed_shift[onset - 1]))


def _scaled_back(delivered: FloatArray) -> FloatArray:
    """Undo an unknown shift and scale by what was delivered up to each bar (a feature value is known at its bar)."""
    count = np.arange(1, len(delivered) + 1)
    innovation = np.diff(delivered, prepend=delivered[0])
    # successive differences of a unit AR(phi) have variance 2 (1 - phi)
    energy = np.cumsum(innovation**2) / np.maximum(count - 1, 1)
    scale = np.sqrt(energy / (2.0 * (1.0 - FEATURE_AR1)))
    shift = np.cumsum(delivered) / count
    shrink = np.where(count >= FEWEST_BARS, count / (count + MEAN_VARIANCE), 0.0)
    repaired: FloatArray = shrink * (delivered - shift) / np.maximum(scale, 1e-12)
    return repaired
