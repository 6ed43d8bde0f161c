"""One contract for all risk rules: a sound order passes all; each flaw is refused by its own rule."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.initial_state import initial_state
from engine.core.risk_rules.interface import OrderContext, raises_risk
from engine.core.risk_rules.registry import RISK_RULES, evaluate_order
from engine.core.step_types import StepObservation
from engine.core.trading_types import MarketMemory, Order
from engine.core.trading_types import OperationalState as S

MEMORY = MarketMemory("HEZ23", 85.0, 84.5, "2023-11-13", 1000.0, (20_000.0,), 20_000.0, 1e-6, 50, 51, 5)
ORDER = Order("ord-1", "simulated_hogs", "HEZ23", "BUY", 5, "market", None, 5, 85.0, "m-1", False)


def _context(
    scenarios: ModuleType,
    *,
    order: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    observation: dict[str, Any] | None = None,
) -> OrderContext:
    config = scenarios.config()
    trader = replace(initial_state(config), **({"memory": MEMORY} | (state or {})))
    seen = StepObservation(scenarios.make_bar(60, 85.0, 85.0), **(observation or {}))
    return OrderContext(replace(ORDER, **(order or {})), trader, seen, config, config.risk)


FLAWS: list[tuple[str, dict[str, Any]]] = [
    ("halt", {"observation": {"halted": True}}),
    ("state", {"state": {"operational_state": S.HALTED}}),
    ("state", {"state": {"operational_state": S.LOCKDOWN}}),
    ("state", {"state": {"operational_state": S.UNKNOWN}}),
    ("stale_inputs", {"observation": {"stale_inputs": ("carry",)}}),
    ("price_collar", {"order": {"order_type": "limit", "limit_price": 92.0}}),
    ("daily_limit", {"state": {"memory": replace(MEMORY, reference_price=55.0)}}),
    (
        "daily_limit",
        {"order": {"limit_price": 88.0}, "state": {"memory": replace(MEMORY, last_price=86.0, reference_price=57.0)}},
    ),
    ("order_size", {"order": {"quantity_lots": 51}, "state": {"position_lots": -20}}),
    ("order_size", {"order": {"quantity_lots": 0}}),
    ("adv", {"state": {"memory": replace(MEMORY, adv_lots=200.0)}}),
    ("adv", {"state": {"memory": replace(MEMORY, adv_lots=0.0)}}),
    ("position", {"state": {"position_lots": 48}}),
    ("leverage", {"state": {"equity_usd": 50_000.0, "peak_equity_usd": 50_000.0, "day_start_equity_usd": 50_000.0}}),
    (
        "margin",
        {
            "order": {"quantity_lots": 17},
            "state": {
                "equity_usd": 60_000.0,
                "peak_equity_usd": 60_000.0,
                "day_start_equity_usd": 60_000.0,
                "memory": replace(MEMORY, last_price=20.0, reference_price=20.0),
            },
        },
    ),
    ("daily_loss", {"state": {"day_start_equity_usd": 1_040_000.0}}),
    ("drawdown", {"state": {"peak_equity_usd": 1_200_000.0}}),
    ("order_rate", {"state": {"orders_today": 500}}),
    ("duplicate", {"state": {"working_orders": (ORDER,)}}),
    ("duplicate", {"state": {"working_orders": (replace(ORDER, order_ref="ord-0"),)}}),
    ("market_hours", {"observation": {"tradable": False}}),
    ("thin_market", {"observation": {"bar": None}}),
    ("expiry", {"observation": {"days_to_expiry": 0.5}}),
    ("units", {"order": {"decision_price": 8500.0}}),
    ("units", {"order": {"limit_price": 85.01}}),
]


@pytest.mark.parametrize(("rule", "flaw"), FLAWS)
def test_each_flaw_is_refused_by_its_own_rule(scenarios: ModuleType, rule: str, flaw: dict[str, Any]) -> None:
    flaw = {key: dict(value) for key, value in flaw.items()}
    thin = flaw.get("observation", {}).pop("bar", "unset") is None
    context = _context(scenarios, **flaw)
    if thin:
        dead = scenarios.make_bar(60, 85.0, 85.0, flags=("thin_contract",))
        context = replace(context, observation=replace(context.observation, bar=dead))
    refusal = evaluate_order(context)
    assert refusal is not None
    assert (refusal.rule, refusal.side, refusal.contract) == (rule, "BUY", "HEZ23")
    assert refusal.reason
    assert [r.name for r in RISK_RULES if (context.raises_risk or r.binds_reducing) and r.refusal(context)] == [rule]


def test_a_sound_order_passes_every_rule(scenarios: ModuleType) -> None:
    assert evaluate_order(_context(scenarios)) is None


def test_every_rule_is_covered_and_named_once() -> None:
    names = [rule.name for rule in RISK_RULES]
    assert len(set(names)) == len(names)
    assert set(names) == {name for name, _ in FLAWS}


@pytest.mark.parametrize(
    "flaw",
    [
        {"observation": {"halted": True, "stale_inputs": ("carry",), "days_to_expiry": 0.1}},
        {"state": {"operational_state": S.LOCKDOWN, "peak_equity_usd": 2e6, "orders_today": 999}},
        {"state": {"operational_state": S.HALTED, "memory": replace(MEMORY, adv_lots=0.0)}},
    ],
)
def test_what_only_lowers_risk_passes(scenarios: ModuleType, flaw: dict[str, Any]) -> None:
    flaw = {**flaw, "state": {**flaw.get("state", {}), "position_lots": -60}}
    assert evaluate_order(_context(scenarios, **flaw)) is None


def test_unknown_permits_not_even_a_reduction(scenarios: ModuleType) -> None:
    state = {"operational_state": S.UNKNOWN, "position_lots": -60}
    refusal = evaluate_order(_context(scenarios, state=state))
    assert refusal is not None
    assert refusal.rule == "state"


@given(position=st.integers(-100, 100), lots=st.integers(-200, 200).filter(bool))
def test_raising_risk_is_anything_but_going_toward_flat(position: int, lots: int) -> None:
    after = position + lots
    toward_flat = abs(after) < abs(position) and after * position >= 0
    assert raises_risk(position, lots) is not toward_flat
