"""Journal: what happened and why, newest first, with the whole entry below."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from textual.app import ComposeResult

from engine.host.operations.snapshot_types import JournalEntry
from hydra_tui.formats import words
from hydra_tui.screens.view import Look, OperatorView
from widgets.diff import flatten
from widgets.lines import Line, line, sanitise, wrap
from widgets.list_panel import ListPanel, Row
from widgets.panel import Panel
from widgets.table_layout import Cell, Column


class JournalView(OperatorView):
    """Entries, filtered with /, and the one under the cursor."""

    name_of_screen: ClassVar[str] = "journal"

    def compose(self) -> ComposeResult:
        """Entries above, the whole text below."""
        yield ListPanel("Journal", empty="nothing journalled yet", id="journal-list")
        yield Panel("Entry", id="journal-entry")

    def fill(self, look: Look) -> None:
        """Fill list and entry."""
        columns = (
            Column("#", "right", priority=2),
            Column(f"time {look.moment.zone_label}", priority=0),
            Column("kind", priority=1),
            Column("subject", priority=3, flexible=True, least=10),
            Column("outcome", priority=4),
            Column("text", priority=0, flexible=True, least=20),
        )
        entries = look.snapshot.journal
        rows = [_row(look, entry) for entry in entries]
        self.list_panel("journal-list").set_rows(columns, rows, name=f"Journal  newest {len(entries)}")
        self._show_entry(look)

    def follow_cursor(self) -> None:
        """Only the entry below changes with the cursor."""
        if self.last_look is not None:
            self._show_entry(self.last_look)

    def _show_entry(self, look: Look) -> None:
        entries = look.snapshot.journal
        key = (self.list_panel("journal-list").cursor_key or "").partition(":")[2]
        chosen = next((entry for entry in entries if str(entry.seq) == key), None)
        self.panel("journal-entry").show(
            lambda w, h: entry_lines(look, chosen, w) if chosen is not None else [line(("choose an entry", "dim"))],
            title=f"Entry #{chosen.seq}" if chosen is not None else "Entry",
        )


def entry_lines(look: Look, entry: JournalEntry, width: int) -> list[Line]:
    """Head, tags and the whole body; JSON bodies key by key."""
    when = f"{look.moment.day(entry.ts)} {look.moment.clock(entry.ts)} {look.moment.zone_label}"
    head = f"{when}  {entry.kind}  {entry.subject}"
    lines = [line((sanitise(head), "strong"))]
    marks = (("tags", entry.tags), ("outcome", entry.outcome), ("mutation", entry.mutation_type))
    extra = "  ".join(f"{name} {sanitise(text)}" for name, text in marks if text and text != "[]")
    if extra:
        lines.append(line((extra, "dim")))
    body = _parsed(entry.body)
    if body is None:
        return lines + wrap(sanitise(entry.body), width)
    for key, value in flatten(body).items():
        lines += wrap(f"{words(sanitise(key))}: {value}", width)
    return lines


def _parsed(body: str) -> dict[str, object] | None:
    import json

    if not body.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


@lru_cache(maxsize=1024)
def _summary(body: str) -> str:
    """The entry in one line: its own sentence, else its fields. An entry never changes, so it is worded once."""
    parsed = _parsed(body)
    if parsed is None:
        return sanitise(body)[:400]
    if isinstance(parsed.get("sentence"), str):
        return sanitise(str(parsed["sentence"]))[:400]
    return "  ".join(f"{words(sanitise(key))} {value}" for key, value in flatten(parsed).items() if value)[:400]


def _row(look: Look, entry: JournalEntry) -> Row:
    return Row(
        f"journal:{entry.seq}",
        (
            Cell(str(entry.seq), "dim"),
            Cell(look.moment.clock(entry.ts), "dim"),
            Cell(sanitise(entry.kind), "strong"),
            Cell(sanitise(entry.subject)),
            Cell(sanitise(entry.outcome)),
            Cell(_summary(entry.body)),
        ),
    )
