"""A small seeded market as raw records: cheap to read, with one planted relation that can be turned round.

Bars of five minutes and deferred bars whose distance shows `carry`; the next bar's return follows `carry`. From
`flip_at` on it follows the opposite of it. `flow_imbalance` is noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from engine.core.records import FuturesBar, Headline, RawRecord, order_of
from engine.core.trading_types import MarketMemory
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND, local_ts
from engine.sandbox.candidate import train_first
from engine.sandbox.market_history import MarketHistory, history_from_records
from engine.sandbox.virtual_trader import warmed_state
from engine.signals.features import FeatureVector
from models.champion import Champion

MARKET: Final = "simulated_hogs"
FEATURES: Final = ("carry", "flow_imbalance")
BAR_US: Final = 300 * MICROS_PER_SECOND
START_TS: Final = local_ts(2024, 1, 1, 8, 30, "America/Chicago")
TRAINING_BARS: Final = 600


@cache
def settings(**changes: Any) -> HydraConfig:
    """Settings of the small market; keys are written agent__autonomy."""
    flags = {
        "market.champion_features": list(FEATURES),
        "models.training_window_bars": TRAINING_BARS,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    return load_config(MARKET, environment={}, flags=flags).config


@cache
def records(bars: int, seed: int = 0, flip_at: int = 10**9, ic: float = 0.5) -> tuple[RawRecord, ...]:
    """Bars, deferred bars and a headline every tenth bar, in the order in which they are known."""
    rng = np.random.default_rng(seed)
    factor, level = 0.0, 80.0
    found: list[RawRecord] = []
    for index in range(bars):
        day, bar = divmod(index, 55)
        start = START_TS + (day + 2 * (day // 5)) * MICROS_PER_DAY + bar * BAR_US
        known = start + BAR_US
        sign = -1.0 if index > flip_at else 1.0
        move = 0.0015 * (ic * sign * factor + math.sqrt(1.0 - ic * ic) * rng.standard_normal())
        factor = 0.9 * factor + math.sqrt(1.0 - 0.81) * rng.standard_normal()
        opened, level = level, level * math.exp(move)
        high, low = max(opened, level) + rng.uniform(0.01, 0.1), min(opened, level) - rng.uniform(0.01, 0.1)
        volume = float(rng.integers(500, 1500))
        found.append(FuturesBar(MARKET, "venue", "HEZ24", 1, 300, start, known, opened, high, low, level, volume))
        far = level * math.exp(-0.02 - 0.005 * factor)
        found.append(FuturesBar(MARKET, "venue", "HEG25", 2, 300, start, known, far, far, far, far, volume))
        if index % 10 == 0:
            title = f"Hog desk {index}: " + ("strong demand" if index % 20 else "weak demand")
            found.append(Headline(MARKET, "wire", known - 60, known - 60, title, f"h{index}"))
    return tuple(sorted(found, key=order_of))


@cache
def history(bars: int, seed: int = 0, flip_at: int = 10**9, ic: float = 0.5) -> MarketHistory:
    """The same market as arrays."""
    return history_from_records(records(bars, seed, flip_at, ic), settings())


@cache
def champion(seed: int = 0, model_id: str = "ridge-first") -> Champion:
    """The champion of the first bars, on which nothing has been turned round."""
    return train_first(model_id, "ridge", FEATURES, history(TRAINING_BARS, seed), settings(), 1)[0]


def memory_of(bars: Sequence[FuturesBar]) -> MarketMemory:
    """What a trader remembers of bars."""
    return warmed_state(bars, settings()).memory


def vector_at(part: MarketHistory, index: int) -> FeatureVector:
    """The features known at one bar's close."""
    ts = part.bars[index].known_ts
    events = tuple(part.event_ts[index].tolist())
    return FeatureVector(
        ts,
        part.names,
        tuple(part.values[index].tolist()),
        events,
        tuple(ts - event for event in events),
        tuple(part.stale[index].tolist()),
    )
