"""One contract for all breakers: calm when calm, trips at its limit, into the state it names."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest

from engine.core.breakers.interface import AccountView
from engine.core.breakers.registry import BREAKERS, all_calm, assess_breakers, resolve
from engine.core.decisions import BreakerTripped
from engine.core.trading_types import OperationalState as S

CALM = AccountView(1e6, 1e6, 1e6, 0.0, 3, 0)
CASES = [
    ("daily_loss", replace(CALM, equity_usd=978_000.0), S.DEGRADED),
    ("daily_loss", replace(CALM, equity_usd=969_000.0), S.HALTED),
    ("drawdown", replace(CALM, peak_equity_usd=1_120_000.0), S.DEGRADED),
    ("drawdown", replace(CALM, peak_equity_usd=1_200_000.0), S.HALTED),
    ("single_trade_loss", replace(CALM, round_trip_pnl_usd=-32_000.0), S.HALTED),
    ("position", replace(CALM, position_lots=-51), S.HALTED),
    ("error_rate", replace(CALM, errors_last_hour=20), S.HALTED),
]


@pytest.mark.parametrize(("name", "view", "enters"), CASES)
def test_a_breaker_enters_the_state_it_names(scenarios: ModuleType, name: str, view: AccountView, enters: S) -> None:
    risk = scenarios.config().risk
    state, trigger, decisions = assess_breakers(S.RUNNING, view, risk, risk)
    assert state is enters
    assert trigger == f"breaker:{name}"
    tripped = [decision for decision in decisions if isinstance(decision, BreakerTripped)]
    assert [(trip.breaker, trip.enters) for trip in tripped] == [(name, enters)]
    assert all(trip.value >= trip.limit for trip in tripped)
    breaker = next(breaker for breaker in BREAKERS if breaker.name == name)
    assert not breaker.calm(view, risk)
    assert breaker.calm(CALM, risk)


@pytest.mark.parametrize(("name", "view", "enters"), CASES)
def test_a_breaker_already_in_its_state_stays_silent(
    scenarios: ModuleType, name: str, view: AccountView, enters: S
) -> None:
    risk = scenarios.config().risk
    assert assess_breakers(enters, view, risk, risk) == (enters, "", [])


def test_every_breaker_is_covered_here() -> None:
    assert {breaker.name for breaker in BREAKERS} == {name for name, _, _ in CASES}
    assert len({breaker.name for breaker in BREAKERS}) == len(BREAKERS)


def test_halted_cascades_to_lockdown_and_unknown_moves_nowhere(scenarios: ModuleType) -> None:
    risk = scenarios.config().risk
    ruin = replace(CALM, peak_equity_usd=1.5e6)
    assert assess_breakers(S.HALTED, ruin, risk, risk)[0] is S.LOCKDOWN
    assert assess_breakers(S.RUNNING, ruin, risk, risk)[0] is S.LOCKDOWN
    assert assess_breakers(S.UNKNOWN, ruin, risk, risk) == (S.UNKNOWN, "", [])


def test_degraded_resolves_only_after_recovery_and_dwell(scenarios: ModuleType) -> None:
    risk = scenarios.config(risk__breaker_dwell_bars=3).risk
    just_below = replace(CALM, peak_equity_usd=1e6 / (1 - 0.09))
    assert not all_calm(just_below, risk)
    assert resolve(S.DEGRADED, "breaker:drawdown", 2, just_below, risk) == (0, None)
    assert resolve(S.DEGRADED, "breaker:drawdown", 1, CALM, risk) == (2, None)
    calm_bars, resolved = resolve(S.DEGRADED, "breaker:drawdown", 2, CALM, risk)
    assert calm_bars == 0
    assert resolved is not None
    assert resolved.new is S.RUNNING


@pytest.mark.parametrize(("state", "trigger"), [(S.DEGRADED, "agent"), (S.HALTED, "breaker:drawdown"), (S.UNKNOWN, "")])
def test_what_a_breaker_did_not_degrade_it_does_not_resolve(scenarios: ModuleType, state: S, trigger: str) -> None:
    assert resolve(state, trigger, 999, CALM, scenarios.config().risk) == (0, None)
