"""Many promotion gates at once: wealth along simulated or recorded paths, for power and false-promotion tables.

The same recipe as `promotion_gate.EProcessGate`, vectorised over paths (a test holds the two together).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.promotion_gate import BETTING_BETS, CATONI_BETS, CLIP, SCALE_FLOOR, SCALE_PRIOR_BARS

FloatArray = NDArray[np.float64]


def peak_log_wealth(differences: FloatArray, *, scale: float, variance_allowance: float = 1.0) -> FloatArray:
    """Largest log wealth so far, shape [paths, bars], of gates fed with `differences[paths, bars]`.

    A gate of `m` trials at `alpha` has passed by bar t where the value is at least log(m / alpha). Raises
    CalculationError on anything but a finite matrix.

    >>> peak_log_wealth(np.full((1, 40), 0.5), scale=1.0)[0, [0, 39]].round(2).tolist()
    [0.07, 4.31]
    """
    if differences.ndim != 2 or not np.all(np.isfinite(differences)) or not scale > 0.0:
        raise CalculationError("gate paths need a finite matrix of paths by bars and a scale above 0")
    paths, bars = differences.shape
    catoni_bets, betting_bets = np.array(CATONI_BETS)[:, None], np.array(BETTING_BETS)[:, None]
    charge = 0.5 * catoni_bets**2 * variance_allowance
    catoni, betting = np.zeros((len(CATONI_BETS), paths)), np.zeros((len(BETTING_BETS), paths))
    mean, centred_squares, carried = np.zeros(paths), np.zeros(paths), np.zeros(paths)
    peak = np.zeros(paths)
    out = np.empty((paths, bars))
    for bar in range(bars):
        weight = SCALE_PRIOR_BARS + max(bar - 1, 0)
        pooled = np.sqrt((SCALE_PRIOR_BARS * scale * scale + centred_squares) / weight)
        difference = differences[:, bar]
        scaled = difference / np.maximum(SCALE_FLOOR * scale, pooled)
        staked = catoni_bets * scaled
        catoni += np.sign(staked) * np.log1p(np.abs(staked) + 0.5 * staked**2) - charge
        owed = scaled + carried
        stake = np.clip(owed, -CLIP, CLIP)
        carried = np.minimum(owed - stake, 0.0)
        betting += np.log1p(betting_bets * stake)
        deviation = difference - mean
        mean += deviation / (bar + 1)
        centred_squares += deviation * (difference - mean)
        peak = np.maximum(peak, np.minimum(_log_mean_exp(catoni), _log_mean_exp(betting)))
        out[:, bar] = peak
    return out


def _log_mean_exp(values: FloatArray) -> FloatArray:
    top = values.max(axis=0)
    return np.asarray(top + np.log(np.exp(values - top).mean(axis=0)), dtype=np.float64)
