"""The diagnostician: from breached readings to one cause, by the rules of `engine/agent/triage` in a configured order.

The first rule whose business a bar is decides: it names a cause, or makes all wait for what would tell it from another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from engine.agent.diagnosis import Diagnosis
from engine.agent.observer import Observer, ObserverReport
from engine.agent.triage.interface import NOT_MINE, WAIT, RuleState
from engine.agent.triage.lost_edge.edge_diagnosis import outdone_edge
from engine.agent.triage.registry import RULE_NAMES, rules_in_order
from engine.kernel.errors import CalculationError

NOT_WAITING: Final = RuleState()


class Diagnostician:
    """Decides on a cause once a decisive reading is breached. Its own state is only how long each rule has waited.

    `order` is `agent.triage_order`; ConfigError unless it names every rule once.
    """

    def __init__(self, order: Sequence[str] = RULE_NAMES) -> None:
        self._rules = rules_in_order(order)
        self._silenced_by = {rule.held_as: rule.detectors[0] for rule in self._rules if rule.held_as is not None}
        self._waiting: dict[str, RuleState] = {}  # by rule; one that is absent does not wait

    def reset(self) -> None:
        """Forget any waiting."""
        self._waiting.clear()

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"rules": {rule.name: self._state_of(rule.name).to_json() for rule in self._rules}}

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`; KeyError where a rule's state is missing."""
        self._waiting = {rule.name: RuleState.from_json(state["rules"][rule.name]) for rule in self._rules}

    def _state_of(self, name: str) -> RuleState:
        return self._waiting.get(name, NOT_WAITING)

    def diagnose(self, report: ObserverReport, observer: Observer, held: Collection[str] = ()) -> Diagnosis | None:
        """One cause, or None while nothing decisive is breached or a rule waits. Causes in `held` (by their rules'
        `held_as`) are under treatment already. CalculationError where a breached detector opens no rule."""
        silent = {self._silenced_by[cause] for cause in held}
        breached = [
            reading
            for reading in report.readings
            if reading.breached and reading.decisive and reading.detector not in silent
        ]
        if not breached:
            self.reset()
            return None
        decisive = [reading for reading in report.readings if reading.decisive]
        opened = {reading.detector for reading in breached}
        for rule in self._rules:
            state = self._state_of(rule.name)
            verdict = rule.judge(decisive, breached, observer, state) if rule.detectors[0] in opened else NOT_MINE
            if isinstance(verdict, Diagnosis):
                self.reset()
                return verdict
            if verdict == WAIT:
                self._waiting[rule.name] = state.after_waiting()
                return None
            self._waiting.pop(rule.name, None)
        raise CalculationError(f"no triage rule takes the readings {', '.join(item.code for item in breached)}")

    def examine_edge(self, observer: Observer) -> Diagnosis:
        """Another rule of trading has just been shown to forecast better, and no detector alarmed before: what became
        of the edge?"""
        self.reset()
        return outdone_edge(observer)
