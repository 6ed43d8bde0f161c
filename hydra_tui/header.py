"""The lines that frame every screen: state and clock, screens, banner, what the keys do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.host.operations.action_registry import LATER_SCREENS, SCREEN_NAMES, ActionSpec
from engine.host.operations.snapshot_types import DOWN_AFTER_US, UiSnapshot
from hydra_tui.config_view import ConfigView
from hydra_tui.readings import Moment
from widgets.lines import Line, both_ends, fit, fit_items, line, sanitise, width_of
from widgets.stale_value import age_words

_STARTUP_SILENCE_US = 60_000_000
STATE_GLYPHS = {
    "RUNNING": ("●", "good"),
    "DEGRADED": ("▲", "warn"),
    "HALTED": ("■", "crit"),
    "LOCKDOWN": ("■", "crit"),
    "UNKNOWN": ("?", "warn"),
    "STARTING": ("◌", "warn"),
    "DOWN": ("✕", "crit"),
}
KEY_LABELS = {
    "question_mark": "?", "slash": "/", "colon": ":", "exclamation_mark": "!", "enter": "⏎", "escape": "esc",
    "left_square_bracket": "[", "right_square_bracket": "]", "f9": "F9", "pagedown": "pgdn", "pageup": "pgup",
    "down": "↓", "up": "↑", "home": "home", "end": "end",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame needs besides the snapshot: which screen, whether the view is frozen and since when."""

    screen: str
    frozen_since: str = ""
    trouble: str = ""


def shown_state(snapshot: UiSnapshot, moment: Moment) -> str:
    """The one word for the header: DOWN and STARTING go before the operational state."""
    engine, startup = snapshot.engine, snapshot.startup
    if starting(snapshot):
        stuck = startup is not None and moment.wall_now_ts - startup.wall_ts > _STARTUP_SILENCE_US
        return "HALTED" if engine.halt_file else "DOWN" if stuck else "STARTING"
    if engine.released or moment.silence_us > DOWN_AFTER_US:
        return "DOWN"
    return engine.effective_state if engine.effective_state in STATE_GLYPHS else "UNKNOWN"


def starting(snapshot: UiSnapshot) -> bool:
    """True until the engine runs: before the first heartbeat ever, and while a start is not through. It beats while it
    reads what is stored, and takes no command yet."""
    startup = snapshot.startup
    return snapshot.engine.heartbeat_wall_ts is None or (startup is not None and startup.done < startup.total)


