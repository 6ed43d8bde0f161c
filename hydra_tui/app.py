"""The full-screen app: composes the frame, switches screens, passes looks down and acts up. It decides nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType

from engine.host.operations.action_registry import ActionSpec, action_for_key, actions_on
from engine.host.operations.snapshot_types import DOWN_AFTER_US, UiSnapshot
from engine.kernel.errors import HydraError
from hydra_tui.actions import Context, why_not
from hydra_tui.bridge import Bridge
from hydra_tui.config_view import ConfigView
from hydra_tui.header import Frame, banner_line, footer_line, header_line, nav_line, shown_state
from hydra_tui.keymap import bindings
from hydra_tui.messages import BridgeFailed, CommandSettled, EngineEnded, SnapshotReady
from hydra_tui.navigation import Navigation
from hydra_tui.readings import Moment
from hydra_tui.screens.view import Look, OperatorView
from hydra_tui.theme import THEMES
from widgets.ink import COLOUR, GREYSCALE
from widgets.lines import line
from widgets.panel import Panel
from widgets.rooms import Room

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.widgets import Input

    from hydra_tui.acts import Acts

_NOTICE_SECONDS = 10.0


def _palette() -> type[Provider]:
    from hydra_tui.palette import ActionProvider

    return ActionProvider


class HydraApp(App[None]):
    """`bridge` is the only way to the engine; `config` the settings that screens need; `monotonic` the clock of
    dialog guards and notices (tests pass one they move)."""

    TITLE = "HYDRA"
    CSS_PATH = [  # noqa: RUF012 - Textual declares it as an instance variable
        "app.tcss",
        *(f"screens/{name}.tcss" for name in ("desk", "inbox", "models", "risk", "market", "journal", "data")),
    ]
    COMMANDS: ClassVar[set[Any]] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (24, "-short"), (34, "-tall")]  # noqa: RUF012

    def __init__(self, bridge: Bridge, config: ConfigView, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = GREYSCALE if os.environ.get("NO_COLOR") else COLOUR
        self.animation_level = "none"
        self.bridge = bridge
        self.config = config
        self.monotonic = monotonic
        self.latest: UiSnapshot | None = None
        self.navigation = Navigation(self)
        self._acts: Acts | None = None
        self._frozen: Look | None = None
        self._utc = False
        self._zone = ZoneInfo(config.timezone)
        self._notice: tuple[str, str, float] | None = None
        self._trouble = ""
        self._engine_trouble: tuple[str, int] = ("", 0)
        self._history: list[str] = []
        self._panels: dict[str, Panel] = {}

    def compose(self) -> ComposeResult:
        """Frame and an empty body; screens are made when they are first visited."""
        self._panels = {
            name: Panel(framed=False, id=name) for name in ("header", "nav", "banner", "too-small", "footer")
        }
        yield from (self._panels[name] for name in ("header", "nav", "banner"))
        yield Room(id="body")
        yield from (self._panels[name] for name in ("too-small", "footer"))

    def on_mount(self) -> None:
        """Paint first; everything else starts after it."""
        self._paint_frame()
        self.navigation.go("desk", remember=False)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.bridge.start(self.post_message)
        self.set_interval(0.5, self._tick)
        self.set_timer(1.0, self._load_charts)

    async def _load_charts(self) -> None:
        view = self.navigation.view
        if view is not None and view.is_mounted:
            await view.load_chart()

    def on_unmount(self) -> None:
        """Stop reading."""
        self.bridge.stop()

    @property
    def acts(self) -> Acts:
        """What sends commands; loaded with the first act."""
        if self._acts is None:
            from hydra_tui.acts import Acts

            self._acts = Acts(self)
        return self._acts

    # what comes in
    @on(SnapshotReady)
    def _show_snapshot(self, message: SnapshotReady) -> None:
        self.latest = message.snapshot
        self._trouble = ""
        beat = message.snapshot.engine.heartbeat_wall_ts
        if beat is not None and beat > self._engine_trouble[1] and not message.snapshot.engine.released:
            self._engine_trouble = ("", 0)
        self.show_now()

    @on(OperatorView.Changed)
    def _show_keys(self) -> None:
        self._paint_frame()

    @on(BridgeFailed)
    def _show_trouble(self, message: BridgeFailed) -> None:
        self._trouble = message.reason
        self._paint_frame()

    @on(EngineEnded)
    def _show_engine_end(self, message: EngineEnded) -> None:
        """Stays on the screen until an engine beats again, this window's or another's."""
        self._engine_trouble = (message.reason, self.bridge.now_ts())
        if message.final:
            self.config = replace(self.config, hosts_engine=False)
        self._paint_frame()

    @on(CommandSettled)
    def _show_settled(self, message: CommandSettled) -> None:
        self.notify_operator(*self.acts.settled(message))

    def _tick(self) -> None:
        if self._notice is not None and self.monotonic() > self._notice[2]:
            self._notice = None
        look = self.present_look()
        if look is not None and (look.moment.silent or not look.snapshot.clock.simulated):
            self.show_now()
        else:
            self._paint_frame()

    # what is shown
    def present_look(self) -> Look | None:
        """The workspace as it is now; None before the first snapshot."""
        if self.latest is None:
            return None
        moment = Moment.of(self.latest, self.bridge.now_ts(), self._zone, self.config.zone_label, self._utc)
        return Look(self.latest, moment, self.config)

    def show_now(self) -> None:
        """Fill the screen in view from the present look, or from the frozen one."""
        look = self._frozen or self.present_look()
        view = self.navigation.view
        if look is not None and view is not None:
            view.look(look)
        self._paint_frame()

    def _paint_frame(self) -> None:
        if not self._panels or not self.screen_stack:
            return
        look = self.present_look()
        if look is None:
            first = line((" HYDRA ", "title"), ("◌ reading the workspace…", "warn"), self._halt_words("   "))
            self._panels["header"].show(lambda w, h: [first])
            return
        frozen = self._frozen.moment.clock(self._frozen.moment.now_ts) if self._frozen is not None else ""
        frame = Frame(self.screen_name, frozen, self._engine_trouble[0] or self._trouble)
        size, name = self.size, self.screen_name
        self._panels["header"].show(lambda w, h: [header_line(look.snapshot, look.moment, self.config, w)])
        self._panels["nav"].show(lambda w, h: [nav_line(name, w)])
        loud = banner_line(look.snapshot, look.moment, self.config, frame, max(1, size.width))
        self._panels["banner"].display = loud is not None and size.width >= 80 and size.height >= 24
        self._panels["banner"].show(lambda w, h: [loud] if loud is not None else [])
        context = self._context_of(look)
        view = self.navigation.view
        opens = view is not None and bool(view.row_to_open())
        working = [
            action
            for action in actions_on(name)
            if action.in_footer and not why_not(action, context) and (opens or action.name != "open")
        ]
        notice = self._notice[:2] if self._notice is not None else None
        self._panels["footer"].show(lambda w, h: [footer_line(working, w, notice)])
        state = shown_state(look.snapshot, look.moment)
        self._panels["too-small"].show(
            lambda w, h: [
                line((f"HYDRA {state}", "strong")),
                line(f"need 80x24, have {size.width}x{size.height}"),
                line(self._halt_words()),
            ]
        )

    def _halt_words(self, indent: str = "") -> tuple[str, str]:
        """What F9 does here, printed where no footer says it."""
        if self.config.read_only:
            return f"{indent}--readonly: F9 does nothing", "dim"
        return f"{indent}F9 HALT", "crit"

    def on_resize(self, event: events.Resize) -> None:
        """The banner's words depend on the width."""
        self.call_after_refresh(self._paint_frame)
        if self.latest is not None:
            self.set_timer(1.0, self._load_charts)

    def notify_operator(self, words: str, style: str = "normal") -> None:
        """Say something in the footer for ten seconds."""
        self._note(words, style)
        self._paint_frame()

    def _note(self, words: str, style: str) -> None:
        self._notice = (words, style, self.monotonic() + _NOTICE_SECONDS)

    # what goes out
    @property
    def screen_name(self) -> str:
        """The screen in view."""
        return self.navigation.current

    def context(self) -> Context | None:
        """Where the operator is; None before the first snapshot."""
        look = self.present_look()
        return None if look is None else self._context_of(look)

    def _context_of(self, look: Look) -> Context:
        view = self.navigation.view
        engine = look.snapshot.engine
        down = engine.heartbeat_wall_ts is None or engine.released or look.moment.silence_us > DOWN_AFTER_US
        return Context(self.screen_name, view.row if view is not None else "", look.snapshot, self.config, down)

    def why_not(self, action: ActionSpec, *, with_arguments: bool = False) -> str:
        """Why an act does not work here and now; empty where it does."""
        context = self.context()
        if context is None:
            works = action.command_kind is None or (action.command_kind == "halt" and not self.config.read_only)
            return "" if works else "the workspace is not read yet"
        return why_not(action, context, with_arguments=with_arguments)

    def action_press(self, key: str) -> None:
        """A key of the registry was pressed outside fields (F9: anywhere)."""
        action = action_for_key(key, self.screen_name)
        if action is not None:
            self.perform(action)

    def perform(self, action: ActionSpec, args: Mapping[str, Any] | None = None) -> None:
        """Do what an action says, or say plainly why not."""
        reason = self.why_not(action, with_arguments=bool(args))
        if reason:
            self.notify_operator(f"{action.label}: {reason}", "warn")
            return
        context = self.context()
        if action.command_kind is None:
            self.navigation.run(action)
        elif context is not None:
            self.acts.begin(action, args or {}, context)
        elif action.command_kind == "halt":
            from hydra_tui.messages import CommandRequest

            self.bridge.send(CommandRequest("halt", {"reason": "operator, before the first look"}, None, "HALT"))

    def undo(self) -> None:
        """Show the last act and what takes it back."""
        context = self.context()
        if context is not None:
            self.acts.undo(context)

    # view switches that the navigation calls
    def toggle_zone(self) -> None:
        """UTC or the exchange's zone in every table."""
        self._utc = not self._utc
        self._note(f"times are {'UTC' if self._utc else self.config.zone_label} now", "normal")
        self.show_now()

    def toggle_freeze(self) -> None:
        """Hold the picture, loudly; trading goes on."""
        self._frozen = self.present_look() if self._frozen is None else None
        self.show_now()

    def toggle_greyscale(self) -> None:
        """Grey or colour; glyphs and words say the same in both."""
        self.theme = COLOUR if self.theme == GREYSCALE else GREYSCALE
        for panel in self.query(Panel):
            panel.refresh()

    # typing
    def ask_for(self, value: str) -> None:
        """Open the command line with words already typed."""
        self.open_typed(":", value)

    def open_typed(self, mode: str, value: str = "") -> None:
        """Open the line for a filter or a command."""
        from hydra_tui.typed_input import TypedInput

        self.screen_stack[0].query(TypedInput).remove()
        field = TypedInput("/" if mode == "/" else ":", value, self._history)
        self.screen_stack[0].mount(field, before="#footer")
        field.focus()

    def close_typed(self) -> bool:
        """Close that line; False where none was open."""
        fields = self.screen_stack[0].query("#typed")
        was_open = bool(fields)
        fields.remove()
        if was_open:
            self.navigation.focus_view()
        return was_open

    def on_input_changed(self, event: Input.Changed) -> None:
        """A filter filters while one types."""
        panel = self.navigation.view.active_list if self.navigation.view is not None else None
        if getattr(event.input, "mode", "") == "/" and panel is not None:
            panel.set_filter(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter, or runs the command."""
        mode, text = getattr(event.input, "mode", ""), event.value
        self.close_typed()
        if mode == "/" or not text.strip():
            return
        from hydra_tui.typed_commands import parse

        self._history.append(text)
        try:
            command = parse(text)
        except HydraError as error:
            self.notify_operator(error.message, "warn")
            return
        if command.filter_text:
            self.navigation.go(command.action.name.removeprefix("screen_"), filter_text=command.filter_text)
        else:
            self.perform(command.action, command.args)

    def action_help_quit(self) -> None:
        """ctrl+c leaves nothing by accident."""
        self.notify_operator(
            "ctrl+q leaves, F9 " + ("does nothing (--readonly)" if self.config.read_only else "halts"), "warn"
        )
