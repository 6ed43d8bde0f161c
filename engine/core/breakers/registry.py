"""Every circuit breaker, and what their readings do to the operational state."""

from __future__ import annotations

from typing import Final

from engine.core.breakers.daily_loss import DailyLossBreaker
from engine.core.breakers.drawdown import DrawdownBreaker
from engine.core.breakers.error_rate import ErrorRateBreaker
from engine.core.breakers.interface import AccountView, Breaker
from engine.core.breakers.position import PositionBreaker
from engine.core.breakers.single_trade_loss import SingleTradeLossBreaker
from engine.core.decisions import BreakerTripped, StateTransition
from engine.core.state_machine import Trigger, next_state
from engine.core.trading_types import OperationalState
from engine.kernel.config_models import RiskConfig

BREAKERS: Final[tuple[Breaker, ...]] = (
    DailyLossBreaker(),
    DrawdownBreaker(),
    SingleTradeLossBreaker(),
    PositionBreaker(),
    ErrorRateBreaker(),
)
TRIGGER_PREFIX: Final = "breaker:"


def assess_breakers(
    state: OperationalState, view: AccountView, risk: RiskConfig, position_risk: RiskConfig
) -> tuple[OperationalState, str, list[BreakerTripped | StateTransition]]:
    """The state after all breakers, its trigger ("" where nothing moved) and the decisions that led there.

    Only a reading that moves the state trips: a breaker that would enter the state we are in already stays silent.
    `position_risk` are the unlowered limits: lowering a limit asks for a smaller position, it is no accident.
    """
    trigger = ""
    decisions: list[BreakerTripped | StateTransition] = []
    for breaker in BREAKERS:
        for reading in breaker.assess(view, position_risk if breaker.name == "position" else risk):
            entered = next_state(state, reading.trigger)
            if entered is None:
                continue
            trigger = TRIGGER_PREFIX + reading.breaker
            decisions.append(BreakerTripped(reading.breaker, reading.value, reading.limit, entered))
            evidence = {"value": reading.value, "limit": reading.limit, "equity_usd": view.equity_usd}
            decisions.append(StateTransition(state, entered, reading.reason, trigger, evidence))
            state = entered
    return state, trigger, decisions


def all_calm(view: AccountView, risk: RiskConfig) -> bool:
    """True where every breaker has clearly recovered."""
    return all(breaker.calm(view, risk) for breaker in BREAKERS)


def resolve(
    state: OperationalState, trigger: str, calm_bars: int, view: AccountView, risk: RiskConfig
) -> tuple[int, StateTransition | None]:
    """Bars of calm so far, and the way back to RUNNING after enough of them.

    Only a DEGRADED that a breaker caused is resolved here; who else degraded (operator, agent) lifts it himself.
    """
    if state is not OperationalState.DEGRADED or not trigger.startswith(TRIGGER_PREFIX) or not all_calm(view, risk):
        return 0, None
    calm_bars += 1
    recovered = next_state(state, Trigger.RESOLVED)
    if calm_bars < risk.breaker_dwell_bars or recovered is None:
        return calm_bars, None
    reason = f"{trigger.removeprefix(TRIGGER_PREFIX)} has recovered for {calm_bars} bars"
    evidence = {"calm_bars": float(calm_bars), "drawdown": view.drawdown_fraction}
    return 0, StateTransition(state, recovered, reason, trigger, evidence)
