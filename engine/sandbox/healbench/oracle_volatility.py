"""The volatility that the oracle sizes by: the same filter as the healer's, told when a jump comes and how large it
is."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from engine.sandbox.healbench.heal_world import FloatArray, HealWorld
from engine.sandbox.statistics.volatility_filter import filtered_volatilities

LOG_SIGMA_SD: Final = 0.2
LOG_SIGMA_MEMORY: Final = 0.98
NO_SURPRISES: Final = 1e12
WORLDS_OF_A_SEED: Final = 16


def oracle_volatility(world: HealWorld) -> FloatArray:
    """Volatility forecast for each bar from the returns before it, shape [T]; the level follows the known multiple of
    sigma. Below `train_bars` it looks ahead by the level of the training bars and must not be used."""
    level = float(np.sqrt(np.mean(world.y[: world.train_bars] ** 2)))
    volatility: FloatArray = _calm_volatility((world.y / world.sigma_level).tobytes(), level) * world.sigma_level
    return volatility


@lru_cache(maxsize=WORLDS_OF_A_SEED)
def _calm_volatility(returns: bytes, level: float) -> FloatArray:
    """Filtered once for the worlds of a seed that share their returns."""
    return filtered_volatilities(
        np.frombuffer(returns, dtype=np.float64),
        level=level,
        log_sd=LOG_SIGMA_SD,
        persistence=LOG_SIGMA_MEMORY,
        hazard_bars=NO_SURPRISES,
    )
