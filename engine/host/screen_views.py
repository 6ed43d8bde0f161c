"""Pictures for screens, written with each bar: limits with their present use, signals with their age."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.core.trading_types import TraderState
    from engine.kernel.config_models import HydraConfig
    from engine.signals.features import FeatureVector
    from storage.stores import Stores


SETTING_OF_LIMIT: Final[Mapping[str, str]] = {
    "daily loss": "max_daily_loss_fraction",
    "drawdown": "max_drawdown_fraction",
    "position": "max_position_lots",
    "position/ADV": "max_adv_fraction",
    "margin used": "max_margin_fraction",
    "leverage": "max_leverage",
    "orders today": "max_orders_per_day",
}


def write_views(stores: Stores, config: HydraConfig, vector: FeatureVector, state: TraderState, ts: int) -> None:
    """Write `limits_view` and `signals_view`; inside the transaction of the bar."""
    overrides = stores.state.get("limits")
    effective = overrides if isinstance(overrides, dict) else {}
    stores.state.put_view("limits_view", limits_view(config, state, ts, effective), ts)
    stores.state.put_view("signals_view", signals_view(stores, vector), ts)


def limits_view(
    config: HydraConfig, state: TraderState, ts: int, overrides: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Every limit of the account: now, where it warns and where it trips, with unit and time."""
    risk, contract = config.risk, config.market.contract
    price = state.last_price if math.isfinite(state.last_price) else None
    lots = abs(state.position_lots)
    day_loss = max(0.0, 1.0 - state.equity_usd / state.day_start_equity_usd)
    rows: list[tuple[str, float | None, float | None, float, str]] = [
        ("daily loss", day_loss, risk.warn_daily_loss_fraction, risk.max_daily_loss_fraction, "fraction"),
        (
            "drawdown",
            1.0 - state.equity_usd / state.peak_equity_usd,
            risk.warn_drawdown_fraction,
            risk.max_drawdown_fraction,
            "fraction",
        ),
        ("position", float(lots), None, float(risk.max_position_lots), "lots"),
        (
            "position/ADV",
            lots / state.memory.adv_lots if state.memory.adv_lots > 0 else None,
            None,
            risk.max_adv_fraction,
            "fraction",
        ),
        (
            "margin used",
            lots * contract.initial_margin_usd / state.equity_usd,
            None,
            risk.max_margin_fraction,
            "fraction",
        ),
        (
            "leverage",
            None if price is None else lots * price * contract.usd_per_point / state.equity_usd,
            None,
            risk.max_leverage,
            "x",
        ),
        ("orders today", float(state.orders_today), None, float(risk.max_orders_per_day), "count"),
    ]
    return [
        {
            "name": name,
            "now": now,
            "warn": warn,
            "trip": float(overrides.get(SETTING_OF_LIMIT[name], trip)),
            "unit": unit,
            "as_of_ts": ts,
        }
        for name, now, warn, trip, unit in rows
    ]


def signals_view(stores: Stores, vector: FeatureVector) -> dict[str, Any]:
    """Every feature as of this bar; missing ones stay out."""
    definitions = stores.features.definitions()
    return {
        name: {"value": value, "as_of_ts": event_ts, "max_age_us": definitions[name].max_age_us, "stale": stale}
        for name, value, event_ts, stale in zip(vector.names, vector.values, vector.event_ts, vector.stale, strict=True)
        if math.isfinite(value)
    }
