"""The one place that says which act the agent may do alone at which level of autonomy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.kernel.config_models import AutonomyLevel


class Act(StrEnum):
    """Everything the agent can do that touches trading, models or machine time."""

    LOWER_RISK = "lower_risk"  # reversible safe act: stand aside, shrink, trade slower
    RESTORE_RISK = "restore_risk"  # undo a safe act
    RUN_EXPERIMENT = "run_experiment"
    START_PAPER = "start_paper"
    PROMOTE_REPAIR = "promote_repair"
    PROMOTE_DISCOVERY = "promote_discovery"
    ROLL_BACK = "roll_back"
    HALT = "halt"
    LIFT_HALT = "lift_halt"
    RAISE_LIMIT = "raise_limit"


@dataclass(frozen=True, slots=True)
class Permission:
    """`alone`: done at once. `approval`: the operator decides. Neither: refused at this level."""

    alone: bool
    approval: bool
    reason: str


_ALONE, _ASK, _REFUSED = "alone", "ask", "refused"
_RULES: Final[dict[str, dict[Act, str]]] = {
    "supervised": {
        Act.LOWER_RISK: _ASK,
        Act.RESTORE_RISK: _ASK,
        Act.RUN_EXPERIMENT: _ASK,
        Act.START_PAPER: _ASK,
        Act.PROMOTE_REPAIR: _ASK,
        Act.PROMOTE_DISCOVERY: _ASK,
        Act.ROLL_BACK: _ASK,
        Act.HALT: _ALONE,
        Act.LIFT_HALT: _REFUSED,
        Act.RAISE_LIMIT: _REFUSED,
    },
    "semi-auto": {
        Act.LOWER_RISK: _ALONE,
        Act.RESTORE_RISK: _ALONE,
        Act.RUN_EXPERIMENT: _ALONE,
        Act.START_PAPER: _ALONE,
        Act.PROMOTE_REPAIR: _ASK,
        Act.PROMOTE_DISCOVERY: _ASK,
        Act.ROLL_BACK: _ALONE,
        Act.HALT: _ALONE,
        Act.LIFT_HALT: _REFUSED,
        Act.RAISE_LIMIT: _REFUSED,
    },
    "autonomous": {
        Act.LOWER_RISK: _ALONE,
        Act.RESTORE_RISK: _ALONE,
        Act.RUN_EXPERIMENT: _ALONE,
        Act.START_PAPER: _ALONE,
        Act.PROMOTE_REPAIR: _ALONE,
        Act.PROMOTE_DISCOVERY: _ALONE,
        Act.ROLL_BACK: _ALONE,
        Act.HALT: _ALONE,
        Act.LIFT_HALT: _REFUSED,
        Act.RAISE_LIMIT: _REFUSED,
    },
    "lockdown": {
        Act.LOWER_RISK: _ALONE,
        Act.RESTORE_RISK: _REFUSED,
        Act.RUN_EXPERIMENT: _REFUSED,
        Act.START_PAPER: _REFUSED,
        Act.PROMOTE_REPAIR: _REFUSED,
        Act.PROMOTE_DISCOVERY: _REFUSED,
        Act.ROLL_BACK: _ASK,
        Act.HALT: _ALONE,
        Act.LIFT_HALT: _REFUSED,
        Act.RAISE_LIMIT: _REFUSED,
    },
}


def permission(level: AutonomyLevel, act: Act) -> Permission:
    """What the agent may do with `act` at `level`; lifting a halt and raising a limit are always the operator's."""
    rule = _RULES[level][act]
    words = act.value.replace("_", " ")
    if rule == _ALONE:
        return Permission(True, False, f"level {level} lets the agent {words} alone")
    if rule == _ASK:
        return Permission(False, True, f"level {level} asks the operator before the agent may {words}")
    return Permission(False, False, f"level {level} does not let the agent {words}")


def may_act_alone(level: AutonomyLevel, act: Act) -> bool:
    """Whether the agent needs nobody for `act` at `level`."""
    return permission(level, act).alone


def needs_approval(level: AutonomyLevel, act: Act) -> bool:
    """Whether `act` waits for the operator at `level`."""
    return permission(level, act).approval
