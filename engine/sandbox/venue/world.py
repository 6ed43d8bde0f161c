"""The simulated market, precomputed: factors, planted returns, prices and what every feed shows, bar by bar.

All arrays are made at the start from one seed (numpy only, well below a second for 4,000 bars), so any bar can be
written at any time, in any order, and always the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.kernel.errors import InputError
from engine.sandbox.venue import displays, price_path
from engine.sandbox.venue.edges import FACTORS_EDGE, edge_loadings, require_edge, signal_scale
from engine.sandbox.venue.faults.fault_family import FaultPlan
from engine.sandbox.venue.faults.registry import draw_family, fault_family
from engine.sandbox.venue.market_facts import (
    BAR_VOLATILITY,
    FEATURES,
    INFORMATION_COEFFICIENT,
    MAX_BARS,
    START_PRICE,
    VOLUME_LEVEL_LOTS,
)
from engine.sandbox.venue.price_path import Bars
from engine.sandbox.venue.random_streams import Stream, stream
from engine.sandbox.venue.trading_calendar import BarTimes, bar_times
from engine.sandbox.venue.world_rules import FloatArray, WorldRules, healthy_rules

FACTOR_PERSISTENCE = 0.9
VOLATILITY_PERSISTENCE = 0.98
VOLATILITY_LOG_SD = 0.2
VOLUME_PERSISTENCE = 0.9
VOLUME_LOG_SD = 0.2
LOADING_MIN, LOADING_MAX = 0.33, 0.50


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """What one world is made from. `fault` None: the family is drawn from the seed. `edge`: see `edges.py`."""

    seed: int
    history_bars: int
    live_bars: int
    fault: str | None = None
    information_coefficient: float = INFORMATION_COEFFICIENT
    edge: str = FACTORS_EDGE

    @property
    def bars(self) -> int:
        """History and live bars together."""
        return self.history_bars + self.live_bars


@dataclass(frozen=True, slots=True)
class ChainDisplay:
    """What the option chain shows, each [n]: volatility level, slope, and put over call open interest."""

    atm_iv: FloatArray
    skew_slope: FloatArray
    put_call_ratio: FloatArray


@dataclass(frozen=True, slots=True)
class MarketWorld:
    """One seeded market. Row t of every array belongs to bar t (history first).

    `factors` [n, 6] in the order of `FEATURES`; `loadings` [6] is the planted b; `returns` [n] are the log returns of
    the rounded closes (row 0: from the start price); `net_tone` [n] is the wanted
    number of good minus bad words in a headline.
    """

    settings: WorldSettings
    times: BarTimes
    factors: FloatArray
    loadings: FloatArray
    rules: WorldRules
    fault: FaultPlan
    traded: Bars
    deferred: Bars
    chain: ChainDisplay
    net_tone: FloatArray
    returns: FloatArray = field(repr=False)


def build_world(settings: WorldSettings) -> MarketWorld:
    """Make the world of these settings; raises InputError for a negative seed and for spans that the simulated
    contract does not cover."""
    if settings.seed < 0:
        raise InputError(f"a seed is a whole number from 0 on, not {settings.seed}")
    if settings.history_bars < 2 or settings.live_bars < 1 or settings.bars > MAX_BARS:
        raise InputError(
            f"the simulated contract covers 3 to {MAX_BARS} bars, at least 2 of them history and 1 live; "
            f"asked for {settings.history_bars} history and {settings.live_bars} live bars"
        )
    seed, bars = settings.seed, settings.bars
    require_edge(settings.edge)
    loadings = edge_loadings(settings.edge, draw_loadings(stream(seed, Stream.LOADINGS)))
    factor_rng = stream(seed, Stream.FACTORS)
    factors = autoregression(factor_rng, bars + 1, len(FEATURES), FACTOR_PERSISTENCE)
    scale = signal_scale(settings.edge, factors[:-1])
    first_signal = float(scale[0] * (loadings @ factors[0]))
    factors = factors[1:]

    rules = healthy_rules(factors, loadings, scale, settings.information_coefficient)
    fault_rng = stream(seed, Stream.FAULT)
    drawn = draw_family(fault_rng)
    family = drawn if settings.fault is None else fault_family(settings.fault)
    plan = family.plan(fault_rng, loadings, settings.live_bars)
    rules = family.apply(rules, plan, settings.history_bars)

    log_sigma = VOLATILITY_LOG_SD * autoregression(stream(seed, Stream.VOLATILITY), bars, 1, VOLATILITY_PERSISTENCE)
    sigma = BAR_VOLATILITY * np.exp(log_sigma[:, 0] - VOLATILITY_LOG_SD**2 / 2)
    noise = stream(seed, Stream.RETURNS).standard_t(5, size=bars) / np.sqrt(5.0 / 3.0)
    log_volume = VOLUME_LOG_SD * autoregression(stream(seed, Stream.VOLUME), bars, 1, VOLUME_PERSISTENCE)
    volume = np.round(VOLUME_LEVEL_LOTS * np.exp(log_volume[:, 0]))

    close = price_path.closes(price_path.log_returns(rules, factors, sigma, noise, first_signal))
    stretch = stream(seed, Stream.RANGE).uniform(1.2, 2.0, size=bars)
    typical_range = stretch * sigma * rules.sigma_multiplier * close
    shown = rules.shown
    column = {name: shown[:, index] for index, name in enumerate(FEATURES)}
    traded = price_path.traded_bars(close, displays.close_location(column["flow_imbalance"]), typical_range, volume)
    chain = ChainDisplay(
        displays.atm_iv(column["atm_iv"]),
        displays.skew_slope(column["skew_slope"]),
        displays.put_call_ratio(column["put_call_oi_ratio"]),
    )
    return MarketWorld(
        settings=settings,
        times=bar_times(bars),
        factors=factors,
        loadings=loadings,
        rules=rules,
        fault=plan,
        traded=traded,
        deferred=price_path.deferred_bars(traded, displays.basis(column["carry"])),
        chain=chain,
        net_tone=displays.net_tone(column["nlp_score"]),
        returns=np.diff(np.log(np.concatenate([[START_PRICE], traded.close]))),
    )


def draw_loadings(rng: np.random.Generator) -> FloatArray:
    """Unit-norm loadings [6] with every magnitude in [.33, .50] and random signs, so that every feature matters."""
    while True:
        magnitudes = rng.uniform(LOADING_MIN, LOADING_MAX, size=len(FEATURES))
        magnitudes /= np.linalg.norm(magnitudes)
        if magnitudes.min() >= LOADING_MIN and magnitudes.max() <= LOADING_MAX:
            return np.asarray(magnitudes * rng.choice([-1.0, 1.0], size=len(FEATURES)))


def autoregression(rng: np.random.Generator, bars: int, width: int, persistence: float) -> FloatArray:
    """Stationary AR(1) paths of unit variance, [bars, width], started from the stationary law."""
    shocks = rng.standard_normal((bars, width))
    scale = np.sqrt(1.0 - persistence**2)
    path = np.empty((bars, width))
    path[0] = shocks[0]
    for bar in range(1, bars):
        path[bar] = persistence * path[bar - 1] + scale * shocks[bar]
    return path
