"""What every screen is: panels that are told to look again, a row under the cursor, a way to open it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.message import Message

from engine.host.operations.snapshot_types import UiSnapshot
from hydra_tui.config_view import ConfigView
from hydra_tui.readings import Moment
from widgets.list_panel import ListPanel
from widgets.panel import Panel
from widgets.rooms import Room


@dataclass(frozen=True, slots=True)
class Look:
    """One look: what the workspace says, from which moment, with which settings."""

    snapshot: UiSnapshot
    moment: Moment
    config: ConfigView


class OperatorView(Room):
    """One of the screens. `look` fills the panels; the rest has sensible defaults."""

    name_of_screen: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__(id=f"view-{self.name_of_screen}", classes="view")
        self.last_look: Look | None = None
        self._arrival = ("", "")
        self._ready = False
        self._panels: dict[str, Panel] = {}
        self._lists: list[ListPanel] = []

    def look(self, look: Look) -> None:
        """Show the workspace as it is now."""
        self.last_look = look
        if self._ready:
            self.fill(look)

    def fill(self, look: Look) -> None:
        """Fill every panel; each screen has its own."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Fill the panels from the last look (after a key changed what is shown)."""
        if self.last_look is not None:
            self.fill(self.last_look)

    class Changed(Message):
        """The row under the cursor changed, and with it what the keys can do."""

    def on_mount(self) -> None:
        """The first look may have come before the panels. A screen keeps the panels it was composed with, so they are
        looked up once: a query for each of them costs more than painting them."""
        self._panels = {panel.id: panel for panel in self.query(Panel) if panel.id is not None}
        self._lists = [panel for panel in self._panels.values() if isinstance(panel, ListPanel)]
        self._ready = True
        self.look_again()
        self.arrive(*self._arrival)

    def arrive(self, row: str = "", filter_text: str = "") -> None:
        """Keys go to the first list, or to the one that holds `row` ("kind:id"); `filter_text` filters it. A view that
        is not mounted yet arrives when it is."""
        self._arrival = (row, filter_text)
        if not self._ready:
            return
        chosen = next((panel for panel in self.lists if row and panel.go_to(row)), self.active_list)
        if chosen is not None and filter_text:
            chosen.set_filter(filter_text)
        if chosen is not None and self.display and len(self.app.screen_stack) == 1:
            chosen.focus()
        self.post_message(self.Changed())

    def on_list_panel_cursor_moved(self, event: ListPanel.CursorMoved) -> None:
        """Details and keys follow the cursor."""
        event.stop()
        self.follow_cursor()
        self.post_message(self.Changed())

    def follow_cursor(self) -> None:
        """Show the details of another row; screens without details do nothing."""
        self.look_again()

    def on_descendant_focus(self) -> None:
        """Another list has the keys."""
        self.post_message(self.Changed())

    @property
    def lists(self) -> list[ListPanel]:
        """The lists of this screen, in order; none before it is mounted."""
        return self._lists

    @property
    def active_list(self) -> ListPanel | None:
        """The focused list, else the first one."""
        lists = self.lists
        return next((panel for panel in lists if panel.has_focus), lists[0] if lists else None)

    @property
    def row(self) -> str:
        """The row under the cursor as "kind:id"; empty where there is none."""
        panel = self.active_list
        return (panel.cursor_key or "") if panel is not None else ""

    def row_to_open(self) -> str:
        """What enter opens, as "screen" or "screen kind:id"; empty where there is nothing to open."""
        return ""

    async def load_chart(self) -> None:
        """Mount charts, for screens that have any; called after the first paint and after a resize."""

    def toggle(self, what: str) -> str:
        """Turn a part of the screen ("diff", "rows"); returns a sentence where it cannot."""
        return f"this screen has no {what}"

    def back(self) -> bool:
        """Back out of a page inside this screen; False where there is none."""
        return False

    def panel(self, name: str) -> Panel:
        """The panel with this id."""
        return self._panels[name]

    def list_panel(self, name: str) -> ListPanel:
        """The list with this id."""
        panel = self._panels[name]
        assert isinstance(panel, ListPanel)
        return panel


def metric(values: Sequence[Iterable[tuple[str, float]]], *names: str) -> float | None:
    """The first of `names` that any of the mappings knows, earlier mappings first."""
    tables = [dict(table) for table in values]
    for name in names:
        for table in tables:
            value = table.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return float(value)
    return None
