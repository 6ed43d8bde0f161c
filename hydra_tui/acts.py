"""From a key to a command: which dialog an act needs, what it says, and the last check of the state at commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.host.operations.commands import COMMANDS, build_command, confirmation_text, friction, inverse_of
from engine.kernel.errors import InputError
from hydra_tui.actions import Context, previous_champion
from hydra_tui.evidence import listed
from hydra_tui.formats import limit_value, lots, words
from hydra_tui.lockdown import open_checks, unlock_checks
from hydra_tui.messages import CommandRequest, CommandSettled
from widgets.lines import Line, counted, line, sanitise, wrap, wrap_all

if TYPE_CHECKING:
    from engine.host.operations.action_registry import ActionSpec
    from hydra_tui.app import HydraApp
    from hydra_tui.dialogs.guard import Decision, GuardedDialog

_WIDTH = 60
_AT_ONCE = ("ack_alert", "ack_all")
_DEFER_HOURS = 4.0
_SAID_ALREADY = ("promotes", "replaces", "rollback", "rollback_target", "raises_risk")


class Acts:
    """Sends commands for the app. Getting safer is fast, getting riskier takes a typed dialog."""

    def __init__(self, app: HydraApp) -> None:
        self._app = app
        self._done: list[tuple[CommandRequest, Mapping[str, Any]]] = []

    def begin(self, action: ActionSpec, given: Mapping[str, Any], context: Context) -> None:
        """Start the act: at once, or through its dialog."""
        kind = action.command_kind
        if kind is None:
            return
        args = {**target_args(kind, context), **given}
        if action.name == "halt_now":
            self._send(kind, {"reason": given.get("reason", "operator, F9")}, context, label="HALT")
            return
        missing = [name for name in COMMANDS[kind].required if name not in args and name != "reason"]
        if kind == "set_limit" and "value" in missing:
            self._app.ask_for(f"limit {args.get('limit', '')} ")
            return
        if missing:
            self._app.notify_operator(f"{action.typed}: missing {', '.join(missing)}; type it after :", "warn")
            return
        try:
            build_command(
                kind, {**args, "reason": args.get("reason") or "asked"} if "reason" in COMMANDS[kind].required else args
            )
        except InputError as error:
            self._app.notify_operator(error.message, "warn")
            return
        tier, raises_risk = friction(kind, args, present_value(kind, args, context))
        if kind in _AT_ONCE:
            self._send(kind, args, context, label=action.label)
        else:
            self._ask(kind, tier, raises_risk, args, context, action.label)

    def undo(self, context: Context) -> None:
        """Show the last accepted act and what takes it back; only then ask."""
        if not self._done:
            self._app.notify_operator("nothing to undo: no act was accepted in this window yet", "warn")
            return
        request, result = self._done[-1]
        back = inverse_of(request.kind, request.args, result)
        if back is None:
            self._app.notify_operator(f"'{request.label}' cannot be taken back; the journal keeps it", "warn")
            return
        kind, args = back
        tier, raises_risk = friction(kind, args, present_value(kind, args, context))
        self._ask(kind, tier, raises_risk, args, context, f"undo '{request.label}'")

    def settled(self, message: CommandSettled) -> tuple[str, str]:
        """Words and style for what became of an act; accepted ones can be undone later."""
        label = message.request.label or words(message.request.kind)
        if message.status == "accepted":
            self._done.append((message.request, message.result))
            detail = "  ".join(
                f"{words(k)} {sanitise(v)}" for k, v in message.result.items() if isinstance(v, (str, int, float))
            )
            undo = (
                ""
                if message.request.kind == "halt"
                else "  z undoes"
                if inverse_of(message.request.kind, message.request.args, message.result)
                else ""
            )
            return f"✓ {label} done in {message.elapsed_s:.1f} s{undo}  {detail or message.reason}", "good"
        if message.status == "refused":
            return f"✗ {label} REFUSED: {message.reason}", "crit"
        return f"? {label}: {message.reason}", "crit"

    def _ask(self, kind: str, tier: int, raises_risk: bool, args: dict[str, Any], context: Context, label: str) -> None:
        config = context.config
        seen = context.snapshot.engine.state_seq
        subject = str(args.get("confirm_subject", "")) or subject_of(kind, args, context)
        args.pop("confirm_subject", None)
        guard = 0.0 if tier <= 1 else config.dialog_guard_seconds
        title = f"{label.rstrip('…').upper()}{'  raises risk' if raises_risk else ''}"
        lines = consequence_lines(kind, args, context)
        clock = self._app.monotonic
        dialog: GuardedDialog
        if kind == "unlock":
            from hydra_tui.dialogs.unlock import UnlockDialog

            phrase = confirmation_text(kind, args, market=config.market, state_seq=seen)
            dialog = UnlockDialog(
                self._checklist,
                phrase=phrase,
                obstacle=lambda: self._unlock_obstacle(seen),
                guard_seconds=guard,
                monotonic=clock,
            )
        elif tier >= 3:
            from hydra_tui.dialogs.typed_confirm import TypedConfirmDialog

            phrase = confirmation_text(kind, args, market=config.market, state_seq=seen, subject=subject)
            if raises_risk:
                lines.append(line((f"valid for state #{seen} only (read again at commit)", "dim")))
            obstacle = (lambda: self._state_obstacle(seen, args)) if raises_risk else (lambda: "")
            dialog = TypedConfirmDialog(
                title, tier, lines, phrase=phrase, obstacle=obstacle, guard_seconds=guard, monotonic=clock
            )
        elif kind == "reject":
            from hydra_tui.dialogs.reason import ReasonDialog

            dialog = ReasonDialog(title, tier, lines, guard_seconds=guard, monotonic=clock)
        else:
            from hydra_tui.dialogs.confirm import ConfirmDialog

            dialog = ConfirmDialog(title, tier, lines, guard_seconds=guard, monotonic=clock)

        def decided(decision: Decision | None) -> None:
            if decision is None:
                return
            final = dict(args)
            if decision.reason:
                final["reason"] = decision.reason
            if decision.typed:
                final["confirm"] = decision.typed
            if raises_risk and (moved := self._state_obstacle(seen, args)):
                self._app.notify_operator(f"✗ {label} REFUSED here: {moved}; nothing was sent", "crit")
                return
            self._send(kind, final, context, label=label.rstrip("…"), state_seq=seen)

        self._app.push_screen(dialog, decided)

    def _send(
        self, kind: str, args: Mapping[str, Any], context: Context, *, label: str, state_seq: int | None = None
    ) -> None:
        seq = context.snapshot.engine.state_seq if state_seq is None else state_seq
        self._app.notify_operator(f"… {label} sent", "dim")
        self._app.bridge.send(CommandRequest(kind, dict(args), seq, label))

    def _state_obstacle(self, seen: int, args: Mapping[str, Any]) -> str:
        snapshot = self._app.latest
        if snapshot is None:
            return "the workspace cannot be read"
        approval_id = args.get("approval_id")
        if approval_id and all(approval.approval_id != approval_id for approval in snapshot.open_approvals):
            return "the request is no longer open; close this and look again"
        if snapshot.engine.state_seq != seen:
            return f"state moved #{seen} → #{snapshot.engine.state_seq}: close this and look again"
        return ""

    def _unlock_obstacle(self, seen: int) -> str:
        look = self._app.present_look()
        if look is None:
            return "the workspace cannot be read"
        still_open = open_checks(look)
        return (
            f"{counted(len(still_open), 'check')} open: {still_open[0].words}"
            if still_open
            else self._state_obstacle(seen, {})
        )

    def _checklist(self) -> Sequence[Line]:
        look = self._app.present_look()
        checks = unlock_checks(look) if look is not None else []
        return [
            line(("[x] " if c.done else "[ ] ", "normal" if c.done else "warn"), c.words, (f"  {c.detail}", "dim"))
            for c in checks
        ]


def target_args(kind: str, context: Context) -> dict[str, Any]:
    """What the row under the cursor says about the act's target."""
    if kind in ("approve", "reject", "defer"):
        approval = context.approval()
        found: dict[str, Any] = {"approval_id": approval.approval_id} if approval is not None else {}
        return {**found, "hours": _DEFER_HOURS} if kind == "defer" else found
    if kind in ("promote", "retire"):
        model = context.model()
        return {"model_id": model.model_id} if model is not None else {}
    if kind == "ack_alert":
        alert = context.alert()
        return {"alert_id": alert.alert_id} if alert is not None else {}
    if kind == "set_limit":
        limit = context.limit()
        return {"limit": limit.name} if limit is not None else {}
    return {}


