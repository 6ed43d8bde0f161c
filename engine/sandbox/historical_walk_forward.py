"""Walk-forward over real history: fit on the past only, predict until the next fit, say what was missing when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.trading_types import Prediction
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import CalculationError
from engine.sandbox.candidate import edge_config, train_model, training_range
from engine.sandbox.market_history import MarketHistory, to_prediction
from models.champion import Champion
from models.edge import estimate_edge
from models.interface import FloatArray, TradingModel
from models.spec import ModelSpec

LEAST_COVERAGE = 0.9
LEAST_TRAINING_ROWS = 250


@dataclass(frozen=True, slots=True)
class Refit:
    """One fit: bars `first` to `stop` predicted by it, the features it used and those it could not, and its edge."""

    first: int
    stop: int
    features: tuple[str, ...]
    left_out: tuple[str, ...]
    edge_lower_bound: float | None
    information_coefficient: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class WalkForward:
    """Predictions aligned with the bars (None before the first fit), and every fit."""

    predictions: tuple[Prediction | None, ...]
    refits: tuple[Refit, ...]


def walk_forward(
    history: MarketHistory,
    start: int,
    config: HydraConfig,
    *,
    kind: str,
    features: tuple[str, ...],
    seed: int,
    progress: Callable[[int, int, str], None] | None = None,
) -> WalkForward:
    """Predict bars `start`.. of the history.

    Every `retrain_every_bars` a model of `kind` is fitted on the `training_window_bars` bars whose label was known by
    then. A feature that is missing or stale at the fit, or covers less than 90 % of the window, is left out of that fit
    and named; nothing is filled in. A model's size depends on the lower bound of its edge, measured inside the window.
    """
    count = len(history)
    predictions: list[Prediction | None] = [None] * count
    refits: list[Refit] = []
    step = config.models.retrain_every_bars
    horizon = config.models.label_horizon_bars
    for low in range(start, count, step):
        high = min(count, low + step)
        stop = low - horizon + 1
        window = history.window(max(0, stop - config.models.training_window_bars), stop)
        refit = _fit(window, history, low, high, kind, features, config, seed, predictions)
        refits.append(refit)
        if progress is not None:
            progress(high - start, count - start, str(history.bars[low].event_ts))
    return WalkForward(tuple(predictions), tuple(refits))


def _fit(
    window: MarketHistory,
    history: MarketHistory,
    low: int,
    high: int,
    kind: str,
    features: tuple[str, ...],
    config: HydraConfig,
    seed: int,
    predictions: list[Prediction | None],
) -> Refit:
    used, left_out = usable_features(window, history, low - 1, features)
    if len(window) < LEAST_TRAINING_ROWS or not used:
        return Refit(low, high, used, left_out, None, None, f"{len(window)} bars of history are too few")
    last = len(window) - config.models.label_horizon_bars
    X, y = window.columns(used)[:last], window.next_return[:last]
    rows = np.isfinite(X).all(axis=1) & np.isfinite(y)

    def train(inputs: FloatArray, target: FloatArray) -> TradingModel:
        return train_model(kind, used, inputs, target, {}, config, seed)

    try:
        edge = estimate_edge(X[rows], y[rows], train, edge_config(config))
    except CalculationError as error:
        return Refit(low, high, used, left_out, None, None, error.message)
    spec = ModelSpec(kind, used, training_range(window), edge=edge.summary())
    champion = Champion(f"wf-{low}", spec, train(X[rows], y[rows]))
    part = history.window(low, high)
    forecasts = champion.predict_many(part.names, part.values, part.stale, part.volatility(), ts=part.known_ts)
    for offset in range(high - low):
        predictions[low + offset] = to_prediction(forecasts.row(offset))
    return Refit(low, high, used, left_out, edge.lower_bound, edge.information_coefficient, edge.reason)


def usable_features(
    window: MarketHistory, history: MarketHistory, at: int, features: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Features that cover the window and are fresh at bar `at`, and those that are not."""
    used: list[str] = []
    left_out: list[str] = []
    for name in features:
        column = history.names.index(name)
        coverage = (
            float(np.mean(np.isfinite(window.values[:, column]) & ~window.stale[:, column])) if len(window) else 0.0
        )
        fresh = not bool(history.stale[max(at, 0), column])
        (used if coverage >= LEAST_COVERAGE and fresh else left_out).append(name)
    return tuple(used), tuple(left_out)


def without_edge_gate(predictions: tuple[Prediction | None, ...]) -> list[Prediction | None]:
    """The same forecasts sized as if the lower bound of the edge did not matter: research only, never traded."""
    return [None if item is None else replace(item, edge_lower_bound=1.0, shrinkage=1.0) for item in predictions]


def constant_prediction(
    history: MarketHistory, model_id: str, expected: NDArray[np.float64], sd: float
) -> list[Prediction | None]:
    """Predictions of a baseline: an expected return per bar with one standard deviation, always usable."""
    return [
        Prediction(bar.known_ts, model_id, float(value), sd, 0.5, 1.0, 1.0) if np.isfinite(value) else None
        for bar, value in zip(history.bars, expected, strict=True)
    ]
