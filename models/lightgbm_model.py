"""Gradient-boosted trees by LightGBM: deterministic, single-threaded, stored as LightGBM's own text."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from models.interface import FloatArray, Parameter, TradingModel, TrainingConfig, check_parameters
from models.ridge import shares

DEFAULT_PARAMETERS: Final[dict[str, Parameter]] = {
    "num_leaves": 7,
    "learning_rate": 0.05,
    "rounds": 80,
    "min_data_in_leaf": 25,
    "lambda_l2": 10.0,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
}
_HOLDOUT_SHARE: Final = 0.2
_LEAST_HOLDOUT_ROWS: Final = 20


class LightGBMModel(TradingModel):
    """Trees on the target in units of its own standard deviation, no intercept.

    In-sample residuals of trees flatter themselves, so `return_sd` is the root mean square error on the last fifth of
    the rows of a first fit on the rows before; the forecast comes from a second fit on all rows.
    """

    kind = "lightgbm"

    def __init__(self) -> None:
        super().__init__()
        self.model_text: str = ""
        self.target_sd: float = 0.0
        self.return_sd: float = 0.0
        self._base: float = 0.0
        self._loaded: Any = None

    def _fit(self, X: FloatArray, y: FloatArray, weight: FloatArray, config: TrainingConfig) -> None:
        check_parameters(self.kind, config.parameters, tuple(DEFAULT_PARAMETERS))
        self._loaded, self.model_text, self._base = None, "", 0.0
        self.target_sd = self.return_sd = float(np.sqrt((weight * y**2).sum() / weight.sum()))
        settings = {**DEFAULT_PARAMETERS, **config.parameters}
        if self.target_sd == 0.0 or len(y) < 2 * int(settings["min_data_in_leaf"]):
            return
        scaled = y / self.target_sd
        holdout = max(_LEAST_HOLDOUT_ROWS, int(len(y) * _HOLDOUT_SHARE))
        first = len(y) - holdout
        if first >= 2 * int(settings["min_data_in_leaf"]):
            trial = _boost(X[:first], scaled[:first], weight[:first], settings, config.seed)
            error = y[first:] - trial.predict(X[first:], num_threads=1) * self.target_sd
            self.return_sd = float(np.sqrt((weight[first:] * error**2).sum() / weight[first:].sum()))
        self.model_text = _boost(X, scaled, weight, settings, config.seed).model_to_string()
        self._base = float(self._contributions(X[:1])[0, -1]) * self.target_sd

    def _booster(self) -> Any:
        if self._loaded is None:
            import lightgbm

            self._loaded = lightgbm.Booster(model_str=self.model_text)
        return self._loaded

    def _contributions(self, X: FloatArray) -> FloatArray:
        return np.asarray(self._booster().predict(X, pred_contrib=True, num_threads=1), dtype=np.float64)

    @property
    def base_value(self) -> float:
        """Mean forecast of the trees over their training rows (the anchor of TreeSHAP)."""
        return self._base

    def _forecast(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        deviation = np.full(len(X), self.return_sd)
        if not self.model_text or len(X) == 0:
            return np.zeros(len(X)), deviation, None
        raw = np.asarray(self._booster().predict(X, num_threads=1), dtype=np.float64)
        return raw * self.target_sd, deviation, None

    def feature_importance(self) -> dict[str, float]:
        """Share of the total gain."""
        self._require_trained()
        if not self.model_text:
            return dict.fromkeys(self.feature_names, 0.0)
        gain = np.asarray(self._booster().feature_importance(importance_type="gain"), dtype=np.float64)
        return shares(self.feature_names, gain)

    def explain(self, X: FloatArray) -> FloatArray:
        """TreeSHAP contributions (Lundberg 2018), log return per feature."""
        rows, _ = self._checked(X)
        if not self.model_text or len(rows) == 0:
            return np.zeros_like(rows)
        return self._contributions(rows)[:, :-1] * self.target_sd

    def _state(self) -> tuple[dict[str, Any], bytes]:
        state = {"target_sd": self.target_sd, "return_sd": self.return_sd, "base_value": self._base}
        return state, self.model_text.encode()

    def _restore(self, state: dict[str, Any], payload: bytes) -> None:
        self.target_sd = float(state["target_sd"])
        self.return_sd = float(state["return_sd"])
        self._base = float(state["base_value"])
        self.model_text = payload.decode()
        self._loaded = None


def _boost(X: FloatArray, y: FloatArray, weight: FloatArray, settings: dict[str, Parameter], seed: int) -> Any:
    import lightgbm

    parameters = {name: value for name, value in settings.items() if name != "rounds"}
    parameters |= {
        "objective": "regression",
        "boost_from_average": False,
        "bagging_freq": 1,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(X, label=y, weight=weight, params={"verbosity": -1, "num_threads": 1})
    return lightgbm.train(parameters, data, num_boost_round=int(settings["rounds"]))
