"""From a replay to the evidence that the evaluator judges: calibration, costs, complexity, windows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.core.trading_types import Prediction
from engine.kernel.config_models import HydraConfig
from engine.sandbox.evidence import StrategyEvidence
from engine.sandbox.statistics.calibration_scores import excess_calibration_error
from models.spec import ModelSpec

_CALIBRATION_SEED = 7
_LEAST_CALIBRATION_BARS = 10


def strategy_evidence(
    name: str,
    net_returns: NDArray[np.float64],
    total_costs: float,
    predictions: Sequence[Prediction | None],
    next_return: NDArray[np.float64],
    spec: ModelSpec,
) -> StrategyEvidence:
    """Evidence of one model on the evaluation bars. `total_costs` is the sum of costs as a share of equity."""
    gross = float(np.sum(np.abs(net_returns)))
    cost_share = total_costs / gross if gross > 0.0 else 0.0
    return StrategyEvidence(
        name, net_returns, calibration_error(predictions, next_return), cost_share, complexity(spec)
    )


def calibration_error(predictions: Sequence[Prediction | None], next_return: NDArray[np.float64]) -> float | None:
    """Excess calibration error of P(up) over usable bars that moved; None below ten of them."""
    chances, outcomes = [], []
    for prediction, outcome in zip(predictions, next_return.tolist(), strict=True):
        if prediction is None or not prediction.usable or not np.isfinite(outcome) or outcome == 0.0:
            continue
        up = prediction.confidence if prediction.expected_return >= 0.0 else 1.0 - prediction.confidence
        chances.append(up)
        outcomes.append(outcome > 0.0)
    if len(chances) < _LEAST_CALIBRATION_BARS:
        return None
    return excess_calibration_error(np.array(chances), np.array(outcomes, dtype=np.bool_), seed=_CALIBRATION_SEED)


def complexity(spec: ModelSpec) -> float:
    """Effective number of fitted parameters: one per live feature and one per repair in force."""
    adjustments = spec.adjustments
    live = len(spec.features) - len(adjustments.quarantine)
    return float(live + 2 * len(adjustments.restandardise) + (adjustments.volatility != "training"))


def evaluation_windows(bars: int, config: HydraConfig) -> tuple[tuple[int, int], ...]:
    """Equal, consecutive windows of the evaluation bars."""
    edges = np.linspace(0, bars, config.evaluator.evaluation_windows + 1).round().astype(int).tolist()
    return tuple(itertools.pairwise(edges))
