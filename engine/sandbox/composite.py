"""The composite score: six metrics, each mapped to [0, 1] by a smooth increasing curve, then weighted.

The curves never saturate, so a better metric is always a better score on any time scale (a five-minute strategy may
have an annualised Sharpe of 40, a daily one of 1). A metric that was not measured raises; none has a default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.kernel.errors import CalculationError
from engine.sandbox.evidence import EvaluationConfig, StrategyEvidence
from engine.sandbox.statistics.sharpe import max_drawdown, sharpe_annualised
from engine.sandbox.utility_score import utility_scores

METRICS: Final = ("sharpe", "drawdown", "calibration", "robustness", "slippage_adjusted_return", "simplicity")
_SHARPE_SCALE: Final = 2.0
_CALIBRATION_SCALE: Final = 0.05
_COMPLEXITY_SCALE: Final = 50.0
_EXTRA_COST_SHARE: Final = 0.5
_NEUTRAL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Composite:
    """`total` in [0, 1]; `normalised` are the six metrics in [0, 1] in the order of `METRICS`; `raw` their values."""

    total: float
    normalised: tuple[float, ...]
    raw: tuple[float, ...]


def composite_score(
    strategy: StrategyEvidence,
    windows: Sequence[tuple[int, int]],
    config: EvaluationConfig,
    *,
    risk_adjusted: bool = False,
) -> Composite:
    """Score a strategy on its evaluation bars.

    `risk_adjusted` takes Sharpe and return of the utility scores instead of the plain returns: a strategy that bets
    several times the operator's risk must not look better for it, nor its right-sized twin worse.

    Raw metrics: annualised Sharpe; maximum drawdown; excess calibration error; share of windows with positive mean
    utility (0 counts half); annual return after costs that turn out half as high again; effective parameters. For
    standing aside, which never forecasts, calibration is neutral (0.5). Raises CalculationError naming what is missing.
    """
    if len(strategy.net_returns) < 2 or not windows:
        raise CalculationError(f"returns or windows of '{strategy.name}' are missing")
    returns = strategy.net_returns
    drawdown = max_drawdown(returns)
    robustness = robust_share(strategy, windows, config)
    extra_cost = _EXTRA_COST_SHARE * _measured(strategy, "cost_share") * float(np.mean(np.abs(returns)))
    earned = utility_scores(returns, config.kelly_fraction) if risk_adjusted else returns
    adjusted_return = (float(earned.mean()) - extra_cost) * config.bars_per_year
    complexity = _measured(strategy, "complexity")
    sharpe = sharpe_or_zero(strategy, config, risk_adjusted=risk_adjusted)
    error = 0.0 if strategy.stands_aside else _measured(strategy, "calibration_error")
    normalised = (
        _centred(sharpe / _SHARPE_SCALE),
        1.0 / (1.0 + drawdown / config.drawdown_limit),
        _NEUTRAL if strategy.stands_aside else 1.0 / (1.0 + error / _CALIBRATION_SCALE),
        robustness,
        _centred(adjusted_return / config.drawdown_limit),
        1.0 / (1.0 + complexity / _COMPLEXITY_SCALE),
    )
    total = sum(weight * value for weight, value in zip(config.weights, normalised, strict=True))
    return Composite(total, normalised, (sharpe, drawdown, error, robustness, adjusted_return, complexity))


def sharpe_or_zero(strategy: StrategyEvidence, config: EvaluationConfig, *, risk_adjusted: bool = False) -> float:
    """Annualised Sharpe of returns or, `risk_adjusted`, of their utility scores; a strategy that never traded has 0 by
    definition, not by default."""
    if not np.any(strategy.net_returns != 0.0):
        return 0.0
    scores = utility_scores(strategy.net_returns, config.kelly_fraction) if risk_adjusted else strategy.net_returns
    return sharpe_annualised(scores, config.bars_per_year)


def robust_share(strategy: StrategyEvidence, windows: Sequence[tuple[int, int]], config: EvaluationConfig) -> float:
    """Share of windows with positive mean utility; exactly 0 counts half."""
    scores = utility_scores(strategy.net_returns, config.kelly_fraction)
    return sum(0.5 + 0.5 * float(np.sign(scores[low:high].mean())) for low, high in windows) / len(windows)


def _measured(strategy: StrategyEvidence, metric: str) -> float:
    value: float | None = getattr(strategy, metric)
    if value is None or not np.isfinite(value) or value < 0.0:
        raise CalculationError(f"metric '{metric}' of '{strategy.name}' is missing or not a number of at least 0")
    return value


def _centred(value: float) -> float:
    """(-inf, inf) onto (0, 1), 0 to one half: (1 + x / (1 + |x|)) / 2."""
    return 0.5 * (1.0 + value / (1.0 + abs(value)))