def header_line(snapshot: UiSnapshot, moment: Moment, config: ConfigView, width: int) -> Line:
    """State, market, mode on the left; inbox, alerts, both clocks, session, heartbeat on the right."""
    wide = width >= 120
    state = shown_state(snapshot, moment)
    glyph, style = STATE_GLYPHS[state]
    tail = f" was {snapshot.engine.effective_state}" if state == "DOWN" else ""
    if wide and state == snapshot.engine.state and snapshot.engine.since_ts is not None:
        tail = f" {moment.ago(snapshot.engine.since_ts)}"
    contract = snapshot.position.contract or config.contract_root
    if not contract.startswith(config.contract_root):
        contract = f"{config.contract_root} {contract}"
    left: list[tuple[Line, int]] = [
        (line((" HYDRA", "title")), 1),
        (line((f"{'~' if moment.silent and state != 'DOWN' else ''}{glyph} {state}", style)), 0),
        (line((sanitise(f"{contract} {config.title}" if wide else contract), "strong")), 4),
        (line(mode_span(snapshot, config)), 0),
    ]
    if tail:
        left.insert(2, (line((tail.strip(), "dim")), 6))
    warnings = sum(alert.level == "WARNING" for alert in snapshot.open_alerts)
    criticals = sum(alert.level == "CRITICAL" for alert in snapshot.open_alerts)
    waiting = len(snapshot.open_approvals)
    alerts = line(
        (f"▲{warnings}", "warn" if warnings else "dim"), " ", (f"■{criticals}", "crit" if criticals else "dim")
    )
    session = sanitise(snapshot.clock.session)
    if wide and session == "OPEN":
        session += f" closes {config.close_local}"
    right: list[tuple[Line, int]] = [
        (line((f"inbox {waiting}", "warn" if waiting else "dim")), 1),
        (alerts, 1),
        (line((_utc(moment), "normal")), 3),
        (line((_exchange(moment, wide), "normal")), 2),
        (line((session, "normal")), 5),
        (_heart(snapshot, moment, wide), 0),
    ]
    right = [(item, priority) for item, priority in right if width_of(item)]
    gap = "  " if wide else " "
    left_line = fit_items(left, width, gap=gap)
    right_line = fit_items(right, width - 1 - min(width_of(left_line), width // 2), gap=gap)
    left_line = fit_items(left, max(0, width - width_of(right_line) - 1), gap=gap)
    spans = both_ends(left_line, right_line, width)
    if snapshot.engine.effective_state == "LOCKDOWN":
        return tuple((text, "banner-crit") for text, _ in spans)
    return spans


def nav_line(active: str, width: int) -> Line:
    """The nine screens; the present one in brackets, those of a later version dim."""
    items: list[tuple[Line, int]] = []
    for place, name in enumerate(SCREEN_NAMES, 1):
        words = f"{place} {name.title()}"
        if name == active:
            items.append((line((f"[{words}]", "strong")), 0))
        else:
            items.append(
                (line((words, "off" if name in LATER_SCREENS else "normal")), 2 if name in LATER_SCREENS else 1)
            )
    return fit((*line(" "), *fit_items(items, width - 1, gap=" ")), width)


def banner_line(snapshot: UiSnapshot, moment: Moment, config: ConfigView, frame: Frame, width: int) -> Line | None:
    """The loud line under the header, or None. The worst thing to overlook comes first."""
    engine = snapshot.engine
    state = shown_state(snapshot, moment)
    words: list[tuple[Line, int]] = []
    style = "banner"
    if frame.frozen_since:
        words.append((line(f"VIEW FROZEN at {frame.frozen_since}: trading goes on, p to thaw"), 0))
    if state == "DOWN":
        style = "banner-crit"
        what = "ENGINE DID NOT START" if starting(snapshot) else f"ENGINE DOWN for {age_words(moment.silence_us)}"
        f9 = "F9 does nothing" if config.read_only else "F9 still halts"
        words.append((line(f"{what}: nothing here is live; {f9}"), 0))
    if frame.trouble:
        words.append((line(sanitise(frame.trouble)), 0))
    if engine.effective_state == "LOCKDOWN":
        style = "banner-crit"
        words.append((line("LOCKDOWN: only you can leave this state (4 Risk)"), 0))
    elif engine.halt_file and state != "DOWN":
        words.append((line("HALT file stands: no order can go out"), 1))
    waits_for = str(snapshot.clock.detail.get("waits_for") or "")
    if waits_for == "operator" and state != "DOWN":
        words.append((line("the market waits for YOU: 2 Inbox"), 0))
    elif snapshot.clock.session == "ENDED":
        words.append((line("the simulation has ENDED"), 0))
    if config.simulated and frame.screen == "desk":
        words.append((line("SIMULATED MARKET"), 0))
        words.append((line("invented prices, no real order"), 3))
        if snapshot.clock.bars_per_second:
            words.append((line(f"{snapshot.clock.bars_per_second:g} bars/s"), 2))
        if engine.agent_paused:
            words.append((line("agent paused"), 1))
        if waits_for == "experiment":
            words.append((line("market waits for the experiment"), 1))
    elif engine.agent_paused and state not in ("DOWN", "STARTING"):
        words.append((line("AGENT PAUSED: it watches and alerts, it proposes nothing"), 1))
    if not words:
        return None
    text = fit_items(words, width - 4, gap=" · ")
    return tuple((part, style) for part, _ in fit((*line("  "), *text), width))


def footer_line(actions: Sequence[ActionSpec], width: int, notice: tuple[str, str] | None = None) -> Line:
    """What the keys do now, HALT always among it; or the last answer of the engine."""
    if notice is not None:
        words, style = notice
        return fit(line((f" {sanitise(words)}", style)), width)
    items: list[tuple[Line, int]] = []
    for place, action in enumerate(actions):
        priority = 0 if action.name == "halt" else {0: 30 + place, 1: 20 + place}.get(action.tier, 10 + place)
        if action.name in ("help", "command_line"):
            priority = 1
        key = "j/k" if action.name == "down" else key_label(action)
        label = "move" if action.name == "down" else action.label
        items.append((line((key, "crit" if action.name == "halt" else "strong"), (f" {label}", "dim")), priority))
    return fit((*line(" "), *fit_items(items, width - 1)), width)


def key_label(action: ActionSpec) -> str:
    """The key as printed: `?`, `ctrl+r`, `F9`."""
    return KEY_LABELS.get(action.keys[0], action.keys[0]) if action.keys else f":{action.typed}"


def mode_span(snapshot: UiSnapshot, config: ConfigView) -> tuple[str, str]:
    """SIM, PAPER, REPLAY or LIVE: whose money this is."""
    mode = str(snapshot.clock.detail.get("mode") or ("SIM" if config.simulated else "PAPER"))
    return sanitise(mode.upper()), "warn" if mode.upper() in ("SIM", "LIVE", "REPLAY") else "strong"


def _utc(moment: Moment) -> str:
    if moment.now_ts is None:
        return "--:--:--Z"
    from datetime import UTC

    return moment.local(moment.now_ts).astimezone(UTC).strftime("%H:%M:%SZ")


def _exchange(moment: Moment, wide: bool) -> str:
    if moment.now_ts is None:
        return f"--:-- {moment.exchange_label}"
    local = moment.local(moment.now_ts)
    return local.strftime("%a %m-%d %H:%M " if wide else "%H:%M ") + moment.exchange_label


def _heart(snapshot: UiSnapshot, moment: Moment, wide: bool) -> Line:
    if snapshot.engine.heartbeat_wall_ts is None:
        return line(("♥ none yet", "warn"))
    words = f"{'engine ' if wide else ''}♥{age_words(moment.silence_us)}"
    return line((words, "crit" if moment.silence_us > 10_000_000 else "warn" if moment.silent else "good"))
