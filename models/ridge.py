"""Bayes ridge regression in closed form, numpy only: the first champion and the bar for everything heavier.

With standardised features and prior beta_j ~ N(0, R2/D * var(y)) the posterior mean is the ridge solution with penalty
D / R2 (MacKay 1992, "Bayesian interpolation"). There is no intercept: a drift learned on one window is not an edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.interface import FloatArray, TradingModel, TrainingConfig, check_parameters
from models.standardiser import Standardiser, linear_combination, quadratic_form


class RidgeModel(TradingModel):
    """Linear forecast of the next return, with coefficient covariance.

    `return_sd` of a row is sqrt(residual variance + z' C z): noise and uncertainty of the coefficients. The residual
    variance is corrected for the effective degrees of freedom.
    """

    kind = "ridge"

    def __init__(self) -> None:
        super().__init__()
        self.standardiser = Standardiser(np.zeros(0), np.ones(0))
        self.coefficients: FloatArray = np.zeros(0)
        self.covariance_root: FloatArray = np.zeros((0, 0))
        self.residual_sd: float = 0.0
        self.effective_parameters: float = 0.0

    @property
    def coefficient_covariance(self) -> FloatArray:
        """Posterior covariance[d, d] of the coefficients of standardised features, in squared log returns."""
        return np.asarray(self.covariance_root @ self.covariance_root.T, dtype=np.float64)

    def _fit(self, X: FloatArray, y: FloatArray, weight: FloatArray, config: TrainingConfig) -> None:
        check_parameters(self.kind, config.parameters, ())
        columns = X.shape[1]
        weight = weight * (len(weight) / weight.sum())
        self.standardiser = Standardiser.fit(X, weight)
        Z = self.standardiser.apply(X)
        gram = (Z * weight[:, None]).T @ Z
        precision = gram + np.eye(columns) * (columns / config.ridge_prior_r2)
        self.coefficients = np.linalg.solve(precision, (Z * weight[:, None]).T @ y)
        self.effective_parameters = float(np.trace(np.linalg.solve(precision, gram)))
        residual = y - Z @ self.coefficients
        freedom = max(len(y) - self.effective_parameters, 1.0)
        self.residual_sd = float(np.sqrt((weight * residual**2).sum() / freedom))
        inverse_root = np.linalg.inv(np.linalg.cholesky(precision)).T
        self.covariance_root = inverse_root * self.residual_sd

    def _forecast(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        Z = self.standardiser.apply(X)
        uncertainty = quadratic_form(Z, self.covariance_root)
        return linear_combination(Z, self.coefficients), np.sqrt(self.residual_sd**2 + uncertainty), None

    def feature_importance(self) -> dict[str, float]:
        """Share of the absolute standardised coefficients."""
        self._require_trained()
        return shares(self.feature_names, np.abs(self.coefficients))

    def explain(self, X: FloatArray) -> FloatArray:
        """Coefficient times standardised value, log return per feature."""
        rows, _ = self._checked(X)
        return self.standardiser.apply(rows) * self.coefficients

    def _state(self) -> tuple[dict[str, Any], bytes]:
        return {
            "standardiser": self.standardiser.to_json(),
            "coefficients": self.coefficients.tolist(),
            "covariance_root": self.covariance_root.tolist(),
            "residual_sd": self.residual_sd,
            "effective_parameters": self.effective_parameters,
        }, b""

    def _restore(self, state: dict[str, Any], payload: bytes) -> None:
        self.standardiser = Standardiser.from_json(state["standardiser"])
        self.coefficients = np.array(state["coefficients"], dtype=np.float64)
        self.covariance_root = np.array(state["covariance_root"], dtype=np.float64)
        self.residual_sd = float(state["residual_sd"])
        self.effective_parameters = float(state["effective_parameters"])


def shares(names: tuple[str, ...], amounts: FloatArray) -> dict[str, float]:
    """Amounts of at least 0 as shares of their sum; all 0 where the sum is 0."""
    total = float(amounts.sum())
    return {name: float(amount) / total if total > 0.0 else 0.0 for name, amount in zip(names, amounts, strict=True)}
