"""The one interface of every model: train, predict, explain, serialise. Arrays in, arrays out; no clock, no files.

`expected_return` and `return_sd` are log returns over the label horizon of the training target. A non-finite feature is
missing: it contributes nothing to a linear model and is counted in `Predictions.missing_count`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError, InputError
from models.artifact import pack, unpack
from models.forecast_scores import brier_score, information_coefficient, log_loss

FloatArray: TypeAlias = NDArray[np.float64]
Parameter: TypeAlias = float | int | str | bool


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What a fit depends on besides its rows.

    `ridge_prior_r2` is the prior share of explained variance; with D features the penalty is D / R2 (a Bayes ridge in
    units of standardised features and target). `parameters` holds what only one kind understands; an unknown name is
    refused by that kind. Every random choice of a fit derives from `seed`.
    """

    seed: int = 0
    ridge_prior_r2: float = 0.15
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Forecasts for n rows, all arrays of length n.

    `direction` is -1, 0 or 1; `confidence` in [0.5, 1] is the probability of that direction; `suggested_size` is the
    full Kelly fraction expected_return / return_sd^2 before any cap, shrinkage or cost; `missing_count` is how many
    features of the row were missing.
    """

    expected_return: FloatArray
    return_sd: FloatArray
    direction: NDArray[np.int8]
    confidence: FloatArray
    suggested_size: FloatArray
    missing_count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.expected_return)


class TradingModel(ABC):
    """A forecaster of the next return.

    A concrete kind implements `_fit`, `_forecast`, `_state`, `_restore`, `feature_importance` and `explain`; checks,
    missing values, evaluation and serialisation are the same for all and live here.
    """

    kind: ClassVar[str]

    def __init__(self) -> None:
        self.feature_names: tuple[str, ...] = ()
        self.trained_rows: int = 0

    def train(
        self,
        X: FloatArray,
        y: FloatArray,
        config: TrainingConfig,
        *,
        feature_names: Sequence[str],
        sample_weight: FloatArray | None = None,
    ) -> Self:
        """Fit on rows `X[n, d]` with targets `y[n]` (log returns); returns itself.

        Rows without a finite target (e.g. across a contract change) or with weight 0 teach nothing and are left out.
        Raises CalculationError where no row is left, InputError where shapes or names do not fit.
        """
        rows = np.array(X, dtype=np.float64, ndmin=2)
        target = np.array(y, dtype=np.float64).reshape(-1)
        names = tuple(feature_names)
        if rows.shape != (len(target), len(names)) or len(set(names)) != len(names):
            raise InputError(
                f"training needs X[n, d], y[n] and d distinct names, got {rows.shape}, {len(target)}, {names}"
            )
        given = np.ones(len(target)) if sample_weight is None else sample_weight
        weight = np.array(given, dtype=np.float64).reshape(-1)
        if len(weight) != len(target) or not np.all(np.isfinite(weight)) or np.any(weight < 0.0):
            raise InputError("sample_weight must hold one finite number of at least 0 for each row")
        kept = np.isfinite(target) & (weight > 0.0)
        if not np.any(kept):
            raise CalculationError("no row with a finite target and a positive weight is left to train on")
        rows[~np.isfinite(rows)] = np.nan
        self.feature_names = names
        self.trained_rows = int(kept.sum())
        self._fit(rows[kept], target[kept], weight[kept], config)
        return self

    def predict(self, X: FloatArray, *, feature_names: Sequence[str] | None = None) -> Predictions:
        """Forecast each row of `X[n, d]`, columns in training order; one row gives the same bits alone or in a batch.

        Where `feature_names` is given it must equal the training order: columns are never re-arranged in silence.
        Raises InputError on other columns, CalculationError before training.
        """
        rows, missing = self._checked(X, feature_names)
        expected, deviation, confidence = self._forecast(rows)
        signal = np.divide(expected, deviation, out=np.zeros_like(expected), where=deviation > 0.0)
        size = np.divide(signal, deviation, out=np.zeros_like(expected), where=deviation > 0.0)
        return Predictions(
            expected_return=expected,
            return_sd=deviation,
            direction=np.sign(expected).astype(np.int8),
            confidence=normal_confidence(signal) if confidence is None else confidence,
            suggested_size=size,
            missing_count=missing,
        )

    def evaluate(self, X: FloatArray, y: FloatArray) -> dict[str, float]:
        """Forecast quality on rows with a finite target.

        Keys: n, information_coefficient (Pearson), hit_rate, brier and log_loss of P(up), mean_score (mean of
        expected_return / return_sd * y), r2 against the zero forecast. Raises CalculationError where one is undefined.
        """
        target = np.array(y, dtype=np.float64).reshape(-1)
        kept = np.isfinite(target)
        forecast = self.predict(np.array(X, dtype=np.float64, ndmin=2)[kept])
        realised = target[kept]
        if len(realised) == 0 or not np.any(realised != 0.0):
            raise CalculationError("an evaluation needs rows with a realised return that is not zero")
        moved = (realised != 0.0) & (forecast.direction != 0)
        up = probability_up(forecast)
        return {
            "n": float(len(realised)),
            "information_coefficient": information_coefficient(forecast.expected_return, realised),
            "hit_rate": float(np.mean(np.sign(realised[moved]) == forecast.direction[moved])) if np.any(moved) else 0.5,
            "brier": brier_score(up, realised > 0.0),
            "log_loss": log_loss(up, realised > 0.0),
            "mean_score": float(np.mean(unit_risk_scores(forecast, realised))),
            "r2": 1.0 - float(np.sum((realised - forecast.expected_return) ** 2) / np.sum(realised**2)),
        }

    def serialize(self) -> bytes:
        """The whole fitted model as bytes: SHA-256, JSON header, payload. Equal models give equal bytes."""
        self._require_trained()
        state, payload = self._state()
        header = {"kind": self.kind, "features": list(self.feature_names), "rows": self.trained_rows, "state": state}
        return pack(header, payload)

    @classmethod
    def deserialize(cls, data: bytes) -> Self:
        """Read what `serialize` wrote; raises CorruptStoreError where the hash, form or kind does not fit."""
        header, payload = unpack(data, expected_kind=cls.kind)
        model = cls()
        model.feature_names = tuple(header["features"])
        model.trained_rows = int(header["rows"])
        model._restore(header["state"], payload)
        return model

    def clone(self) -> Self:
        """An independent copy of the fitted model."""
        return type(self).deserialize(self.serialize())

    @property
    def base_value(self) -> float:
        """What `explain` adds up from: expected_return = base_value + sum of contributions (linear part)."""
        return 0.0

    @abstractmethod
    def feature_importance(self) -> dict[str, float]:
        """Importance of each feature, at least 0, summing to 1 (or all 0 where nothing was learned)."""

    @abstractmethod
    def explain(self, X: FloatArray) -> FloatArray:
        """Contributions[n, d] in units of log return: with `base_value` they sum to the expected return."""

    @abstractmethod
    def _fit(self, X: FloatArray, y: FloatArray, weight: FloatArray, config: TrainingConfig) -> None:
        """Fit on rows with finite targets and positive weights; NaN marks a missing feature."""

    @abstractmethod
    def _forecast(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Expected return, its standard deviation, and confidence (None: from the normal law) of each row."""

    @abstractmethod
    def _state(self) -> tuple[dict[str, Any], bytes]:
        """JSON-ready state and binary payload."""

    @abstractmethod
    def _restore(self, state: dict[str, Any], payload: bytes) -> None:
        """Inverse of `_state`."""

    def _require_trained(self) -> None:
        if self.trained_rows == 0:
            raise CalculationError(f"the {self.kind} model has not been trained")

    def _checked(self, X: FloatArray, names: Sequence[str] | None = None) -> tuple[FloatArray, NDArray[np.int64]]:
        self._require_trained()
        if names is not None and tuple(names) != self.feature_names:
            raise InputError(f"columns {list(names)} are not the trained ones {list(self.feature_names)} in order")
        rows = np.array(X, dtype=np.float64, ndmin=2)
        if rows.ndim != 2 or rows.shape[1] != len(self.feature_names):
            raise InputError(f"prediction needs the columns {list(self.feature_names)}, got an array {rows.shape}")
        missing = ~np.isfinite(rows)
        rows[missing] = np.nan
        return rows, missing.sum(axis=1)


def check_parameters(kind: str, given: Mapping[str, Parameter], known: Sequence[str]) -> None:
    """Raise InputError where `given` names a parameter that the kind does not have."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f"the {kind} model has no parameter {', '.join(unknown)}; known: {', '.join(known) or 'none'}")


def normal_confidence(signal: FloatArray) -> FloatArray:
    """Probability in [0.5, 1] that the return has the forecast's sign: Phi(|expected / sd|), element by element."""
    return np.array([0.5 * (1.0 + math.erf(abs(z) / math.sqrt(2.0))) for z in signal.tolist()], dtype=np.float64)


def probability_up(forecast: Predictions) -> FloatArray:
    """P(return > 0) of each row; 0.5 where the forecast takes no side."""
    return np.where(forecast.direction >= 0, forecast.confidence, 1.0 - forecast.confidence)


def unit_risk_scores(forecast: Predictions, realised: FloatArray) -> FloatArray:
    """Per-bar return of the unit-risk position: expected_return / return_sd * realised; 0 where the sd is 0."""
    signal = np.zeros_like(forecast.expected_return)
    np.divide(forecast.expected_return, forecast.return_sd, out=signal, where=forecast.return_sd > 0.0)
    return np.asarray(signal * realised, dtype=np.float64)
