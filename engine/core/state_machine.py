"""The operational states and the only moves between them, as one table."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from engine.core.trading_types import OperationalState

_R, _D, _H, _L, _U = (
    OperationalState.RUNNING,
    OperationalState.DEGRADED,
    OperationalState.HALTED,
    OperationalState.LOCKDOWN,
    OperationalState.UNKNOWN,
)


class Trigger(StrEnum):
    """What may move the state. RESUME, UNLOCK and LOCKDOWN are human acts; HALT may be anyone's."""

    WARNING = "warning"
    CRITICAL = "critical"
    RESOLVED = "resolved"
    CASCADE = "cascade"
    HALT = "halt"
    RESUME = "resume"
    LOCKDOWN = "lockdown"
    UNLOCK = "unlock"


TRANSITIONS: Final[dict[tuple[OperationalState, Trigger], OperationalState]] = {
    (_R, Trigger.WARNING): _D,
    (_R, Trigger.CRITICAL): _H,
    (_D, Trigger.CRITICAL): _H,
    (_D, Trigger.RESOLVED): _R,
    (_H, Trigger.RESUME): _R,
    (_H, Trigger.CASCADE): _L,
    (_L, Trigger.UNLOCK): _H,
    (_R, Trigger.HALT): _H,
    (_D, Trigger.HALT): _H,
    (_U, Trigger.HALT): _H,
    (_R, Trigger.LOCKDOWN): _L,
    (_D, Trigger.LOCKDOWN): _L,
    (_H, Trigger.LOCKDOWN): _L,
    (_U, Trigger.LOCKDOWN): _L,
}

_PERMISSIVENESS: Final = {_U: 0, _L: 1, _H: 2, _D: 3, _R: 4}


def next_state(state: OperationalState, trigger: Trigger) -> OperationalState | None:
    """The state that `trigger` leads to, or None where the table knows no such move."""
    return TRANSITIONS.get((state, trigger))


def may_raise_risk(state: OperationalState) -> bool:
    """True where orders that raise risk are permitted."""
    return state is _R or state is _D


def may_reduce_risk(state: OperationalState) -> bool:
    """True where reduce-only orders are permitted: everywhere but in UNKNOWN, which permits nothing."""
    return state is not _U


def at_most_as_permissive(state: OperationalState, reference: OperationalState) -> bool:
    """True where `state` permits no more than `reference`."""
    return _PERMISSIVENESS[state] <= _PERMISSIVENESS[reference]
