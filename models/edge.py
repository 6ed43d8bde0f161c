"""Is there an edge, and how much of it may be believed: out-of-sample evidence about a training procedure.

Two checks must both pass before the lower bound may rise above 0. A t-bound alone lets one noise market in ten through
at 90 % confidence; the prequential likelihood test of the deployment gate (Dawid 1984; 3 nats against the zero
forecast) asks for evidence that grows with the edge. Together they passed 0 of 200 noise markets of 1,000 bars.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Protocol

import numpy as np

from engine.kernel.errors import CalculationError
from models.forecast_scores import information_coefficient
from models.interface import FloatArray, Predictions
from models.purged_splits import Split, bar_intervals, walk_forward_splits
from models.spec import EdgeSummary


class Forecaster(Protocol):
    """Anything fitted that forecasts rows."""

    def predict(self, X: FloatArray) -> Predictions:
        """Forecast each row of X[n, d]."""
        ...


STUDENT_DEGREES: Final = 5.0
TrainFunction = Callable[[FloatArray, FloatArray], Forecaster]


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """How the edge is measured: purged expanding folds, one-sided confidence, evidence to deploy in nats."""

    folds: int = 5
    label_horizon_bars: int = 1
    embargo_bars: int = 1
    confidence: float = 0.90
    deployment_nats: float = 3.0


@dataclass(frozen=True, slots=True)
class EdgeEstimate:
    """Out-of-sample edge of a training procedure.

    `mean_score` is the mean per-bar return of the unit-risk position expected_return / return_sd (log return times
    risk units) and `standard_error` its standard error (Newey-West over overlapping labels). `lower_bound` is the
    one-sided bound, held at or below 0 unless `log_likelihood_gain` (nats against the zero forecast, each bar forecast
    from its past) passes the deployment threshold. `shrinkage` = SR^2 / (SR^2 + 1/n) of the scores, 0 without edge.
    """

    mean_score: float
    standard_error: float
    lower_bound: float
    information_coefficient: float
    shrinkage: float
    n: int
    log_likelihood_gain: float
    deployable: bool
    reason: str

    def summary(self) -> EdgeSummary:
        """The part that a model specification carries."""
        return EdgeSummary(
            self.mean_score,
            self.standard_error,
            self.lower_bound,
            self.information_coefficient,
            self.shrinkage,
            self.n,
        )


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """Forecasts of rows by fits that never saw them, in time order; `zero_sd` is each fit's root mean square target."""

    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    expected_return: FloatArray
    return_sd: FloatArray
    probability_up: FloatArray
    zero_sd: FloatArray
    realised: FloatArray


def estimate_edge(X: FloatArray, y: FloatArray, train_fn: TrainFunction, config: EdgeConfig) -> EdgeEstimate:
    """Edge of `train_fn` on consecutive bars `X[n, d]`, `y[n]` (log returns; NaN = no label) by purged walk-forward.

    Raises CalculationError where too few rows are left or the out-of-sample returns do not vary.
    """
    sample = out_of_sample_forecasts(X, y, train_fn, config)
    return edge_of_forecasts(sample, config)


def out_of_sample_forecasts(X: FloatArray, y: FloatArray, train_fn: TrainFunction, config: EdgeConfig) -> OutOfSample:
    """Forecast every test row of the purged walk-forward by a fit on its past; rows without a label are left out."""
    start, end = bar_intervals(len(y), config.label_horizon_bars)
    splits = walk_forward_splits(start, end, folds=config.folds, embargo=config.embargo_bars, least_train_rows=2)
    parts = [_forecast_fold(X, y, split, train_fn) for split in splits]
    merged = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return OutOfSample(merged[0].astype(np.int64), *merged[1:])


