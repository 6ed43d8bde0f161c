"""How many independent values a dependent sample is worth, for tests of its distribution function.

Idea. Below each decile a sample is a series of ones and zeros; where those have memory, the empirical distribution
function varies more between windows than that of independent values, by their long-run variance over their plain one:
`1 + 2 sum_k (1 - k / (L + 1)) rho_k` (Bartlett weights, L lags). A test keeps its size when it counts `n` over the
largest of these factors, at least 1, instead of n. AR(1) innovations need that because a thousand training bars measure
memory badly, and because the innovations of a bounded or rounded input change their shape with its level.

>>> slow = np.repeat(np.random.default_rng(1).standard_normal(40), 10)
>>> distribution_inflation(slow, lags=10) > 4.0
True

Source: Newey and West, A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance
matrix, Econometrica 1987; Weiss, Modification of the Kolmogorov-Smirnov statistic for use with correlated data, JASA
1978.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]
DECILES: Final = np.arange(1, 10) / 10.0
LAGS: Final = 10
LEAST_KNOWN: Final = 100


def distribution_inflation(values: FloatArray, lags: int = LAGS) -> float:
    """Largest variance inflation over the nine deciles, at least 1, of a series in time order (NaN left out).

    About 1.2 for 360 independent values and 10 lags, being the largest of nine noisy numbers: cautious.
    CalculationError where fewer than 100 values are known.
    """
    known = values[np.isfinite(values)]
    if not 1 <= lags < LEAST_KNOWN or known.size < LEAST_KNOWN:
        raise CalculationError(f"memory over {lags} lags needs {LEAST_KNOWN} known values or more, got {known.size}")
    below = known[:, None] <= np.quantile(known, DECILES)
    centred = below - below.mean(axis=0)
    plain = np.mean(centred**2, axis=0)
    varying = plain > 0.0  # ties may leave a decile that every value lies below
    long_run = plain.copy()
    for lag in range(1, lags + 1):
        weight = 1.0 - lag / (lags + 1.0)
        long_run += 2.0 * weight * np.sum(centred[lag:] * centred[:-lag], axis=0) / known.size
    return max(1.0, float(np.max(long_run[varying] / plain[varying], initial=1.0)))
