"""Desk: am I trading, am I safe, does anything need me."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from hydra_tui import desk_text as text
from hydra_tui.header import starting
from hydra_tui.screens.view import Look, OperatorView
from widgets.lines import Line
from widgets.list_panel import ListPanel
from widgets.panel import Panel


class DeskView(OperatorView):
    """The first screen."""

    name_of_screen: ClassVar[str] = "desk"
    wants_charts: ClassVar[bool] = True

    def compose(self) -> ComposeResult:
        """Panels from most to least urgent."""
        with Horizontal(id="desk-top"):
            yield Panel("P&L (USD)", id="desk-money")
            yield Panel("Risk  used / limit", id="desk-risk")
            yield Panel("Models", id="desk-models")
            yield Panel("Feeds", id="desk-feeds")
        yield ListPanel("Needs you", empty="nothing needs you", headings=False, id="desk-needs")
        yield Panel("Case", id="desk-case")
        with Horizontal(id="desk-middle"):
            yield Panel("Signals", id="desk-signals")
            yield ListPanel("Orders / fills", empty="no order yet", headings=False, id="desk-orders")
        with Horizontal(id="desk-bottom"):
            yield Panel("Experiments", id="desk-lab")
            yield Panel("Events", id="desk-events")

    def fill(self, look: Look) -> None:
        """Fill every panel."""
        snapshot = look.snapshot
        self.panel("desk-money").show(lambda w, h: text.money_lines(look, w)[:h])
        self.panel("desk-risk").show(lambda w, h: text.limit_lines(look, w, h))
        self.panel("desk-models").show(lambda w, h: text.model_lines(look, w, h))
        self.panel("desk-feeds").show(lambda w, h: text.feed_lines(look, w)[:h])
        rows = text.needs_rows(look)
        waiting = len(rows)
        self.list_panel("desk-needs").set_rows(
            text.NEEDS_COLUMNS, rows, name=f"Needs you ({waiting})" if waiting else "Needs you"
        )
        case = snapshot.current_case
        title = (
            "Starting"
            if starting(snapshot)
            else ("Case" if case is None else f"Case  {'closed' if case.outcome else 'open'}")
        )
        self.panel("desk-case").show(lambda w, h: self._case(look, w, h), title=title)
        self.panel("desk-signals").show(lambda w, h: text.signal_lines(look, w, h))
        self.list_panel("desk-orders").set_rows(
            text.ORDER_COLUMNS, text.order_rows(look), name=f"Orders / fills {look.moment.zone_label}"
        )
        self.panel("desk-events").show(lambda w, h: text.event_lines(look, h), title=f"Events {look.moment.zone_label}")
        self.panel("desk-lab").show(lambda w, h: text.experiment_lines(look, h))

    def _case(self, look: Look, width: int, height: int) -> list[Line]:
        return text.startup_lines(look, width) if starting(look.snapshot) else text.case_lines(look, width, height)

    def row_to_open(self) -> str:
        """An approval opens in the Inbox, an alert in the Journal's neighbourhood: the case's model or the limits."""
        kind, _, _ = self.row.partition(":")
        if kind == "approval":
            return f"inbox {self.row}"
        if kind == "alert":
            return f"risk {self.row}"
        return ""
