"""The common input of every fit of one expiry: what the quotes say about undiscounted European prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class QuotedIntervals:
    """Undiscounted European prices over the forward, ordered by strike, puts before calls: `strike` is K/F, `low` 0
    where nobody bids, `middle` the middle of low and high, which pulls only where `two_sided`."""

    strike: FloatArray
    is_call: BoolArray
    low: FloatArray
    high: FloatArray
    middle: FloatArray
    two_sided: BoolArray

    @property
    def half_width(self) -> FloatArray:
        """Half of each interval's width."""
        result: FloatArray = 0.5 * (self.high - self.low)
        return result
