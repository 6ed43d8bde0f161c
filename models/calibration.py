"""Calibration of P(up): Platt and beta scaling, and isotonic regression where there are enough points for it.

A calibrator is fitted on forecasts of rows that the forecasting fit never saw (purged folds), never in sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from models.edge import EdgeConfig, TrainFunction, out_of_sample_forecasts
from models.forecast_scores import brier_score, excess_calibration_error
from models.logit_fit import fit_logit
from models.spec import PlattParameters

LEAST_ISOTONIC_POINTS: Final = 1_000
"""Below this many points isotonic regression fits the noise."""
_LEAST_PLATT_POINTS: Final = 10
_PRIOR_PRECISION: Final = 0.25
_MARGIN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """A fitted calibrator and out-of-fold quality before it: Brier score, and calibration error above its null."""

    parameters: PlattParameters
    brier: float
    excess_error: float
    n: int


def fit_platt(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> PlattParameters:
    """Slope and intercept on the logit by maximum likelihood with Platt's smoothed targets (Platt 1999).

    A weak unit-slope prior (one pseudo-observation) keeps separable samples finite. Raises CalculationError below ten
    points.
    """
    n = len(probability)
    if n < _LEAST_PLATT_POINTS or n != len(outcome):
        raise CalculationError(f"Platt scaling needs {_LEAST_PLATT_POINTS} forecasts with outcomes or more, got {n}")
    held = np.clip(probability, _MARGIN, 1.0 - _MARGIN)
    design = np.column_stack([np.log(held / (1.0 - held)), np.ones(n)])
    fitted = fit_logit(
        design, _smoothed_targets(outcome), np.ones(n), penalty=_PRIOR_PRECISION, prior=np.array([1.0, 0.0])
    )
    return PlattParameters(float(fitted[0]), float(fitted[1]))


def apply_platt(parameters: PlattParameters, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Calibrated probabilities."""
    held = np.clip(probability, _MARGIN, 1.0 - _MARGIN)
    logit = parameters.slope * np.log(held / (1.0 - held)) + parameters.intercept
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logit)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class BetaParameters:
    """Beta calibration of P(up): logit(P') = a ln P - b ln(1 - P) + c, a and b at least 0 (1, 1, 0 changes nothing)."""

    a: float
    b: float
    c: float


def fit_beta(probability: NDArray[np.float64], outcome: NDArray[np.bool_]) -> BetaParameters:
    """Beta calibration by maximum likelihood (Kull, Silva Filho and Flach 2017, "Beyond sigmoids").

    Unlike Platt scaling on the logit it bends the two ends by different amounts (Platt is a = b). Smoothed targets and
    a weak prior at no change as in `fit_platt`; a slope that comes out below 0 is set to 0 and the rest fitted again:
    the map never falls. Raises CalculationError below ten points.
    """
    n = len(probability)
    if n < _LEAST_PLATT_POINTS or n != len(outcome):
        raise CalculationError(f"beta calibration needs {_LEAST_PLATT_POINTS} forecasts with outcomes or more, got {n}")
    design, prior = _beta_design(probability), np.array([1.0, 1.0, 0.0])
    fitted = np.zeros(3)
    free = np.ones(3, dtype=np.bool_)
    while True:
        fitted[:] = 0.0
        fitted[free] = fit_logit(
            design[:, free], _smoothed_targets(outcome), np.ones(n), penalty=_PRIOR_PRECISION, prior=prior[free]
        )
        if fitted[0] >= 0.0 and fitted[1] >= 0.0:
            return BetaParameters(float(fitted[0]), float(fitted[1]), float(fitted[2]))
        free[int(np.argmin(fitted[:2]))] = False


def apply_beta(parameters: BetaParameters, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Calibrated probabilities."""
    logit = _beta_design(probability) @ np.array([parameters.a, parameters.b, parameters.c])
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logit)), dtype=np.float64)


def calibrate_on_purged_folds(
    X: NDArray[np.float64], y: NDArray[np.float64], train_fn: TrainFunction, config: EdgeConfig, *, seed: int = 0
) -> CalibrationReport:
    """Platt scaling of a training procedure from its purged walk-forward forecasts; bars without a move are left out.

    `seed` drives the resampled null of the calibration error.
    """
    sample = out_of_sample_forecasts(X, y, train_fn, config)
    moved = sample.realised != 0.0
    probability, outcome = sample.probability_up[moved], sample.realised[moved] > 0.0
    return CalibrationReport(
        parameters=fit_platt(probability, outcome),
        brier=brier_score(probability, outcome),
        excess_error=excess_calibration_error(probability, outcome, seed=seed),
        n=len(outcome),
    )


def isotonic_fit(score: NDArray[np.float64], outcome: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Non-decreasing probabilities of each point by pooling adjacent violators (Ayer 1955), in the order given.

    Equal scores share one value. No guard on size: `calibrate_isotonic` has it.
    """
    order = np.argsort(score, kind="stable")
    level, first = np.unique(score[order], return_index=True)
    sums = np.add.reduceat(outcome[order].astype(np.float64), first)
    counts = np.diff(np.append(first, len(score)))
    blocks: list[list[float]] = []
    for total, count in zip(sums.tolist(), counts.tolist(), strict=True):
        blocks.append([total, float(count), 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            total_last, count_last, width_last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total_last, blocks[-1][1] + count_last, blocks[-1][2] + width_last]
    fitted = np.concatenate([np.full(int(width), total / count) for total, count, width in blocks])
    return np.asarray(fitted[np.searchsorted(level, score)], dtype=np.float64)


def calibrate_isotonic(score: NDArray[np.float64], outcome: NDArray[np.bool_]) -> NDArray[np.float64]:
    """`isotonic_fit` where there are more than 1,000 points; raises CalculationError below."""
    if len(score) <= LEAST_ISOTONIC_POINTS:
        raise CalculationError(
            f"isotonic calibration needs more than {LEAST_ISOTONIC_POINTS} points; use Platt scaling"
        )
    return isotonic_fit(score, outcome)


def _smoothed_targets(outcome: NDArray[np.bool_]) -> NDArray[np.float64]:
    ups = int(np.sum(outcome))
    return np.where(outcome, (ups + 1.0) / (ups + 2.0), 1.0 / (len(outcome) - ups + 2.0))


def _beta_design(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    held = np.clip(probability, _MARGIN, 1.0 - _MARGIN)
    return np.column_stack([np.log(held), -np.log1p(-held), np.ones(len(held))])
