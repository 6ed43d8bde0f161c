"""From a proposal to a candidate: the champion's specification changed within bounds, fitted again where it must be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import CalculationError
from engine.sandbox.market_history import MarketHistory
from models.champion import Champion, ChampionPredictions
from models.edge import EdgeConfig, EdgeEstimate, OutOfSample, edge_of_forecasts, estimate_edge
from models.factory import create_model
from models.interface import TradingModel, TrainingConfig
from models.spec import ModelSpec, TrainingRange

FloatArray = NDArray[np.float64]
REFIT_KEYS: Final = frozenset({"training", "features", "params", "kind"})
BLOCK_BARS: Final = 10
PRIOR_R2: Final = "ridge_prior_r2"
LEAST_TRAINING_BARS: Final = 30
YARDSTICK_BARS: Final = 250


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate and its out-of-sample forecasts.

    `predictions` covers `history.bars[forecast_from:]`, judged from `start` on; for a refitted candidate each block
    of ten bars is forecast by a fit on
    its past only, as the candidate would have been refitted as it went. `champion` is the final fit, to be deployed.
    """

    champion: Champion
    predictions: ChampionPredictions
    forecast_from: int
    start: int
    refitted: bool
    edge: EdgeEstimate | None


def changed_spec(spec: ModelSpec, parameters: Mapping[str, Any]) -> ModelSpec:
    """The specification after a proposal's change: sections merge, lists of quarantined features unite."""
    document = spec.to_json()
    for key, change in parameters.items():
        if key == "adjustments":
            present = document["adjustments"]
            for name, value in change.items():
                if name == "restandardise":
                    present[name] = {**present[name], **value}
                elif name == "quarantine":
                    present[name] = sorted({*present[name], *value})
                else:
                    present[name] = value
        elif key in ("training", "params"):
            document[key] = {**document[key], **change}
        else:
            document[key] = change
    kept = set(document["features"])
    adjustments = document["adjustments"]
    adjustments["restandardise"] = {name: item for name, item in adjustments["restandardise"].items() if name in kept}
    adjustments["quarantine"] = [name for name in adjustments["quarantine"] if name in kept]
    return ModelSpec.from_json(document)


def needs_refit(parameters: Mapping[str, Any]) -> bool:
    """Whether a proposal's change needs a new fit."""
    return bool(REFIT_KEYS & parameters.keys())


def build_candidate(
    candidate_id: str,
    spec: ModelSpec,
    champion: Champion,
    parameters: Mapping[str, Any],
    history: MarketHistory,
    start: int,
    config: HydraConfig,
    seed: int,
) -> Candidate:
    """Build the candidate and forecast `history.bars[start:]` out of sample.

    Raises CalculationError where too few bars are left to fit on.
    """
    target = changed_spec(spec, parameters)
    if not needs_refit(parameters):
        changed = Champion(candidate_id, target, champion.model)
        return Candidate(changed, forecast(changed, history, start), start, start, False, None)
    first = int(np.searchsorted(history.known_ts, target.training.from_ts))
    return _refit(candidate_id, target, history, first, start, config, seed)


def train_first(
    model_id: str, kind: str, features: tuple[str, ...], history: MarketHistory, config: HydraConfig, seed: int
) -> tuple[Champion, EdgeEstimate]:
    """Fit the first champion on the last `training_window_bars` of a history, its edge by purged walk-forward.

    CalculationError where no bar has all inputs, naming those that are missing throughout.
    """
    window = history.window(max(0, len(history) - config.models.training_window_bars), len(history))
    X, y = window.columns(features), window.next_return

    def fit(rows: FloatArray, target: FloatArray) -> TradingModel:
        return train_model(kind, features, rows, target, {}, config, seed)

    usable = np.isfinite(X).all(axis=1) & np.isfinite(y)
    if not usable.any():
        absent = [name for column, name in enumerate(features) if not np.isfinite(X[:, column]).any()]
        raise CalculationError(
            f"none of {len(window)} bars has all inputs of the champion"
            + (f"; never known: {', '.join(absent)}" if absent else "")
            + "; ingest what they come from, or leave them out of market.champion_features"
        )
    edge = estimate_edge(X[usable], y[usable], fit, edge_config(config))
    spec = ModelSpec(kind, features, training_range(window), edge=edge.summary())
    return Champion(model_id, spec, fit(X[usable], y[usable])), edge


def forecast(champion: Champion, history: MarketHistory, start: int) -> ChampionPredictions:
    """Forecasts of a fixed model for `history.bars[start:]`."""
    part = history.window(start, len(history))
    return champion.predict_many(part.names, part.values, part.stale, part.volatility(), ts=part.known_ts)


def edge_config(config: HydraConfig, *, nats: float = 3.0) -> EdgeConfig:
    """How an edge is measured under these settings."""
    return EdgeConfig(
        config.models.walk_forward_folds,
        config.models.label_horizon_bars,
        config.models.embargo_bars,
        config.models.edge_confidence,
        nats,
    )


