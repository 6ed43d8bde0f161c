"""Confidence intervals by resampling whole seeds: families of one seed share a market and are drawn together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.base_market import random_stream
from engine.sandbox.healbench.heal_world import FloatArray

DRAWS: Final = 2000
_CHUNK: Final = 250


def seed_interval(
    columns: FloatArray, statistic: Callable[[FloatArray], FloatArray], seed: int, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of a statistic of sums over seeds.

    `columns[..., S]` holds what each seed contributes to each sum; `statistic` takes sums [draws, ...] and gives
    [draws]. Draws without a value (NaN) are left out; CalculationError where none has one or there is no seed.
    """
    count = columns.shape[-1]
    if count == 0:
        raise CalculationError("an interval over seeds needs at least one seed")
    rng = random_stream(seed, "bootstrap")
    values = []
    for begin in range(0, DRAWS, _CHUNK):
        draws = min(_CHUNK, DRAWS - begin)
        weights = rng.multinomial(count, np.full(count, 1.0 / count), size=draws).astype(np.float64)
        values.append(statistic(np.moveaxis(np.tensordot(columns, weights, axes=(-1, 1)), -1, 0)))
    found = np.concatenate(values)
    found = found[np.isfinite(found)]
    if not len(found):
        raise CalculationError("no resampled set of seeds has a value")
    low, high = np.quantile(found, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)
