"""Direction by penalised logistic regression, magnitude by the mean absolute return. Numpy only (Newton's method).

The penalty matches the ridge prior: on the logit scale a coefficient is about 1.6 times its standardised linear twin,
so its prior variance is 1.6^2 R2 / D and the penalty D / (1.6^2 R2).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from models.interface import FloatArray, TradingModel, TrainingConfig, check_parameters
from models.logit_fit import fit_logit
from models.ridge import shares
from models.standardiser import Standardiser, linear_combination

LOGIT_PER_PROBIT: Final = 1.6


class LogisticModel(TradingModel):
    """P(up) = sigmoid(z' beta); expected_return = (2 P(up) - 1) * mean |return|; no intercept, as for ridge."""

    kind = "logistic"

    def __init__(self) -> None:
        super().__init__()
        self.standardiser = Standardiser(np.zeros(0), np.ones(0))
        self.coefficients: FloatArray = np.zeros(0)
        self.mean_absolute_return: float = 0.0
        self.residual_sd: float = 0.0

    def _fit(self, X: FloatArray, y: FloatArray, weight: FloatArray, config: TrainingConfig) -> None:
        check_parameters(self.kind, config.parameters, ())
        columns = X.shape[1]
        weight = weight * (len(weight) / weight.sum())
        self.standardiser = Standardiser.fit(X, weight)
        Z = self.standardiser.apply(X)
        moved = y != 0.0
        penalty = columns / (config.ridge_prior_r2 * LOGIT_PER_PROBIT**2)
        up = (y[moved] > 0.0).astype(np.float64)
        self.coefficients = fit_logit(Z[moved], up, weight[moved], penalty=penalty, prior=np.zeros(columns))
        self.mean_absolute_return = float((weight * np.abs(y)).sum() / weight.sum())
        expected, _, _ = self._expected(Z)
        self.residual_sd = float(np.sqrt((weight * (y - expected) ** 2).sum() / weight.sum()))

    def _expected(self, Z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        logit = linear_combination(Z, self.coefficients)
        up = np.array([sigmoid(value) for value in logit.tolist()], dtype=np.float64)
        return (2.0 * up - 1.0) * self.mean_absolute_return, up, logit

    def _forecast(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        expected, up, _ = self._expected(self.standardiser.apply(X))
        return expected, np.full(len(X), self.residual_sd), np.maximum(up, 1.0 - up)

    def feature_importance(self) -> dict[str, float]:
        """Share of the absolute standardised coefficients."""
        self._require_trained()
        return shares(self.feature_names, np.abs(self.coefficients))

    def explain(self, X: FloatArray) -> FloatArray:
        """The expected return shared among features in proportion to their parts of the logit."""
        rows, _ = self._checked(X)
        Z = self.standardiser.apply(rows)
        expected, _, logit = self._expected(Z)
        slope = np.full(len(Z), 0.5 * self.mean_absolute_return)
        np.divide(expected, logit, out=slope, where=logit != 0.0)
        return np.asarray(Z * self.coefficients * slope[:, None], dtype=np.float64)

    def _state(self) -> tuple[dict[str, Any], bytes]:
        return {
            "standardiser": self.standardiser.to_json(),
            "coefficients": self.coefficients.tolist(),
            "mean_absolute_return": self.mean_absolute_return,
            "residual_sd": self.residual_sd,
        }, b""

    def _restore(self, state: dict[str, Any], payload: bytes) -> None:
        self.standardiser = Standardiser.from_json(state["standardiser"])
        self.coefficients = np.array(state["coefficients"], dtype=np.float64)
        self.mean_absolute_return = float(state["mean_absolute_return"])
        self.residual_sd = float(state["residual_sd"])


def sigmoid(value: float) -> float:
    """1 / (1 + exp(-value)) without overflow."""
    if value >= 0.0:
        return 1.0 / (1.0 + math.exp(-value))
    grown = math.exp(value)
    return grown / (1.0 + grown)