def _refit(
    candidate_id: str, spec: ModelSpec, history: MarketHistory, first: int, start: int, config: HydraConfig, seed: int
) -> Candidate:
    count = len(history)
    forecast_from = max(first + LEAST_TRAINING_BARS, min(start, count - YARDSTICK_BARS))
    start = max(start, forecast_from)
    if count - start < BLOCK_BARS:
        raise CalculationError(f"{count - first} bars since the change are too few to refit and to test; wait for more")
    X, y = adjusted_columns(spec, history), history.next_return
    embargo = config.models.embargo_bars
    blocks: list[ChampionPredictions] = []
    sample: list[tuple[FloatArray, ...]] = []
    for low in range(forecast_from, count, BLOCK_BARS):
        high = min(count, low + BLOCK_BARS)
        past = slice(first, max(first + 2, low - embargo))
        model = train_model(spec.kind, spec.features, X[past], y[past], spec.params, config, seed)
        part = history.window(low, high)
        blocks.append(
            Champion(candidate_id, _with_range(spec, history, first, low), model).predict_many(
                part.names, part.values, part.stale, part.volatility(), ts=part.known_ts
            )
        )
        sample.append(_scored(blocks[-1], part.next_return, y[past], low))
    merged = [np.concatenate(column) for column in zip(*sample, strict=True)]
    edge = edge_of_forecasts(OutOfSample(merged[0].astype(np.int64), *merged[1:]), edge_config(config, nats=1.0))
    final_spec = replace(_with_range(spec, history, first, count), edge=edge.summary())
    final = Champion(
        candidate_id,
        final_spec,
        train_model(spec.kind, spec.features, X[first:count], y[first:count], spec.params, config, seed),
    )
    joined = _join(blocks, edge)
    return Candidate(final, joined, forecast_from, start, True, edge)


def adjusted_columns(spec: ModelSpec, history: MarketHistory) -> FloatArray:
    """Input columns with the specification's repairs applied, as the model would see them."""
    X = history.columns(spec.features).copy()
    for column, name in enumerate(spec.features):
        repair = spec.adjustments.restandardise.get(name)
        if repair is not None:
            X[:, column] = (X[:, column] - repair.offset) / repair.scale
        if name in spec.adjustments.quarantine:
            X[:, column] = math.nan
    return X


def train_model(
    kind: str,
    features: tuple[str, ...],
    X: FloatArray,
    y: FloatArray,
    params: Mapping[str, Any],
    config: HydraConfig,
    seed: int,
) -> TradingModel:
    """Fit one model of a kind under these settings."""
    own = dict(params)
    prior_r2 = float(own.pop(PRIOR_R2, config.models.ridge_prior_r2))
    training = TrainingConfig(seed=seed, ridge_prior_r2=prior_r2, parameters=own)
    return create_model(kind).train(X, y, training, feature_names=features)


def training_range(history: MarketHistory) -> TrainingRange:
    """Span of the rows that teach a model, with their typical EWMA volatility."""
    volatility = history.volatility()
    known = volatility[np.isfinite(volatility)]
    typical = float(np.sqrt(np.mean(known**2))) if len(known) else None
    return TrainingRange(int(history.known_ts[0]), int(history.known_ts[-1]), len(history), typical)


def _with_range(spec: ModelSpec, history: MarketHistory, first: int, stop: int) -> ModelSpec:
    return replace(spec, training=training_range(history.window(first, max(first + 1, stop))))


def _scored(
    predictions: ChampionPredictions, realised: FloatArray, past: FloatArray, offset: int
) -> tuple[FloatArray, ...]:
    kept = np.isfinite(realised) & predictions.usable
    known = past[np.isfinite(past)]
    zero_sd = np.full(int(kept.sum()), float(np.sqrt(np.mean(known**2))))
    up = np.where(predictions.expected_return >= 0, predictions.confidence, 1.0 - predictions.confidence)
    rows = np.arange(offset, offset + len(realised), dtype=np.float64)
    return (
        rows[kept],
        predictions.expected_return[kept],
        predictions.return_sd[kept],
        up[kept],
        zero_sd,
        realised[kept],
    )


def _join(blocks: list[ChampionPredictions], edge: EdgeEstimate) -> ChampionPredictions:
    summary = edge.summary()
    return ChampionPredictions(
        model_id=blocks[0].model_id,
        ts=np.concatenate([block.ts for block in blocks]),
        expected_return=np.concatenate([block.expected_return for block in blocks]),
        return_sd=np.concatenate([block.return_sd for block in blocks]),
        confidence=np.concatenate([block.confidence for block in blocks]),
        usable=np.concatenate([block.usable for block in blocks]),
        unusable_reason=tuple(reason for block in blocks for reason in block.unusable_reason),
        edge_lower_bound=summary.lower_bound,
        shrinkage=summary.shrinkage,
        trading_rate=blocks[0].trading_rate,
    )
