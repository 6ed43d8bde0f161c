"""What works here and now, and the plain reason why something does not. The registry itself is the engine host's."""

from __future__ import annotations

from dataclasses import dataclass

from engine.host.operations.action_registry import ActionSpec
from engine.host.operations.snapshot_types import Alert, Approval, Limit, Model, UiSnapshot
from hydra_tui.config_view import ConfigView

_NEEDS_ENGINE = frozenset(
    {
        "approve",
        "reject",
        "defer",
        "rollback",
        "promote",
        "retire",
        "resume",
        "flatten",
        "lockdown",
        "unlock",
        "set_limit",
        "set_autonomy",
        "pause_agent",
        "resume_agent",
        "run_experiment",
        "kill_experiment",
        "ack_alert",
        "ack_all",
        "ingest",
    }
)


@dataclass(frozen=True, slots=True)
class Context:
    """Where the operator is: screen, row under the cursor ("kind:id"), and what the workspace says."""

    screen: str
    row: str
    snapshot: UiSnapshot
    config: ConfigView
    engine_down: bool

    def approval(self) -> Approval | None:
        """The open approval under the cursor, or the only one that waits for the model under it."""
        kind, _, name = self.row.partition(":")
        for approval in self.snapshot.open_approvals:
            if (kind == "approval" and approval.approval_id == name) or (kind == "model" and approval.subject == name):
                return approval
        return None

    def alert(self) -> Alert | None:
        """The alert under the cursor."""
        kind, _, name = self.row.partition(":")
        return next((a for a in self.snapshot.alerts if kind == "alert" and a.alert_id == name), None)

    def model(self) -> Model | None:
        """The model under the cursor."""
        kind, _, name = self.row.partition(":")
        return next((m for m in self.snapshot.models if kind == "model" and m.model_id == name), None)

    def limit(self) -> Limit | None:
        """The limit under the cursor."""
        kind, _, name = self.row.partition(":")
        return next((x for x in self.snapshot.limits if kind == "limit" and x.name == name), None)


def why_not(action: ActionSpec, context: Context, *, with_arguments: bool = False) -> str:
    """Empty where the action works now; else one sentence that says why not and what to do.

    `with_arguments` skips what only matters for the row under the cursor (a typed command names its own target).
    """
    if action.later:
        return action.later
    kind = action.command_kind
    if kind is None:
        return ""
    if context.config.read_only:
        return "this app was started with --readonly: it shows everything and changes nothing"
    if kind == "halt":
        return ""
    if kind in _NEEDS_ENGINE and context.engine_down:
        return "no engine answers, so nothing would be done; F9 still halts through the HALT file"
    return _state_reason(kind, context) or ("" if with_arguments else _cursor_reason(kind, context))


def _state_reason(kind: str, context: Context) -> str:
    snapshot = context.snapshot
    state = snapshot.engine.effective_state
    if kind == "resume" and state != "HALTED":
        return f"there is nothing to resume: the state is {state}"
    if kind == "unlock" and state != "LOCKDOWN":
        return f"there is nothing to unlock: the state is {state}"
    if kind in ("approve", "promote", "run_experiment", "resume_agent") and state == "LOCKDOWN":
        return "LOCKDOWN blocks promotions and experiments; unlock first (4 Risk)"
    if kind == "rollback" and previous_champion(snapshot) is None:
        return "there is no previous champion to go back to"
    if kind == "flatten" and not snapshot.position.lots:
        return "there is no position to flatten"
    if kind == "ack_all" and not snapshot.open_alerts:
        return "no alert is open"
    if kind == "pause_agent" and snapshot.engine.agent_paused:
        return "the agent is already paused"
    if kind == "resume_agent" and not snapshot.engine.agent_paused:
        return "the agent is not paused"
    return ""


def _cursor_reason(kind: str, context: Context) -> str:
    if kind in ("approve", "reject", "defer") and context.approval() is None:
        return "no waiting request under the cursor (2 Inbox)"
    if kind == "ack_alert":
        alert = context.alert()
        if alert is None:
            return "put the cursor on an alert first (! goes to the worst)"
        if alert.status != "open":
            return "this alert is already acknowledged"
    if kind in ("retire", "promote"):
        model = context.model()
        if model is None:
            return "put the cursor on a model first (3 Models)"
        if model.status == "champion":
            return f"{model.model_id} is the champion; roll back or promote another first"
        if kind == "retire" and model.status == "graveyard":
            return f"{model.model_id} is already in the graveyard"
    if kind == "set_limit" and context.limit() is None:
        return "put the cursor on a limit first (4 Risk)"
    return ""


def previous_champion(snapshot: UiSnapshot) -> str | None:
    """The model that a roll back would put in charge, or None."""
    champion = snapshot.champion
    for move in snapshot.champion_moves:
        if champion is not None and move.model_id == champion.model_id and move.previous_model_id:
            return move.previous_model_id
    return None
