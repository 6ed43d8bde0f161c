"""Data: every feed with its age and health; below, what was set aside and why, when sources are asked next, and where
providers contradict each other."""

from __future__ import annotations

from typing import ClassVar, Final

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
_RUN_COLUMNS = (
    Column("source", priority=0),
    Column("next", priority=0),
    Column("plan", priority=1, flexible=True, least=16),
    Column("last good", priority=2),
    Column("failed", "right", priority=1),
    Column("why", priority=0, flexible=True, least=12),
)
_PAIR_COLUMNS = (
    Column("series", priority=0),
    Column("sessions", "right", priority=1),
    Column("agree", "right", priority=0),
    Column("last 250", "right", priority=0),
    Column("newest differences", priority=0, flexible=True, least=16),
)
_PAGES: Final = ("counts", "rows", "runs", "pairs")
_NEXT: Final = {
    "counts": "v shows the rows",
    "rows": "v shows the next runs",
    "runs": "v compares providers",
    "pairs": "v shows counts",
}
_EMPTY: Final = {
    "counts": "nothing was set aside",
    "rows": "nothing was set aside",
    "runs": "no live source is switched on: list them in live.sources (config.yaml)",
    "pairs": "no two daily series to compare yet",
}


class DataView(OperatorView):
    """Feeds above; below, v turns the page: counts of what was set aside, its rows, next runs, providers compared."""

    name_of_screen: ClassVar[str] = "data"

    def __init__(self) -> None:
        super().__init__()
        self._page = _PAGES[0]

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
        columns, rows, name = {
            "counts": _counts, "rows": _set_aside, "runs": _runs, "pairs": _pairs
        }[self._page](look)  # fmt: skip
        panel = self.list_panel("data-quarantine")
        panel.set_rows(columns, rows, name=f"{name} ({_NEXT[self._page]})", empty=_EMPTY[self._page])

    def follow_cursor(self) -> None:
        """No panel here depends on the row under the cursor."""

    def toggle(self, what: str) -> str:
        """`v` turns the page of the lower list."""
        if what != "rows":
            return super().toggle(what)
        self._page = _PAGES[(_PAGES.index(self._page) + 1) % len(_PAGES)]
        self.look_again()
        return ""


def _counts(look: Look) -> tuple[tuple[Column, ...], list[Row], str]:
    counts = look.snapshot.quarantine_counts
    rows = [
        Row(
            f"count:{count.source}:{count.reason}",
            (Cell(f"{count.rows:,}"), Cell(sanitise(count.source)), Cell(sanitise(count.reason))),
        )
        for count in counts
    ]
    return _COUNT_COLUMNS, rows, f"Set aside: {sum(count.rows for count in counts):,} rows by reason"


def _set_aside(look: Look) -> tuple[tuple[Column, ...], list[Row], str]:
    total = sum(count.rows for count in look.snapshot.quarantine_counts)
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
    return _ROW_COLUMNS, rows, f"Set aside: newest {len(rows)} of {total:,} rows"


def _runs(look: Look) -> tuple[tuple[Column, ...], list[Row], str]:
    rows = [
        Row(
            f"run:{run.source}",
            (
                Cell(sanitise(run.source), "strong"),
                Cell("off", "warn") if run.off else Cell(look.moment.clock(run.next_run_ts)),
                Cell(run.plan, "dim"),
                Cell(run.last_success, "dim"),
                Cell(str(run.failures), "warn" if run.failures else "dim"),
                Cell(sanitise(run.reason), "warn" if run.failures or run.off else "dim"),
            ),
        )
        for run in look.snapshot.source_runs
    ]
    return _RUN_COLUMNS, rows, "Next runs"


def _pairs(look: Look) -> tuple[tuple[Column, ...], list[Row], str]:
    rows = [
        Row(
            f"pair:{pair.first}:{pair.second}",
            (
                Cell(f"{sanitise(pair.first)} / {sanitise(pair.second)}", "strong"),
                Cell(f"{pair.common_sessions:,}"),
                Cell(_percent(pair.agreement), _judged(pair.agreement)),
                Cell(_percent(pair.recent_agreement), _judged(pair.recent_agreement)),
                Cell(", ".join(pair.differences), "dim"),
            ),
        )
        for pair in look.snapshot.comparisons
    ]
    return _PAIR_COLUMNS, rows, "Providers, within a tick"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _judged(share: float | None) -> str:
    return "warn" if share is not None and share < 0.99 else "normal"


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
