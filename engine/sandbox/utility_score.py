"""The score that champions are compared by: growth-equivalent utility of a bar at the operator's risk aversion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.e_process import BettingEProcess


def utility_scores(net_returns: NDArray[np.float64], kelly_fraction: float) -> NDArray[np.float64]:
    """r - r^2 / (2 k) for per-bar equity returns after costs; k = fraction of full Kelly that the operator bets.

    At k = 1 this is log growth to second order; betting k of full Kelly maximises it, so risk beyond the operator's
    own choice is punished and less is not rewarded for itself. Standing aside scores 0 on every bar.
    """
    if kelly_fraction <= 0.0 or not np.all(np.isfinite(net_returns)):
        raise CalculationError("a utility needs finite returns and a Kelly fraction above 0")
    return np.asarray(net_returns - net_returns**2 / (2.0 * kelly_fraction), dtype=np.float64)


def utility_e_process(
    candidate: NDArray[np.float64], reference: NDArray[np.float64], kelly_fraction: float
) -> BettingEProcess:
    """E-process of the paired utility differences candidate - reference, in time order (evidence of "better")."""
    if len(candidate) != len(reference):
        raise CalculationError("candidate and reference must be scored on the same bars")
    difference = utility_scores(candidate, kelly_fraction) - utility_scores(reference, kelly_fraction)
    return BettingEProcess().updated_many(difference.tolist())


def score_differences(
    candidate: NDArray[np.float64], champion: NDArray[np.float64], against_aside: bool, kelly_fraction: float
) -> NDArray[np.float64]:
    """What the e-process bets on, bar by bar.

    Against the champion: the difference of utilities. Against standing aside: the candidate's net return itself, since
    the claim to be proved is that it earns anything at all after costs (how much risk it takes for that is the matter
    of the composite and drawdown gates).
    """
    if len(candidate) != len(champion):
        raise CalculationError("candidate and reference must be scored on the same bars")
    if against_aside:
        return candidate
    return utility_scores(candidate, kelly_fraction) - utility_scores(champion, kelly_fraction)
