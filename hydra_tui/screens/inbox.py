"""Inbox: requests that wait for a decision, with their evidence, their consequences and what happens if nobody acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult

from engine.host.operations.snapshot_types import Approval, UiSnapshot
from hydra_tui.case_timeline import paper_words
from hydra_tui.evidence import LAID_OUT, find, gate_lines, gates_of, listed, scores_of
from hydra_tui.formats import words
from hydra_tui.screens.view import Look, OperatorView
from widgets.diff import diff_lines
from widgets.lines import Line, line, sanitise, wrap, wrap_all, wrap_spans
from widgets.list_panel import ListPanel, Row
from widgets.panel import Panel
from widgets.rooms import RoomRow
from widgets.scorecard import scorecard
from widgets.table_layout import Cell, Column

_COLUMNS = (
    Column("kind", priority=1),
    Column("subject", priority=0, flexible=True, least=12),
    Column("age", "right", priority=3),
    Column("expires in", "right", priority=0),
    Column("state", "right", priority=4),
    Column("risk", priority=2),
    Column("status", priority=1),
)


class InboxView(OperatorView):
    """The queue, and the request under the cursor."""

    name_of_screen: ClassVar[str] = "inbox"

    def __init__(self) -> None:
        super().__init__()
        self._diff = False

    def compose(self) -> ComposeResult:
        """Queue above, evidence and consequences below."""
        yield ListPanel("Queue", empty="nothing waits for you", id="inbox-queue")
        with RoomRow(id="inbox-detail"):
            yield Panel("Evidence", id="inbox-evidence")
            yield Panel("What changes, what could go wrong", id="inbox-why")

    def fill(self, look: Look) -> None:
        """Fill queue and details."""
        approvals = look.snapshot.approvals
        queue = self.list_panel("inbox-queue")
        waiting = len(look.snapshot.open_approvals)
        queue.set_rows(_COLUMNS, [_row(look, approval) for approval in approvals], name=f"Queue  {waiting} open")
        chosen = self.chosen(look.snapshot)
        evidence, why = self.panel("inbox-evidence"), self.panel("inbox-why")
        if chosen is None:
            evidence.show(lambda w, h: [line(("choose a request", "dim"))], title="Evidence")
            why.show(lambda w, h: [])
            return
        subject = sanitise(chosen.subject)
        evidence.show(
            lambda w, h: evidence_lines(look, chosen, w),
            title=f"{words(chosen.kind).upper()} {subject} #{chosen.state_seq}",
        )
        if self._diff:
            why.show(
                lambda w, h: wrap_all(config_diff(look.snapshot, chosen), w),
                title="Diff against the champion (d closes)",
            )
        else:
            why.show(lambda w, h: why_lines(look, chosen, w), title="What changes, what could go wrong")

    def chosen(self, snapshot: UiSnapshot) -> Approval | None:
        """The request under the cursor."""
        name = (self.list_panel("inbox-queue").cursor_key or "").partition(":")[2]
        return next((approval for approval in snapshot.approvals if approval.approval_id == name), None)

    def toggle(self, what: str) -> str:
        """`d` shows the difference instead of the consequences."""
        if what != "diff":
            return super().toggle(what)
        self._diff = not self._diff
        self.look_again()
        return ""


def evidence_lines(look: Look, approval: Approval, width: int) -> list[Line]:
    """Scorecard, paper test, gates, then whatever else the evidence holds."""
    evidence = approval.evidence
    lines: list[Line] = wrap(sanitise(evidence.get("sentence", "")), width)
    scores = scores_of(evidence, look.config.weights)
    if scores:
        reference = sanitise(find(evidence.get("verdict"), "reference") or find(evidence, "reference") or "champion")
        lines += scorecard(scores, width)
        lines.append(line((f"(champ column: {reference})", "dim")))
    test = next((t for t in look.snapshot.paper_tests if t.candidate_id == approval.subject), None)
    if test is not None:
        e_value = "" if test.e_value is None else f"  e-value {test.e_value:.2f}"
        words_now = line((paper_words(test), "strong"), f"  {test.bars} bars{e_value}  {sanitise(test.status)}")
        lines += wrap_spans(words_now, width)
    stages = (("verdict", "after paper"), ("experiment", "in the experiment"))
    staged = [(title, gates_of(part)) for key, title in stages if isinstance(part := evidence.get(key), Mapping)]
    for title, gates in staged or [("", gates_of(evidence))]:
        if gates:
            lines.append(line((f"gates {title}", "title")))
            lines += wrap_all(gate_lines(gates), width)
    lines += wrap_all(listed(evidence, leave_out=(*LAID_OUT, "sentence")), width)
    return lines if lines else [line(("this request carries no evidence", "warn"))]


def why_lines(look: Look, approval: Approval, width: int) -> list[Line]:
    """Consequences, who decided what before, and the safe default."""
    moment = look.moment
    lines = wrap_all(listed(approval.consequences, leave_out=()), width)
    if not lines:
        lines = [line(("no consequences recorded", "warn"))]
    if approval.status == "open":
        left = moment.until(approval.expires_ts)
        lines.append(line(("expires in ", "dim"), (left, "crit" if left == "expired" else "strong")))
        lines += wrap("If nobody decides, it expires and nothing changes.", width, style="dim")
        champion = look.snapshot.champion
        if champion is not None:
            lines += wrap(
                f"Roll back: {sanitise(champion.model_id)} stays warm; R then y restores it.", width, style="dim"
            )
    else:
        who = sanitise(approval.actor or "nobody")
        lines.append(line((f"{approval.status} by {who} at {moment.clock(approval.decided_ts)}", "strong")))
        lines += wrap(sanitise(approval.reason), width)
    if look.snapshot.engine.state_seq != approval.state_seq and approval.status == "open":
        lines.append(line((f"state is #{look.snapshot.engine.state_seq} now", "dim")))
    return lines


def config_diff(snapshot: UiSnapshot, approval: Approval) -> list[Line]:
    """What the candidate's configuration changes."""
    candidate = next((model for model in snapshot.models if model.model_id == approval.subject), None)
    champion = snapshot.champion
    if candidate is None or champion is None:
        return [line(("this request is not about a model in the registry", "dim"))]
    return diff_lines(champion.config, candidate.config)


def _row(look: Look, approval: Approval) -> Row:
    is_open = approval.status == "open"
    left = look.moment.until(approval.expires_ts) if is_open else "–"
    raises = (
        approval.kind.lower() in ("promote", "promotion", "resume", "raise_limit") or "promot" in approval.kind.lower()
    )
    return Row(
        f"approval:{approval.approval_id}",
        (
            Cell(words(approval.kind).upper(), "strong" if is_open else "dim"),
            Cell(sanitise(approval.subject), "normal" if is_open else "dim"),
            Cell(look.moment.ago(approval.created_ts)),
            Cell(left, "crit" if left == "expired" else "normal"),
            Cell(f"#{approval.state_seq}", "dim"),
            Cell("▲ raises" if raises else "", "warn" if raises and is_open else "dim"),
            Cell("OPEN" if is_open else sanitise(approval.status), "warn" if is_open else "dim"),
        ),
    )
