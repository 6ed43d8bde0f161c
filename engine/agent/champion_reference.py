"""The yardstick of a new champion or candidate, measured on the history that taught it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from engine.agent.reference import ChampionReference, build_reference
from engine.kernel.config_models import HydraConfig
from engine.sandbox.candidate import Candidate, adjusted_columns, forecast
from engine.sandbox.market_history import MarketHistory
from models.champion import Champion, ChampionPredictions
from models.ridge import RidgeModel

FEATURE_BARS: Final = 1000


def reference_of(champion: Champion, history: MarketHistory, config: HydraConfig) -> ChampionReference:
    """Yardstick of a freshly trained champion on the bars that taught it."""
    first = int(np.searchsorted(history.known_ts, champion.spec.training.from_ts))
    part = history.window(first, len(history))
    return _measure(champion, part, forecast(champion, part, 0), 0, config)


def candidate_reference(
    present: ChampionReference, candidate: Candidate, history: MarketHistory, config: HydraConfig, cause: str
) -> ChampionReference:
    """Yardstick of a candidate: the champion's own with other repairs, or, for a new fit, measured anew.

    A candidate that answers a change of volatility is measured against the new one.

    A new fit is scored on its out-of-sample forecasts only; features are described on the last 1,000 bars; the
    yardstick
    of volatility stays that of the champion, since a fit on few bars says little about it. Raises
    CalculationError where fewer than 100 bars could be scored.
    """
    champion = candidate.champion
    if not candidate.refitted:
        adjusted = present.with_adjustments(champion.spec.to_json()["adjustments"], champion.model_id)
        return (
            adjusted
            if cause != "regime_volatility"
            else replace(adjusted, training_volatility=_recent_volatility(candidate, history))
        )
    first = max(0, len(history) - FEATURE_BARS)
    part = history.window(first, len(history))
    measured = _measure(champion, part, candidate.predictions, candidate.forecast_from - first, config)
    measured = replace(measured, training_volatility=present.training_volatility)
    return measured.with_adjustments(champion.spec.to_json()["adjustments"], champion.model_id)


def _recent_volatility(candidate: Candidate, history: MarketHistory) -> float:
    """Root mean square return since the change, per bar."""
    since = history.realised[candidate.start :]
    known = since[np.isfinite(since)]
    return float(np.sqrt(np.mean(known**2)))


def _measure(
    champion: Champion, part: MarketHistory, predictions: ChampionPredictions, offset: int, config: HydraConfig
) -> ChampionReference:
    names = champion.spec.features
    index = [part.names.index(name) for name in names]
    said = np.full(len(part), math.nan)
    usable = np.where(predictions.usable, predictions.expected_return, math.nan)
    said[offset + 1 :] = usable[: len(part) - offset - 1]
    values = part.values[:, index].copy()
    adjusted = adjusted_columns(champion.spec, part)
    sound = [position for position, name in enumerate(names) if name not in champion.spec.adjustments.quarantine]
    values[:, sound] = adjusted[:, sound]
    edge = champion.spec.edge
    return build_reference(
        champion.model_id,
        names,
        part.known_ts,
        values,
        said,
        part.realised,
        observer=config.observer,
        coefficients=_coefficients(champion),
        event_ts=part.event_ts[:, index],
        volumes=np.array([bar.volume for bar in part.bars], dtype=np.float64),
        edge_lower_bound=0.0 if edge is None else edge.lower_bound,
        bars_per_year=config.market.bars_per_year,
    )


def _coefficients(champion: Champion) -> list[float] | None:
    """Coefficients on standardised features of a ridge; None for any other kind."""
    model = champion.model
    return model.coefficients.tolist() if isinstance(model, RidgeModel) else None
