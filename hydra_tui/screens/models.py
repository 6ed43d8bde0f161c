"""Models: champion, candidates and graveyard, lineage, rolling numbers, what a candidate changes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from engine.host.operations.snapshot_types import Model, UiSnapshot
from hydra_tui import model_numbers as numbers
from hydra_tui.case_timeline import paper_words
from hydra_tui.evidence import listed
from hydra_tui.formats import percent, plain, words
from hydra_tui.screens.view import Look, OperatorView
from widgets.diff import diff_lines
from widgets.lines import Line, line, sanitise, wrap, wrap_all
from widgets.list_panel import ListPanel, Row
from widgets.panel import Panel
from widgets.rooms import RoomRow
from widgets.sparkline import sparkline
from widgets.table_layout import Cell, Column

_COLUMNS = (
    Column("", priority=0),
    Column("id", priority=0),
    Column("kind", priority=4),
    Column("state", priority=0),
    Column("Sharpe", "right", priority=1),
    Column("hit", "right", priority=3),
    Column("max dd", "right", priority=2),
    Column("cal", "right", priority=5),
    Column("PSI", "right", priority=6),
    Column("age", "right", priority=4),
    Column("trend", priority=7),
    Column("reason", priority=8, flexible=True, least=16),
)


class ModelsView(OperatorView):
    """The registry, and the model under the cursor."""

    name_of_screen: ClassVar[str] = "models"

    def __init__(self) -> None:
        super().__init__()
        self._diff = False

    def compose(self) -> ComposeResult:
        """Registry above, details below."""
        yield ListPanel("Registry", empty="no model yet", id="models-list")
        with RoomRow(id="models-detail"):
            yield Panel("Numbers", id="models-numbers")
            yield Panel("Lineage", id="models-lineage")

    def fill(self, look: Look) -> None:
        """Fill registry and details."""
        models = look.snapshot.models
        live = sum(model.status != "graveyard" for model in models)
        self.list_panel("models-list").set_rows(
            _COLUMNS,
            [_row(look, model) for model in models],
            name=f"Registry  {live} alive, {len(models) - live} in the graveyard",
        )
        name = (self.list_panel("models-list").cursor_key or "").partition(":")[2]
        chosen = next((model for model in models if model.model_id == name), None)
        left, right = self.panel("models-numbers"), self.panel("models-lineage")
        if chosen is None:
            left.show(lambda w, h: [line(("choose a model", "dim"))], title="Numbers")
            right.show(lambda w, h: [])
            return
        left.show(lambda w, h: number_lines(look, chosen, w), title=f"{sanitise(chosen.model_id)}: recorded numbers")
        champion = look.snapshot.champion
        if self._diff and champion is not None:
            right.show(
                lambda w, h: diff_lines(champion.config, chosen.config), title="Diff against the champion (d closes)"
            )
        else:
            right.show(lambda w, h: lineage_lines(look, chosen, w), title="Lineage and story")

    def toggle(self, what: str) -> str:
        """`d` shows the difference against the champion."""
        if what != "diff":
            return super().toggle(what)
        self._diff = not self._diff
        self.look_again()
        return ""

    def row_to_open(self) -> str:
        """A model whose promotion waits opens in the Inbox."""
        name = self.row.partition(":")[2]
        if self.last_look is None:
            return ""
        waiting = [a for a in self.last_look.snapshot.open_approvals if a.subject == name]
        return f"inbox approval:{waiting[0].approval_id}" if waiting else ""


def number_lines(look: Look, model: Model, width: int) -> list[Line]:
    """Every recorded metric with its course and its age, then what the registry holds from training."""
    lines: list[Line] = []
    for name, series in sorted(model.series.items()):
        values = [value for _, value in series]
        age = look.moment.ago(series[-1][0])
        picture = sparkline(values, max(0, min(40, width - 36)))
        lines.append(
            line(
                (f"{words(sanitise(name))[:18]:<18} ", "dim"),
                (f"{plain(values[-1], 3):>9}", "strong"),
                f" {picture} ",
                (age, "dim"),
            )
        )
    if not lines:
        lines.append(line(("nothing recorded live yet; from training:", "dim")))
    return wrap_all([*lines, *listed(model.metrics)], width)


def lineage_lines(look: Look, model: Model, width: int) -> list[Line]:
    """Parents, paper test, moves of the champion pointer, reasons."""
    snapshot = look.snapshot
    lines = [line((" ← ".join(_ancestors(snapshot, model)), "strong"))]
    if model.reason:
        lines += wrap(sanitise(model.reason), width)
    test = next((t for t in snapshot.paper_tests if t.candidate_id == model.model_id), None)
    if test is not None:
        e_value = "" if test.e_value is None else f"  e-value {test.e_value:.2f}"
        lines.append(
            line((paper_words(test), "strong"), f"  against {sanitise(test.champion_id)}{e_value}  {test.status}")
        )
    lines.append(line(("champion pointer, newest first", "dim")))
    for move in snapshot.champion_moves[:8]:
        lines.append(
            line(
                (f"{look.moment.clock(move.ts)} ", "dim"),
                (f"{move.kind:<8} ", "warn" if move.kind == "rollback" else "normal"),
                (sanitise(move.model_id), "strong" if move.model_id == model.model_id else "normal"),
                (f"  by {sanitise(move.actor)}: {sanitise(move.reason)}", "dim"),
            )
        )
    return wrap_all(lines, width)


def _ancestors(snapshot: UiSnapshot, model: Model) -> list[str]:
    by_id = {other.model_id: other for other in snapshot.models}
    names = [sanitise(model.model_id)]
    parent = model.parent_id
    while parent and len(names) < 8:
        names.append(sanitise(parent))
        parent = by_id[parent].parent_id if parent in by_id else None
    return names


def _row(look: Look, model: Model) -> Row:
    mark, word = numbers.STATUS_MARKS.get(model.status, ("?", model.status.upper()))
    test = next(
        (t for t in look.snapshot.paper_tests if t.candidate_id == model.model_id and t.status == "running"), None
    )
    if test is not None:
        word = f"PAPER {test.hours:.1f}/{test.required_hours:g}h"
    if any(approval.subject == model.model_id for approval in look.snapshot.open_approvals):
        word = "WAITS FOR YOU"
    quiet = "dim" if model.status == "graveyard" else "normal"
    trend = [value for _, value in numbers.series_of(model, numbers.SHARPE)]
    return Row(
        f"model:{model.model_id}",
        (
            Cell(mark, "good" if model.status == "champion" else quiet),
            Cell(sanitise(model.model_id), "strong" if model.status == "champion" else quiet),
            Cell(sanitise(model.kind), quiet),
            Cell(word, "warn" if word.startswith("WAITS") else ("strong" if model.status == "champion" else quiet)),
            Cell(plain(numbers.number_of(model, numbers.SHARPE)), quiet),
            Cell(percent(numbers.number_of(model, numbers.HIT_RATE), 0), quiet),
            Cell(percent(numbers.number_of(model, numbers.DRAWDOWN)), quiet),
            Cell(plain(numbers.number_of(model, numbers.CALIBRATION), 3), quiet),
            Cell(plain(numbers.number_of(model, numbers.PSI)), quiet),
            Cell(look.moment.ago(model.created_ts), "dim"),
            Cell(sparkline(trend, 10), "dim"),
            Cell(sanitise(model.reason), "dim"),
        ),
    )