def present_value(kind: str, args: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """What the act would change, as it stands now, so that lowering can be told from raising."""
    if kind == "set_autonomy":
        return {"level": context.snapshot.engine.autonomy or context.config.autonomy}
    if kind == "set_limit":
        limit = next((x for x in context.snapshot.limits if x.name == args.get("limit")), None)
        return {"value": limit.trip if limit is not None else None}
    return {}


def subject_of(kind: str, args: Mapping[str, Any], context: Context) -> str:
    """What is typed out to approve: the subject of the request."""
    if kind != "approve":
        return ""
    return next((a.subject for a in context.snapshot.approvals if a.approval_id == args.get("approval_id")), "")


def consequence_lines(kind: str, args: Mapping[str, Any], context: Context) -> list[Line]:
    """What the dialog says will happen, in at most a dozen lines."""
    snapshot, config = context.snapshot, context.config
    champion = snapshot.champion.model_id if snapshot.champion is not None else "none"
    held = lots(snapshot.position.lots)
    lines: list[Line] = [line()]
    if kind == "approve":
        approval = next((a for a in snapshot.approvals if a.approval_id == args["approval_id"]), None)
        if approval is not None:
            lines += wrap(
                f"{words(sanitise(approval.kind))} {sanitise(approval.subject)} on {config.title}",
                _WIDTH,
                style="strong",
            )
            if "promot" in approval.kind.lower():
                lines += wrap(f"replaces {sanitise(champion)}, which stays warm for roll back (R, y)", _WIDTH)
            lines += wrap_all(listed(approval.consequences, leave_out=_SAID_ALREADY), _WIDTH)[:8]
    elif kind in ("reject", "defer"):
        lines += wrap(f"{COMMANDS[kind].doc} {sanitise(args['approval_id'])}", _WIDTH)
    elif kind == "rollback":
        back = previous_champion(snapshot) or "none"
        lines += wrap(
            f"{sanitise(back)} comes back, {sanitise(champion)} leaves. No order is sent by this itself.", _WIDTH
        )
    elif kind == "promote":
        lines += wrap(
            f"{sanitise(args['model_id'])} takes over from {sanitise(champion)} without the agent's gates.", _WIDTH
        )
    elif kind == "halt":
        working = snapshot.position.working_orders
        lines += wrap(
            f"Cancels {counted(working, 'working order')}, keeps {held} lots. Leaving HALTED is typed.",
            _WIDTH,
        )
    elif kind in ("flatten", "lockdown"):
        lines += wrap(f"{COMMANDS[kind].doc} Position now: {held} {sanitise(snapshot.position.contract)}.", _WIDTH)
    elif kind == "set_limit":
        present = next((x for x in snapshot.limits if x.name == args["limit"]), None)
        before = "unknown" if present is None else limit_value(present.trip, present.unit)
        lines += wrap(f"{words(sanitise(args['limit']))}: {before} → {sanitise(args['value'])}", _WIDTH, style="strong")
    elif kind == "set_autonomy":
        before = snapshot.engine.autonomy or config.autonomy
        lines += wrap(f"autonomy {before} → {sanitise(args['level'])}", _WIDTH, style="strong")
    else:
        target = " ".join(f"{words(key)} {sanitise(value)}" for key, value in args.items() if key != "reason")
        lines += wrap(f"{COMMANDS[kind].doc} {target}", _WIDTH)
    lines.append(line())
    return lines
