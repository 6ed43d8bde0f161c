"""A model as it trades: repairs applied before it, edge and confidence attached, one row at a time or many at once.

Both ways give the same bits (`tests/models/test_champion.py`), so a replay that predicts in batches decides like the
live step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.kernel.errors import InputError
from models.factory import load_model
from models.interface import FloatArray, Predictions, TradingModel, normal_confidence
from models.logistic import sigmoid
from models.spec import ModelSpec

_PROBABILITY_MARGIN: Final = 1e-9


@dataclass(frozen=True, slots=True)
class ChampionPrediction:
    """One forecast, with every field of `engine.core.trading_types.Prediction` and what sizing needs besides.

    `shrinkage` already holds the edge's shrinkage times the size multiplier. Where `usable` is False the numbers are
    what the model would say without the missing inputs, for display only.
    """

    ts: int
    model_id: str
    expected_return: float
    return_sd: float
    confidence: float
    edge_lower_bound: float
    shrinkage: float
    trading_rate: float
    usable: bool
    unusable_reason: str


@dataclass(frozen=True, slots=True)
class ChampionPredictions:
    """Forecasts of n rows, column-wise; `row(i)` equals what `Champion.predict_one` gives for that row alone."""

    model_id: str
    ts: NDArray[np.int64]
    expected_return: FloatArray
    return_sd: FloatArray
    confidence: FloatArray
    usable: NDArray[np.bool_]
    unusable_reason: tuple[str, ...]
    edge_lower_bound: float
    shrinkage: float
    trading_rate: float

    def __len__(self) -> int:
        return len(self.expected_return)

    def row(self, index: int) -> ChampionPrediction:
        """The forecast of one row."""
        return ChampionPrediction(
            ts=int(self.ts[index]),
            model_id=self.model_id,
            expected_return=float(self.expected_return[index]),
            return_sd=float(self.return_sd[index]),
            confidence=float(self.confidence[index]),
            edge_lower_bound=self.edge_lower_bound,
            shrinkage=self.shrinkage,
            trading_rate=self.trading_rate,
            usable=bool(self.usable[index]),
            unusable_reason=self.unusable_reason[index],
        )


class Champion:
    """A registered model version with its adjustments.

    Raises InputError where model and specification disagree, or where an EWMA volatility mode lacks the training value.
    """

    def __init__(self, model_id: str, spec: ModelSpec, model: TradingModel) -> None:
        if model.kind != spec.kind or model.feature_names != spec.features:
            raise InputError(
                f"model {model_id} is {model.kind} on {list(model.feature_names)}, "
                f"its specification says {spec.kind} on {list(spec.features)}"
            )
        training_volatility = spec.training.volatility_ewma
        if spec.adjustments.volatility != "training" and not (training_volatility and training_volatility > 0.0):
            raise InputError(f"model {model_id}: this volatility mode needs training.volatility_ewma")
        self.model_id = model_id
        self.spec = spec
        self.model = model
        self._needed = np.array([name not in spec.adjustments.quarantine for name in spec.features])

    @classmethod
    def load(cls, model_id: str, spec: ModelSpec, artifact: bytes) -> Champion:
        """Build from the registry's row and artifact bytes; raises CorruptStoreError where the bytes do not verify."""
        return cls(model_id, spec, load_model(artifact))

    def predict_vector(
        self,
        names: Sequence[str],
        values: ArrayLike,
        stale: ArrayLike,
        ewma_volatility: float = math.nan,
        *,
        ts: int = 0,
    ) -> ChampionPrediction:
        """Forecast from one feature vector: `values[d]` and `stale[d]` in the order of `names`, which may hold more
        features than the model uses. `ewma_volatility` is the current EWMA volatility (NaN = unknown); `ts` is the
        known time of the vector."""
        row = np.asarray(values, dtype=np.float64).reshape(1, -1)
        flags = np.asarray(stale, dtype=np.bool_).reshape(1, -1)
        return self.predict_many(names, row, flags, np.array([ewma_volatility]), ts=np.array([ts])).row(0)

    predict_one = predict_vector

    def predict_many(
        self,
        names: Sequence[str],
        values: FloatArray,
        stale: NDArray[np.bool_],
        ewma_volatility: FloatArray | None = None,
        *,
        ts: NDArray[np.int64] | None = None,
    ) -> ChampionPredictions:
        """Forecast n rows: `values[n, d]`, `stale[n, d]`, `ewma_volatility[n]`, `ts[n]`."""
        columns = {name: column for column, name in enumerate(names)}
        absent = [name for name in self.spec.features if name not in columns]
        if np.shape(values) != (len(values), len(names)) or np.shape(stale) != np.shape(values):
            raise InputError(f"prediction needs values and stale flags [n, {len(names)}], got {np.shape(values)}")
        rows = np.full((len(values), len(self.spec.features)), np.nan)
        old = np.zeros(rows.shape, dtype=np.bool_)
        for target, name in enumerate(self.spec.features):
            if name in columns:
                rows[:, target] = values[:, columns[name]]
                old[:, target] = stale[:, columns[name]]
        missing = ~np.isfinite(rows)
        forecast = self.model.predict(self._adjusted(rows))
        volatility = np.full(len(rows), np.nan) if ewma_volatility is None else ewma_volatility
        expected, deviation, unknown_volatility = self._scaled(forecast, volatility)
        reasons = self._reasons(missing, old, unknown_volatility, absent)
        edge = self.spec.edge
        return ChampionPredictions(
            model_id=self.model_id,
            ts=np.zeros(len(rows), dtype=np.int64) if ts is None else ts,
            expected_return=expected,
            return_sd=deviation,
            confidence=self._confidence(forecast, expected, deviation),
            usable=np.array([not reason for reason in reasons], dtype=np.bool_),
            unusable_reason=reasons,
            edge_lower_bound=0.0 if edge is None else edge.lower_bound,
            shrinkage=0.0 if edge is None else edge.shrinkage * self.spec.adjustments.size_multiplier,
            trading_rate=self.spec.adjustments.trading_rate,
        )

    def _adjusted(self, rows: FloatArray) -> FloatArray:
        for column, name in enumerate(self.spec.features):
            repair = self.spec.adjustments.restandardise.get(name)
            if repair is not None:
                rows[:, column] = (rows[:, column] - repair.offset) / repair.scale
            if name in self.spec.adjustments.quarantine:
                rows[:, column] = np.nan
        return rows

    def _scaled(
        self, forecast: Predictions, volatility: FloatArray
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        mode = self.spec.adjustments.volatility
        training_volatility = self.spec.training.volatility_ewma
        if mode == "training" or training_volatility is None:
            return forecast.expected_return, forecast.return_sd, np.zeros(len(forecast), dtype=np.bool_)
        unknown = ~(np.isfinite(volatility) & (volatility > 0.0))
        ratio = np.where(unknown, 1.0, volatility) / np.where(unknown, 1.0, training_volatility)
        expected = forecast.expected_return * ratio if mode == "ewma_scaled" else forecast.expected_return
        return expected, forecast.return_sd * ratio, unknown

    def _confidence(self, forecast: Predictions, expected: FloatArray, deviation: FloatArray) -> FloatArray:
        confidence = forecast.confidence
        if self.spec.adjustments.volatility == "ewma" and self.model.kind != "logistic":
            signal = np.divide(expected, deviation, out=np.zeros_like(expected), where=deviation > 0.0)
            confidence = normal_confidence(signal)
        platt = self.spec.calibration
        if platt is None:
            return confidence
        calibrated = []
        for side, raw in zip(forecast.direction.tolist(), confidence.tolist(), strict=True):
            up = min(max(raw if side >= 0 else 1.0 - raw, _PROBABILITY_MARGIN), 1.0 - _PROBABILITY_MARGIN)
            up = sigmoid(platt.slope * math.log(up / (1.0 - up)) + platt.intercept)
            calibrated.append(up if side >= 0 else 1.0 - up)
        return np.array(calibrated, dtype=np.float64)

    def _reasons(
        self,
        missing: NDArray[np.bool_],
        stale: NDArray[np.bool_],
        unknown_volatility: NDArray[np.bool_],
        absent: Sequence[str],
    ) -> tuple[str, ...]:
        bad = (missing | stale) & self._needed
        flagged = bad.any(axis=1) | unknown_volatility
        reasons = [""] * len(missing)
        for index in np.flatnonzero(flagged).tolist():
            parts = []
            for column in np.flatnonzero(bad[index]).tolist():
                name = self.spec.features[column]
                state = "absent" if name in absent else "missing" if missing[index, column] else "stale"
                parts.append(f"{name} is {state}")
            if unknown_volatility[index]:
                parts.append("current volatility_ewma is missing")
            reasons[index] = "; ".join(parts)
        return tuple(reasons)
