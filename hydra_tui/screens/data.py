"""Data: every feed with its age and health, and what was set aside and why."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from engine.host.operations.snapshot_types import Feed
from hydra_tui.desk_text import feed_state
from hydra_tui.screens.view import Look, OperatorView
from widgets.lines import sanitise
from widgets.list_panel import ListPanel, Row
from widgets.stale_value import age_words
from widgets.table_layout import Cell, Column

_FEED_COLUMNS = (
    Column("", priority=0),
    Column("feed", priority=0),
    Column("age", "right", priority=0),
    Column("allowed", "right", priority=2),
    Column("newest fact", priority=3),
    Column("rows", "right", priority=1),
    Column("why", priority=0, flexible=True, least=14),
)
_COUNT_COLUMNS = (
    Column("rows", "right", priority=0),
    Column("source", priority=1),
    Column("reason", priority=0, flexible=True, least=20),
)
_ROW_COLUMNS = (
    Column("source", priority=2),
    Column("file", priority=1, flexible=True, least=12),
    Column("row", "right", priority=0),
    Column("field", priority=1),
    Column("reason", priority=0, flexible=True, least=16),
    Column("as it came", priority=3, flexible=True, least=12),
)


class DataView(OperatorView):
    """Feeds above, quarantine below; v switches between counts and the rows themselves."""

    name_of_screen: ClassVar[str] = "data"

    def __init__(self) -> None:
        super().__init__()
        self._rows = False

    def compose(self) -> ComposeResult:
        """Two lists."""
        yield ListPanel("Feeds", empty="no feed yet: 'hydra ingest FILE' or :ingest FILE loads one", id="data-feeds")
        yield ListPanel("Set aside", empty="nothing was set aside", id="data-quarantine")

    def fill(self, look: Look) -> None:
        """Fill both lists."""
        feeds = look.snapshot.feeds
        self.list_panel("data-feeds").set_rows(
            _FEED_COLUMNS, [_feed_row(look, feed) for feed in feeds], name=f"Feeds  times {look.moment.zone_label}"
        )
        total = sum(count.rows for count in look.snapshot.quarantine_counts)
        panel = self.list_panel("data-quarantine")
        if self._rows:
            rows = [
                Row(
                    f"quarantine:{row.input_name}:{row.row_number}:{row.field}:{row.reason}",
                    (
                        Cell(sanitise(row.source)),
                        Cell(sanitise(row.input_name)),
                        Cell(str(row.row_number)),
                        Cell(sanitise(row.field)),
                        Cell(sanitise(row.reason)),
                        Cell(sanitise(row.raw_text)[:200], "dim"),
                    ),
                )
                for row in look.snapshot.quarantine_rows
            ]
            panel.set_rows(_ROW_COLUMNS, rows, name=f"Set aside: newest {len(rows)} of {total:,} rows (v shows counts)")
            return
        counts = [
            Row(
                f"count:{count.source}:{count.reason}",
                (Cell(f"{count.rows:,}"), Cell(sanitise(count.source)), Cell(sanitise(count.reason))),
            )
            for count in look.snapshot.quarantine_counts
        ]
        panel.set_rows(_COUNT_COLUMNS, counts, name=f"Set aside: {total:,} rows by reason (v shows the rows)")

    def follow_cursor(self) -> None:
        """No panel here depends on the row under the cursor."""

    def toggle(self, what: str) -> str:
        """`v` switches between counts and rows."""
        if what != "rows":
            return super().toggle(what)
        self._rows = not self._rows
        self.look_again()
        return ""


def _feed_row(look: Look, feed: Feed) -> Row:
    age = look.moment.age_us(feed.last_known_ts)
    glyph, word, style = feed_state(feed.status, age, feed.max_age_us)
    late = word != "OK"
    return Row(
        f"feed:{feed.source}",
        (
            Cell(f"{glyph} {word}", style),
            Cell(sanitise(feed.source), "strong"),
            Cell("–" if age is None else age_words(age), "warn" if late else "normal"),
            Cell("–" if feed.max_age_us is None else age_words(feed.max_age_us), "dim"),
            Cell(look.moment.clock(feed.last_event_ts), "dim"),
            Cell(f"{feed.rows:,}"),
            Cell(sanitise(feed.reasons) or ("older than allowed" if late else ""), "dim"),
        ),
    )
