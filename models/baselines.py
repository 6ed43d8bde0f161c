"""No-skill baselines, shown beside every score: what costs nothing to know."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.kernel.errors import InputError
from models.interface import FloatArray, TradingModel, TrainingConfig, check_parameters
from models.standardiser import Standardiser


class ZeroModel(TradingModel):
    """Always expects a return of 0 with the training root mean square as its standard deviation."""

    kind = "zero"

    def __init__(self) -> None:
        super().__init__()
        self.return_sd: float = 0.0

    def _fit(self, X: FloatArray, y: FloatArray, weight: FloatArray, config: TrainingConfig) -> None:
        check_parameters(self.kind, config.parameters, ())
        self.return_sd = float(np.sqrt((weight * y**2).sum() / weight.sum()))

    def _forecast(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        return np.zeros(len(X)), np.full(len(X), self.return_sd), None

    def feature_importance(self) -> dict[str, float]:
        """All 0: it uses no feature."""
        self._require_trained()
        return dict.fromkeys(self.feature_names, 0.0)

    def explain(self, X: FloatArray) -> FloatArray:
        """All 0."""
        rows, _ = self._checked(X)
        return np.zeros_like(rows)

    def _state(self) -> tuple[dict[str, Any], bytes]:
        return {"return_sd": self.return_sd}, b""

    def _restore(self, state: dict[str, Any], payload: bytes) -> None:
        self.return_sd = float(state["return_sd"])


class MomentumModel(TradingModel):
    """Expects the past to go on: sqrt(prior R2) * sd(y) * standardised momentum, nothing fitted but the two scales.

    The feature is `parameters["momentum_feature"]`, else the first whose name begins with "momentum" or "return".
    """

    kind = "momentum"

    def __init__(self) -> None:
        super().__init__()
        self.standardiser = Standardiser(np.zeros(0), np.ones(0))
        self.column: int = 0
        self.slope: float = 0.0
        self.return_sd: float = 0.0

    def _fit(self, X: FloatArray, y: FloatArray, weight: FloatArray, config: TrainingConfig) -> None:
        check_parameters(self.kind, config.parameters, ("momentum_feature",))
        self.column = self._momentum_column(config)
        self.standardiser = Standardiser.fit(X[:, self.column : self.column + 1], weight)
        self.return_sd = float(np.sqrt((weight * y**2).sum() / weight.sum()))
        self.slope = float(np.sqrt(config.ridge_prior_r2)) * self.return_sd

    def _momentum_column(self, config: TrainingConfig) -> int:
        named = config.parameters.get("momentum_feature")
        if named is not None and named not in self.feature_names:
            raise InputError(f"momentum_feature '{named}' is not among the features {list(self.feature_names)}")
        for column, name in enumerate(self.feature_names):
            if name == named or (named is None and name.startswith(("momentum", "return"))):
                return column
        raise InputError("the momentum baseline needs a feature named momentum… or return…, or momentum_feature")

    def _contribution(self, X: FloatArray) -> FloatArray:
        return np.asarray(self.standardiser.apply(X[:, self.column : self.column + 1])[:, 0] * self.slope)

    def _forecast(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        return self._contribution(X), np.full(len(X), self.return_sd), None

    def feature_importance(self) -> dict[str, float]:
        """1 for the momentum feature, 0 for the others."""
        self._require_trained()
        return {name: float(column == self.column) for column, name in enumerate(self.feature_names)}

    def explain(self, X: FloatArray) -> FloatArray:
        """The whole forecast in the momentum column."""
        rows, _ = self._checked(X)
        contributions = np.zeros_like(rows)
        contributions[:, self.column] = self._contribution(rows)
        return contributions

    def _state(self) -> tuple[dict[str, Any], bytes]:
        return {
            "standardiser": self.standardiser.to_json(),
            "column": self.column,
            "slope": self.slope,
            "return_sd": self.return_sd,
        }, b""

    def _restore(self, state: dict[str, Any], payload: bytes) -> None:
        self.standardiser = Standardiser.from_json(state["standardiser"])
        self.column = int(state["column"])
        self.slope = float(state["slope"])
        self.return_sd = float(state["return_sd"])
