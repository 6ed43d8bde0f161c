"""Is the best of many candidates better than the benchmark, or only the luckiest? Hansen's SPA test and StepM.

Hansen (2005), "A test for superior predictive ability": the largest studentised mean gain over the benchmark against
its distribution when no candidate is better, from a stationary bootstrap (Politis and Romano 1994) that keeps the
candidates' correlation. Candidates that are clearly worse are left out of that distribution (mean below
-sqrt(2 ln ln n) standard errors); this makes the p-value consistent, unlike White's (2000) reality check, which poor
candidates can drown (`upper`). StepM (Romano and Wolf 2005) then names which candidates are better, the family error
held at `size`: reject those beyond the critical value, drop them from the maximum, and repeat until no more fall.

Gains are per bar, higher is better: benchmark's loss minus candidate's loss, or a difference of scores.

>>> gains = np.random.default_rng(2).normal(size=(400, 3)) + [0.0, 0.0, 0.25]
>>> superior_predictive_ability(gains, seed=1).consistent < 0.01, superior_candidates(gains, seed=1)
(True, (2,))
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.block_bootstrap import stationary_indices

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SuperiorAbility:
    """P-values of "no candidate beats the benchmark"; `consistent` is the one to use, the others bound it.

    `best` is the index of the candidate with the largest (studentised) gain, `statistic` that gain in standard errors
    (in the unit of the gains without studentisation).
    """

    consistent: float
    lower: float
    upper: float
    best: int
    statistic: float
    candidates: int
    bars: int


def superior_predictive_ability(
    gains: FloatArray,
    *,
    seed: int,
    mean_block_bars: float | None = None,
    resamples: int = 1_000,
    studentised: bool = True,
) -> SuperiorAbility:
    """SPA test of per-bar `gains[bars, candidates]` over the benchmark; blocks of sqrt(bars) on average by default.

    A candidate that never differs from the benchmark is no evidence either way and is left out. Raises CalculationError
    on fewer than 10 bars, missing gains, or where no candidate ever differs.
    """
    sample = _Bootstrap.of(gains, seed, mean_block_bars, resamples, studentised)
    best = int(np.argmax(sample.statistics))
    worse = sample.means < 0.0
    hopeless = sample.means < -np.sqrt(sample.variances / sample.bars * 2.0 * math.log(math.log(sample.bars)))
    return SuperiorAbility(
        consistent=sample.p_value(left_out=hopeless),
        lower=sample.p_value(left_out=worse),
        upper=sample.p_value(left_out=np.zeros_like(worse)),
        best=int(sample.columns[best]),
        statistic=float(sample.statistics[best]) * (math.sqrt(sample.bars) if studentised else 1.0),
        candidates=gains.shape[1],
        bars=sample.bars,
    )


def superior_candidates(
    gains: FloatArray,
    *,
    seed: int,
    size: float = 0.05,
    mean_block_bars: float | None = None,
    resamples: int = 1_000,
    studentised: bool = True,
) -> tuple[int, ...]:
    """Indices of candidates that beat the benchmark (StepM), with at most `size` chance of naming any that does not."""
    if not 0.0 < size < 1.0:
        raise CalculationError("the size of a test lies in (0, 1)")
    sample = _Bootstrap.of(gains, seed, mean_block_bars, resamples, studentised)
    left = np.ones(len(sample.columns), dtype=np.bool_)
    while np.any(left):
        maxima = sample.deviations[:, left].max(axis=1)
        better = left & (sample.statistics > np.quantile(maxima, 1.0 - size))
        if not np.any(better):
            break
        left &= ~better
    return tuple(int(column) for column in sample.columns[~left])


def bootstrap_variance(gains: FloatArray, mean_block_bars: float) -> FloatArray:
    """Variance of sqrt(n) times the mean under the stationary bootstrap, exactly (Politis and Romano 1994, eq. 8)."""
    n = len(gains)
    centred = gains - gains.mean(axis=0)
    stay = 1.0 - 1.0 / mean_block_bars
    spectrum = np.fft.rfft(centred, 2 * n, axis=0)
    autocovariance = np.fft.irfft(np.abs(spectrum) ** 2, 2 * n, axis=0)[:n] / n
    lags = np.arange(1, n)
    weights = (1.0 - lags / n) * stay**lags + lags / n * stay ** (n - lags)
    return np.asarray(autocovariance[0] + 2.0 * weights @ autocovariance[1:], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Bootstrap:
    """Means of the candidates that differ from the benchmark, and resampled deviations from them in `scales`."""

    columns: NDArray[np.int64]
    means: FloatArray
    variances: FloatArray
    scales: FloatArray
    deviations: FloatArray
    bars: int

    @classmethod
    def of(
        cls, gains: FloatArray, seed: int, mean_block_bars: float | None, resamples: int, studentised: bool
    ) -> _Bootstrap:
        if gains.ndim != 2 or len(gains) < 10 or gains.shape[1] < 1 or not np.all(np.isfinite(gains)) or resamples < 1:
            raise CalculationError("superior predictive ability needs 10 finite bars or more of one candidate or more")
        block = math.sqrt(len(gains)) if mean_block_bars is None else mean_block_bars
        if not block >= 1.0:
            raise CalculationError("a bootstrap block has one bar or more")
        columns = np.flatnonzero(np.any(gains != gains[0], axis=0))
        if len(columns) == 0:
            raise CalculationError("no candidate's gain over the benchmark varies")
        kept = gains[:, columns]
        variances = bootstrap_variance(kept, block)
        scales = np.sqrt(variances) if studentised else np.ones(len(columns))
        means = kept.mean(axis=0)
        generator = np.random.default_rng(seed)
        rows = [stationary_indices(len(kept), block, generator) for _ in range(resamples)]
        resampled = np.array([kept[row].mean(axis=0) for row in rows])
        return cls(columns.astype(np.int64), means, variances, scales, (resampled - means) / scales, len(kept))

    @property
    def statistics(self) -> FloatArray:
        return self.means / self.scales

    def p_value(self, left_out: NDArray[np.bool_]) -> float:
        """Share of resamples whose largest value beats the observed; candidates left out keep their poor mean."""
        shift = np.where(left_out, self.statistics, 0.0)
        return float(np.mean((self.deviations + shift).max(axis=1) > self.statistics.max()))
