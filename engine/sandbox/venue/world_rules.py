"""The rules of the world bar by bar, and therefore everything that a fault may change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WorldRules:
    """Arrays over n bars (row t governs bar t).

    `loadings` [n, 6], `signal_scale` [n] and `information_coefficient` [n] make the return of bar t from the factors of
    bar t-1; `sigma_multiplier` [n] scales signal and noise alike; `shown` [n, 6] is what the displays are built from
    (the true factors unless a feed corrupts them); `chain_source` and `deferred_source` [n] name the bar whose content
    the feed shows at bar t; `news_silent` [n] marks bars without any headline.
    """

    loadings: FloatArray
    signal_scale: FloatArray
    information_coefficient: FloatArray
    sigma_multiplier: FloatArray
    shown: FloatArray
    chain_source: NDArray[np.int64]
    deferred_source: NDArray[np.int64]
    news_silent: NDArray[np.bool_]


def healthy_rules(
    factors: FloatArray, loadings: FloatArray, signal_scale: FloatArray, information_coefficient: float
) -> WorldRules:
    """The rules without any fault: constant loadings, honest displays, fresh feeds."""
    bars = factors.shape[0]
    own = np.arange(bars, dtype=np.int64)
    return WorldRules(
        loadings=np.tile(loadings, (bars, 1)),
        signal_scale=signal_scale.copy(),
        information_coefficient=np.full(bars, information_coefficient),
        sigma_multiplier=np.ones(bars),
        shown=factors.copy(),
        chain_source=own,
        deferred_source=own.copy(),
        news_silent=np.zeros(bars, dtype=np.bool_),
    )