def edge_of_forecasts(sample: OutOfSample, config: EdgeConfig) -> EdgeEstimate:
    """Edge from forecasts that are already out of sample."""
    n = len(sample.realised)
    if n < 10:
        raise CalculationError(f"an edge needs at least 10 out-of-sample bars, got {n}")
    signal = np.divide(
        sample.expected_return, sample.return_sd, out=np.zeros(n), where=np.asarray(sample.return_sd > 0.0)
    )
    scores = signal * sample.realised
    mean = float(scores.mean())
    error = _standard_error(scores, lags=config.label_horizon_bars - 1)
    deviation = float(scores.std(ddof=1))
    gain = _log_likelihood_gain(sample)
    deployable = gain > config.deployment_nats
    bound = mean - NormalDist().inv_cdf(config.confidence) * error
    sharpe = mean / deviation if deviation > 0.0 else 0.0
    reason = (
        f"prequential log-likelihood {gain:+.2f} nats against the zero forecast, threshold {config.deployment_nats:g}; "
        f"mean score {mean:.3g} with standard error {error:.2g} over {n} bars"
    )
    return EdgeEstimate(
        mean_score=mean,
        standard_error=error,
        lower_bound=bound if deployable else min(bound, 0.0),
        information_coefficient=information_coefficient(sample.expected_return, sample.realised),
        shrinkage=kelly_shrinkage(sharpe, n),
        n=n,
        log_likelihood_gain=gain,
        deployable=deployable and bound > 0.0,
        reason=reason,
    )


def kelly_shrinkage(sharpe_per_bar: float, n: int) -> float:
    """Share of the plug-in Kelly bet that survives estimation error: SR^2 / (SR^2 + 1/n) (Baker and McHale 2013)."""
    squared = max(sharpe_per_bar, 0.0) ** 2
    return squared / (squared + 1.0 / n)


def _forecast_fold(X: FloatArray, y: FloatArray, split: Split, train_fn: TrainFunction) -> tuple[FloatArray, ...]:
    train = split.train[np.isfinite(y[split.train])]
    test = split.test[np.isfinite(y[split.test])]
    if len(train) < 2:
        raise CalculationError("a walk-forward fold has fewer than two labelled training rows")
    forecast = train_fn(X[train], y[train]).predict(X[test])
    up = np.where(forecast.direction >= 0, forecast.confidence, 1.0 - forecast.confidence)
    zero_sd = np.full(len(test), float(np.sqrt(np.mean(y[train] ** 2))))
    return test.astype(np.float64), forecast.expected_return, forecast.return_sd, up, zero_sd, y[test]


def _log_likelihood_gain(sample: OutOfSample) -> float:
    if np.any(sample.return_sd <= 0.0) or np.any(sample.zero_sd <= 0.0):
        raise CalculationError("a likelihood needs forecasts with a standard deviation above 0")
    model = _log_density(sample.realised - sample.expected_return, sample.return_sd)
    return float(np.sum(model - _log_density(sample.realised, sample.zero_sd)))


def _log_density(residual: FloatArray, deviation: FloatArray) -> FloatArray:
    """Student-t log density with standard deviation `deviation`, without its constant: returns have fat tails, and
    under a normal law one wild bar would outweigh a thousand others."""
    scale = deviation * math.sqrt((STUDENT_DEGREES - 2.0) / STUDENT_DEGREES)
    tail = np.log1p((residual / scale) ** 2 / STUDENT_DEGREES)
    return np.asarray(-np.log(scale) - 0.5 * (STUDENT_DEGREES + 1.0) * tail, dtype=np.float64)


def _standard_error(scores: FloatArray, *, lags: int) -> float:
    """Newey-West standard error of the mean; `lags` = label horizon - 1 covers the overlap of labels."""
    centred = scores - scores.mean()
    variance = float(centred @ centred) / (len(scores) - 1)
    for lag in range(1, lags + 1):
        covariance = float(centred[lag:] @ centred[:-lag]) / (len(scores) - 1)
        variance += 2.0 * (1.0 - lag / (lags + 1)) * covariance
    return math.sqrt(max(variance, 0.0) / len(scores))
