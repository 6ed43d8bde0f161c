"""A healing trader from the bars that teach it: its champion, its yardstick and its deployment gate in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.agent.reference import build_reference, log_volatility_sd
from engine.agent.treatment.desk import PROVEN_EDGE
from engine.agent.treatment.healing_trader import LARGEST_RETURN, HealingTrader
from engine.agent.treatment.linear_rule import LinearRule
from engine.agent.treatment.prequential_edge import prequential_edge
from engine.kernel.config_models import HydraConfig
from engine.sandbox.statistics.volatility_filter import filtered_volatilities

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TeachingBars:
    """History of n bars: `values[n, d]` and `spread[n]` known before each bar, `returns[n]` and `volume[n]` after it,
    `ts[n]` the moment of decision (UTC microseconds)."""

    feature_names: tuple[str, ...]
    ts: IntArray
    values: FloatArray
    returns: FloatArray
    spread: FloatArray
    volume: FloatArray


def taught_trader(
    config: HydraConfig, seed: int, bars: TeachingBars, *, least_squares_bars: int | None = None
) -> HealingTrader:
    """Fit the champion (Bayes ridge on all bars or, to be tested on a bad one, least squares on the last
    `least_squares_bars`) on returns in units of filtered volatility, and set it to work. Features with a missing value
    on a bar count as usual there. It trades only if the bars hold an edge at all: `deployment_nats` of the settings."""
    values = np.where(np.isfinite(bars.values), bars.values, np.nanmean(bars.values, axis=0))
    known = np.where(np.isfinite(bars.returns), bars.returns, 0.0)
    level = float(np.sqrt(np.mean(known**2)))
    mean, sd = values.mean(axis=0), values.std(axis=0)
    first = LinearRule("champion", bars.feature_names, mean, np.where(sd > 0.0, sd, 1.0), np.zeros(len(mean)), 1.0)
    volatility = filtered_volatilities(
        known,
        level=level,
        log_sd=log_volatility_sd(known[:-1]),
        persistence=config.observer.volatility_persistence,
        hazard_bars=config.observer.volatility_jump_bars,
    )
    scaled = np.clip(known / volatility, -LARGEST_RETURN, LARGEST_RETURN)
    inputs = (values - first.mean) / first.sd
    edge = prequential_edge(inputs, scaled, prior_r2=config.treatment.prior_r2)
    weights, variance = edge.weights, edge.residual_variance
    if least_squares_bars is not None:
        taught, told = inputs[-least_squares_bars:], scaled[-least_squares_bars:]
        weights = np.asarray(np.linalg.lstsq(taught, told, rcond=None)[0], dtype=np.float64)
        variance = float(np.mean((told - taught @ weights) ** 2))
    rule = replace(first, weights=weights, residual_variance=variance)
    deployed = edge.nats > config.treatment.deployment_nats
    # decision row i holds the features of bar i, and the return and volume of bar i - 1
    reference = build_reference(
        "champion",
        bars.feature_names,
        bars.ts[1:],
        bars.values[1:],
        (inputs @ weights * level)[:-1],
        known[:-1],
        observer=config.observer,
        coefficients=(weights * level).tolist(),
        spreads=bars.spread[1:],
        volumes=bars.volume[:-1],
        edge_lower_bound=PROVEN_EDGE if deployed else 0.0,
        bars_per_year=config.market.bars_per_year,
    )
    reference = replace(reference, residual_sd=float(np.sqrt(variance)) * level)
    trader = HealingTrader()
    trader.reset(config, seed, rule, reference, inputs, scaled)
    return trader
