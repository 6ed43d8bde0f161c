"""Desk: am I trading, am I safe, does anything need me."""

from __future__ import annotations

import asyncio
import bisect
import importlib
import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from hydra_tui import desk_text as text
from hydra_tui.header import starting
from hydra_tui.screens.view import Look, OperatorView
from widgets.lines import Line, sanitise
from widgets.list_panel import ListPanel
from widgets.panel import Panel
from widgets.rooms import RoomRow

_CHART_LEAST_ROWS = 44  # of the terminal: below, the plot has no room between its labels


class DeskView(OperatorView):
    """The first screen."""

    name_of_screen: ClassVar[str] = "desk"

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.app_monotonic = monotonic
        self._bar_ts: list[int] = []

    def compose(self) -> ComposeResult:
        """Panels from most to least urgent."""
        with RoomRow(id="desk-top"):
            yield Panel("P&L (USD)", id="desk-money")
            yield Panel("Risk  used / limit", id="desk-risk")
            yield Panel("Models", id="desk-models")
            yield Panel("Feeds", id="desk-feeds")
        yield ListPanel("Needs you", empty="nothing needs you", headings=False, id="desk-needs")
        yield Panel("Case", id="desk-case")
        with RoomRow(id="desk-middle"):
            yield Container(id="desk-chart", classes="-cramped")
            yield Panel("Signals", id="desk-signals")
            yield ListPanel("Orders / fills", empty="no order yet", headings=False, id="desk-orders")
        with RoomRow(id="desk-bottom"):
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
        self._draw(look)

    def follow_cursor(self) -> None:
        """No panel here depends on the row under the cursor."""

    async def load_chart(self) -> None:
        """Mount the chart, once, where there is room; its module imports numpy, so late and on another thread."""
        place = self.query_one("#desk-chart", Container)
        place.set_class(self.app.size.height < _CHART_LEAST_ROWS, "-cramped")
        if place.children or not place.display:
            return
        chart = await asyncio.to_thread(importlib.import_module, "widgets.chart")

        def label(place: float) -> str:
            look, index = self.last_look, min(int(place), len(self._bar_ts) - 1)
            return "" if look is None or index < 0 else look.moment.clock(self._bar_ts[index], seconds=False)

        place.border_title = "Price"
        await place.mount(chart.Chart(label, self.app_monotonic, id="desk-price"))
        self.look_again()

    def _draw(self, look: Look) -> None:
        charts = self.query("#desk-price")
        bars = look.snapshot.bars.get(look.config.decision_series) or next(iter(look.snapshot.bars.values()), ())
        if not charts or not bars:
            return
        from widgets.chart import Chart, ChartData

        known = [(bar.known_ts, bar.close) for bar in bars if bar.close is not None]
        self._bar_ts = [ts for ts, _ in known]
        marks = tuple(
            (
                float(min(bisect.bisect_left(self._bar_ts, fill.ts), len(known) - 1)),
                fill.price,
                "▲" if fill.lots > 0 else "▼",
            )
            for fill in look.snapshot.fills
            if known and fill.ts >= known[0][0]
        )
        data = ChartData(tuple(float(place) for place in range(len(known))), tuple(price for _, price in known), marks)
        charts.first(Chart).draw(data)
        words = f"{look.snapshot.position.contract} {look.config.price_unit}, last {len(known)} bars, ▲ buys ▼ sells"
        self.query_one("#desk-chart", Container).border_title = sanitise(words)

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
