"""When did it begin? The maximum-likelihood start of a change that lasts until now.

Idea. With log likelihood ratios "after the change : before it" per bar, the likelihood of a change at bar s is the sum
over the suffix that begins at s; its maximum is the estimate (equal to the bar after the last zero of the CUSUM of the
same ratios), and the sum says by how many nats that start beats "no change".

>>> best_suffix(np.array([1.0, -3.0, 2.0, -1.0, 4.0]))
(2, 5.0)

Source: Page, Biometrika 1954; Hinkley, Inference about the change-point in a sequence of random variables, Biometrika
1970.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]


def best_suffix(increments: FloatArray) -> tuple[int, float]:
    """Start and sum of the suffix with the largest sum, the earliest where several are equal; the last element alone
    where every suffix is negative. Missing bars must be 0, not NaN. CalculationError for an empty series."""
    if len(increments) == 0:
        raise CalculationError("a change point needs one bar at least")
    sums = np.cumsum(increments[::-1])[::-1]
    start = int(np.argmax(sums))
    return start, float(sums[start])
