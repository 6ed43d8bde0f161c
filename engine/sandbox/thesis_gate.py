"""The thesis gate: no live trading of a market until the strategy has earned, after costs, on its real past."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.sharpe import sharpe_estimate

CONFIDENCE: Final = 0.90
STOP_AND_INVESTIGATE = "stop and investigate"


@dataclass(frozen=True, slots=True)
class ThesisVerdict:
    """`open` is True where the out-of-sample Sharpe after costs is above 0 beyond chance; `action` is "may trade" or
    "stop and investigate". Sharpe and its standard error are annualised; both are None where nothing was traded."""

    open: bool
    action: str
    sharpe: float | None
    standard_error: float | None
    bars: int
    explanation: str


def thesis_gate(net_returns: NDArray[np.float64], bars_per_year: float, *, data_range: str) -> ThesisVerdict:
    """Judge out-of-sample per-bar net returns of a market's walk-forward on real data.

    A strategy that never traded has shown no edge: the gate stays shut. Raises CalculationError on no or non-finite
    returns.
    """
    if len(net_returns) < 2 or not np.all(np.isfinite(net_returns)):
        raise CalculationError("the thesis gate needs two finite net returns or more")
    if not np.any(net_returns != 0.0):
        reason = f"nothing was traded over {len(net_returns)} bars ({data_range}): no edge was shown"
        return ThesisVerdict(False, STOP_AND_INVESTIGATE, None, None, len(net_returns), reason)
    estimate = sharpe_estimate(net_returns, bars_per_year)
    bound = estimate.sharpe - NormalDist().inv_cdf(CONFIDENCE) * estimate.standard_error
    passed = bound > 0.0
    reason = (
        f"out-of-sample Sharpe after costs {estimate.sharpe:.2f} +- {estimate.standard_error:.2f} "
        f"over {estimate.n} bars ({data_range}); its one-sided {CONFIDENCE:.0%} bound {bound:+.2f} must lie above 0"
    )
    action = "may trade" if passed else STOP_AND_INVESTIGATE
    return ThesisVerdict(passed, action, estimate.sharpe, estimate.standard_error, estimate.n, reason)
