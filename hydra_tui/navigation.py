"""Moving about: screens, rows, filters, help, copy, export. Nothing here changes anything outside this window."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.host.operations.action_registry import LATER_SCREENS, ActionSpec, actions_on
from hydra_tui.screen_text import painted_lines
from hydra_tui.screens.view import OperatorView
from widgets.rooms import Room

if TYPE_CHECKING:
    from hydra_tui.app import HydraApp

VIEWS: Final = ("desk", "inbox", "models", "risk", "market", "journal", "data")


class Navigation:
    """The screen in view and the way there."""

    def __init__(self, app: HydraApp) -> None:
        self._app = app
        self._views: dict[str, OperatorView] = {}
        self._visited: list[str] = ["desk"]
        self._place = 0
        self.current = "desk"
        self._handlers: dict[str, Callable[[], object]] = {
            "open": self._open,
            "back": self._back,
            "view_back": lambda: self._visit(-1),
            "view_forward": lambda: self._visit(1),
            "filter": lambda: app.open_typed("/"),
            "command_line": lambda: app.open_typed(":"),
            "help": self._help,
            "worst_alert": self._worst_alert,
            "zone": app.toggle_zone,
            "freeze": app.toggle_freeze,
            "greyscale": app.toggle_greyscale,
            "copy": self._copy,
            "export": self._export,
            "refresh": app.bridge.refresh,
            "undo": app.undo,
            "quit": self._quit,
            "diff": lambda: self._toggle("diff"),
            "rows": lambda: self._toggle("rows"),
            "page": lambda: self._toggle("page"),
            "next_panel": lambda: app.screen.focus_next(),
            "previous_panel": lambda: app.screen.focus_previous(),
            "filter_next": lambda: self._move("down"),
            "filter_previous": lambda: self._move("up"),
        }

    @property
    def view(self) -> OperatorView | None:
        """The view on the screen."""
        return self._views.get(self.current)

    def run(self, action: ActionSpec) -> None:
        """Do an action that only reads."""
        name = action.name
        if name.startswith("screen_"):
            self.go(name.removeprefix("screen_"))
            return
        handler = self._handlers.get(name)
        if handler is not None:
            handler()
        else:
            self._move(name)

    def go(self, name: str, row: str = "", *, filter_text: str = "", remember: bool = True) -> None:
        """Show a screen, made on its first visit, with the cursor on a row and a filter."""
        if name in LATER_SCREENS or name not in VIEWS:
            self._app.notify_operator(LATER_SCREENS.get(name, f"there is no screen '{name}'"), "warn")
            return
        if remember and name != self.current:
            self._visited = [*self._visited[: self._place + 1], name]
            self._place = len(self._visited) - 1
        self._app.close_typed()
        for other in self._views.values():
            other.display = False
        self.current = name
        if name not in self._views:
            self._views[name] = _view_called(name)
            self._app.screen_stack[0].query_one("#body", Room).mount(self._views[name])
        self._views[name].display = True
        self._app.show_now()
        self._views[name].arrive(row, filter_text)

    def focus_view(self) -> None:
        """Keys go to the first list of the screen."""
        view = self.view
        panel = view.active_list if view is not None and view.is_mounted else None
        if panel is not None and panel.display:
            panel.focus()

    def _visit(self, step: int) -> None:
        place = self._place + step
        if 0 <= place < len(self._visited):
            self._place = place
            self.go(self._visited[place], remember=False)

    def _move(self, name: str) -> None:
        panel = self.view.active_list if self.view is not None else None
        if panel is None:
            return
        steps = {"down": 1, "up": -1, "page_down": panel.page, "page_up": -panel.page}
        if name in steps:
            panel.move(steps[name])
        elif name == "top":
            panel.go_top()
        elif name == "bottom":
            panel.go_bottom()

    def _open(self) -> None:
        view = self.view
        target = view.row_to_open() if view is not None else ""
        if not target:
            self._app.notify_operator("there is nothing to open under the cursor", "dim")
            return
        screen, _, row = target.partition(" ")
        self.go(screen, row)

    def _back(self) -> None:
        if self._app.screen_stack[0].query("#typed"):
            panel = self.view.active_list if self.view is not None else None
            if panel is not None:
                panel.set_filter("")
            self._app.close_typed()
            return
        panel = self.view.active_list if self.view is not None else None
        if panel is not None and panel.filter_text:
            panel.set_filter("")
        elif self.view is None or not self.view.back():
            self._visit(-1)

    def _toggle(self, what: str) -> None:
        view = self.view
        reason = view.toggle(what) if view is not None else ""
        if reason:
            self._app.notify_operator(reason, "warn")

    def _help(self) -> None:
        from hydra_tui.dialogs.help import HelpDialog

        actions = actions_on(self.current)
        reasons = {action.name: reason for action in actions if (reason := self._app.why_not(action))}
        self._app.push_screen(HelpDialog(self.current, actions, reasons))

    def _worst_alert(self) -> None:
        snapshot = self._app.latest
        alerts = snapshot.open_alerts if snapshot is not None else ()
        if not alerts:
            self._app.notify_operator("no alert is open")
            return
        self.go("risk", f"alert:{alerts[0].alert_id}")

    def _copy(self) -> None:
        panel = self.view.active_list if self.view is not None else None
        text = panel.cursor_text if panel is not None and panel.cursor_text else "\n".join(painted_lines(self._app))
        self._app.copy_to_clipboard(text)
        self._app.notify_operator(f"copied: {text.splitlines()[0]}")

    def _export(self) -> None:
        folder, snapshot = self._app.config.export_folder, self._app.latest
        if not folder or snapshot is None:
            self._app.notify_operator("there is no folder to export to", "warn")
            return
        name = f"{self.current}-{self._app.bridge.now_ts() // 1_000_000}.txt"
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_text(
                "\n".join(row.rstrip() for row in painted_lines(self._app)) + "\n", encoding="utf-8"
            )
        except OSError as error:
            self._app.notify_operator(f"could not write {name}: {error.strerror}", "crit")
            return
        self._app.notify_operator(f"written: {Path(folder) / name}")

    def _quit(self) -> None:
        snapshot, config = self._app.latest, self._app.config
        if not config.hosts_engine:
            self._app.exit()
            return
        from hydra_tui.dialogs.confirm import ConfirmDialog
        from hydra_tui.formats import lots
        from widgets.lines import line

        held = snapshot.position.lots if snapshot is not None else None
        words = f"POSITION {lots(held)} STAYS OPEN and nobody watches it." if held else "There is no open position."
        lines = [
            line(),
            line(("The engine belongs to this window and stops with it.", "strong")),
            line((words, "warn" if held else "normal")),
            line(),
        ]
        dialog = ConfirmDialog(
            "LEAVE", 2, lines, guard_seconds=config.dialog_guard_seconds, monotonic=self._app.monotonic
        )
        self._app.push_screen(dialog, lambda decision: self._app.exit() if decision is not None else None)


def _view_called(name: str) -> OperatorView:
    """A screen's module is loaded on its first visit: the first paint waits for the Desk alone."""
    module = importlib.import_module(f"hydra_tui.screens.{name}")
    view: OperatorView = getattr(module, f"{name.title()}View")()
    return view
