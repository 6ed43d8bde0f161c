"""Small seeded markets for tests of trading: bars with rolls, gaps, thin and locked stretches, and predictions."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

from engine.core.records import FuturesBar
from engine.core.trading_types import Fill, Prediction
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config

MARKET = "simulated_hogs"
START_TS = 1_699_887_600_000_000  # Monday 2023-11-13 15:00 UTC
BARS_PER_DAY = 55
BAR_US = 300_000_000
DAY_US = 86_400_000_000


# What trading depends on is fixed here, so that tuning the shipped settings moves no golden figure.
FIXED_SETTINGS: dict[str, Any] = {
    "risk.paper_equity_usd": 1_000_000,
    "risk.max_adv_fraction": 0.02,
    "risk.kelly_fraction": 0.002,
    "risk.volatility_target_annual": 0.25,
    "risk.volatility_cap_multiple": 3.0,
    "risk.max_position_lots": 50,
    "risk.max_order_lots": 50,
    "risk.max_leverage": 3.0,
    "risk.max_margin_fraction": 0.5,
    "risk.max_daily_loss_fraction": 0.03,
    "risk.warn_daily_loss_fraction": 0.02,
    "risk.max_drawdown_fraction": 0.15,
    "risk.warn_drawdown_fraction": 0.10,
    "risk.lockdown_drawdown_fraction": 0.25,
    "risk.max_trade_loss_fraction": 0.03,
    "risk.max_orders_per_day": 500,
    "risk.max_errors_per_hour": 20,
    "risk.price_collar_fraction": 0.05,
    "risk.degraded_size_fraction": 0.5,
    "risk.rebalance_threshold_lots": 1,
    "risk.no_entry_days_before_expiry": 1.0,
    "risk.breaker_dwell_bars": 12,
    "risk.breaker_recovery_fraction": 0.8,
    "costs.half_spread_ticks": 0.5,
    "costs.impact_coefficient": 1.0,
    "costs.max_bar_volume_fraction": 0.05,
    "costs.min_tradable_bar_volume_lots": 1,
    "costs.near_expiry_days": 5,
    "costs.near_expiry_spread_multiplier": 2.0,
    "costs.adv_window_days": 20,
    "features.ewma_halflife_bars": 20,
}


def config(**flags: Any) -> HydraConfig:
    """Settings of the simulated market; keys are written risk__max_position_lots."""
    dotted = FIXED_SETTINGS | {key.replace("__", "."): value for key, value in flags.items()}
    return load_config(MARKET, environment={}, flags=dotted).config


def make_bar(
    index: int,
    open_: float,
    close: float,
    *,
    volume: float = 400.0,
    contract: str = "HEZ23",
    high: float | None = None,
    low: float | None = None,
    flags: tuple[str, ...] = (),
) -> FuturesBar:
    """The bar number `index` of a market with 55 five-minute bars a day."""
    event_ts = START_TS + (index // BARS_PER_DAY) * DAY_US + (index % BARS_PER_DAY) * BAR_US
    return FuturesBar(
        MARKET,
        "venue",
        contract,
        1,
        300,
        event_ts,
        event_ts + BAR_US,
        open_,
        max(open_, close) if high is None else high,
        min(open_, close) if low is None else low,
        close,
        volume,
        flags,
    )


def make_bars(count: int, seed: int, *, bars_per_contract: int = 10**9, sd: float = 0.002) -> list[FuturesBar]:
    """A random walk with fat volume, thin bars, empty bars and a gap of several cents at each change of contract."""
    draw = random.Random(seed)
    price, bars = 85.0, []
    for index in range(count):
        contract = f"C{index // bars_per_contract:03d}"
        if index and index % bars_per_contract == 0:
            price *= 1.0 + draw.choice((-0.08, 0.09))
        open_ = price * math.exp(draw.gauss(0.0, sd / 4))
        price = open_ * math.exp(draw.gauss(0.0, sd))
        volume = draw.choice((0.0, 3.0, 60.0, 250.0, 400.0, 900.0))
        high, low = max(open_, price) * (1 + sd / 5), min(open_, price) * (1 - sd / 5)
        bars.append(make_bar(index, open_, price, volume=volume, contract=contract, high=high, low=low))
    return bars


def make_predictions(bars: list[FuturesBar], seed: int, *, every: int = 1) -> list[Prediction | None]:
    """A prediction at each bar that changes every `every` bars; some are missing, unusable or without edge."""
    draw = random.Random(seed)
    predictions: list[Prediction | None] = []
    expected, kind = 0.0, 1.0
    for index, bar in enumerate(bars):
        if index % every == 0:
            expected, kind = draw.gauss(0.0, 0.0012), draw.random()
        if kind < 0.05:
            predictions.append(None)
            continue
        predictions.append(
            Prediction(
                bar.known_ts,
                "m-1",
                expected,
                0.002,
                0.6,
                -0.1 if kind < 0.1 else 0.1,
                0.8,
                usable=kind > 0.13,
                unusable_reason="carry is stale",
            )
        )
    return predictions


def open_stores(root: Path) -> Any:
    """A workspace that is open for writing."""
    from storage.stores import Stores

    return Stores.open(root)


def gross_pnl_usd(bars: list[FuturesBar], fills: tuple[Fill, ...], usd_per_point: float) -> float:
    """Profit before costs, computed another way than the engine does: each fill at its reference price, positions
    marked from close to close within one contract, closed contracts at their own last price."""
    total, last_close = 0.0, {}
    held: dict[str, int] = {}
    by_ts: dict[int, list[Fill]] = {}
    for fill in fills:
        by_ts.setdefault(fill.ts, []).append(fill)
    for bar in bars:
        contract = bar.contract or bar.series
        if contract in last_close:
            total += held.get(contract, 0) * (bar.close - last_close[contract])
        for fill in by_ts.get(bar.event_ts, []):
            held[fill.contract] = held.get(fill.contract, 0) + fill.lots
            mark = bar.close if fill.contract == contract else last_close[fill.contract]
            total += fill.lots * (mark - fill.reference_price)
        last_close[contract] = bar.close
    return total * usd_per_point
