"""Trader state, orders and fills as JSON values and back, exactly. NaN becomes null and returns as NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.core.trading_types import Fill, FillCosts, MarketMemory, OperationalState, Order, TraderState
from engine.kernel.canonical import finite_or_none
from engine.kernel.errors import CorruptStoreError


def trader_state_to_json(state: TraderState) -> dict[str, Any]:
    """A JSON value of the whole state."""
    value = asdict(state)
    value["operational_state"] = state.operational_state.value
    value["working_orders"] = [order_to_json(order) for order in state.working_orders]
    value["memory"] = market_memory_to_json(state.memory)
    return value


def trader_state_from_json(value: Mapping[str, Any]) -> TraderState:
    """The state of a JSON value; CorruptStoreError where it does not fit."""
    try:
        fields = dict(value)
        fields["operational_state"] = OperationalState(fields["operational_state"])
        fields["working_orders"] = tuple(order_from_json(order) for order in fields["working_orders"])
        fields["memory"] = market_memory_from_json(fields["memory"])
        return TraderState(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptStoreError(f"the stored trader state cannot be read: {error}") from error


def market_memory_to_json(memory: MarketMemory) -> dict[str, Any]:
    """A JSON value of a market memory."""
    value = asdict(memory)
    value["day_volumes"] = list(memory.day_volumes)
    value["last_price"] = finite_or_none(memory.last_price)
    value["reference_price"] = finite_or_none(memory.reference_price)
    return value


def market_memory_from_json(value: Mapping[str, Any]) -> MarketMemory:
    """The market memory of a JSON value."""
    try:
        fields = dict(value)
        fields["day_volumes"] = tuple(fields["day_volumes"])
        for name in ("last_price", "reference_price"):
            fields[name] = math.nan if fields[name] is None else fields[name]
        return MarketMemory(**fields)
    except (KeyError, TypeError) as error:
        raise CorruptStoreError(f"the stored market memory cannot be read: {error}") from error


def order_to_json(order: Order) -> dict[str, Any]:
    """A JSON value of an order."""
    return asdict(order)


def order_from_json(value: Mapping[str, Any]) -> Order:
    """The order of a JSON value."""
    try:
        return Order(**value)
    except TypeError as error:
        raise CorruptStoreError(f"a stored order cannot be read: {error}") from error


def fill_to_json(fill: Fill) -> dict[str, Any]:
    """A JSON value of a fill."""
    return asdict(fill)


def fill_from_json(value: Mapping[str, Any]) -> Fill:
    """The fill of a JSON value."""
    try:
        return Fill(**{**value, "costs": FillCosts(**value["costs"])})
    except (KeyError, TypeError) as error:
        raise CorruptStoreError(f"a stored fill cannot be read: {error}") from error
