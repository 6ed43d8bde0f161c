"""Risk: the circuit breaker, limits against now, the position, and what leaving LOCKDOWN takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from engine.host.operations.snapshot_types import Limit
from hydra_tui.desk_text import LIMIT_STYLES, needs_rows
from hydra_tui.formats import limit_value, lots, price, signed_usd, words
from hydra_tui.lockdown import open_checks, unlock_checks
from hydra_tui.readings import Reading
from hydra_tui.screens.view import Look, OperatorView
from widgets.diff import flatten
from widgets.limit_bar import limit_bar, limit_state
from widgets.lines import Line, counted, fit_items, line, sanitise, wrap
from widgets.list_panel import ListPanel, Row
from widgets.panel import Panel
from widgets.rooms import RoomRow
from widgets.stale_value import age_words
from widgets.table_layout import Cell, Column

_LIMIT_COLUMNS = (
    Column("limit", priority=0),
    Column("now", "right", priority=0),
    Column("warn", "right", priority=3),
    Column("trip", "right", priority=0),
    Column("headroom", "right", priority=4),
    Column("used", priority=2),
    Column("state", priority=1),
    Column("as of", "right", priority=2),
)
_ALERT_COLUMNS = (
    Column("", priority=0),
    Column("code", priority=1),
    Column("message", priority=0, flexible=True, least=20),
    Column("age", "right", priority=2),
)
_STATES = ("RUNNING", "DEGRADED", "HALTED", "LOCKDOWN")


class RiskView(OperatorView):
    """The breaker above, limits in the middle, position and consequences below."""

    name_of_screen: ClassVar[str] = "risk"

    def compose(self) -> ComposeResult:
        """In LOCKDOWN the second panel becomes the way out."""
        yield Panel("Circuit breaker", id="risk-breaker")
        yield Panel("Before you can unlock", id="risk-unlock")
        yield ListPanel("Limits", empty="no limits reported yet", id="risk-limits")
        yield ListPanel("Alerts", empty="no open alert", headings=False, id="risk-alerts")
        with RoomRow(id="risk-bottom"):
            yield Panel("Position", id="risk-position")
            yield Panel("If I halt now", id="risk-halt")

    def fill(self, look: Look) -> None:
        """Fill every panel."""
        locked = look.snapshot.engine.effective_state == "LOCKDOWN"
        self.set_class(locked, "-locked")
        since = f"{look.moment.clock(look.snapshot.engine.since_ts)} {look.moment.zone_label}"
        self.panel("risk-breaker").show(
            lambda w, h: lockdown_lines(look, w) if locked else breaker_lines(look, w),
            title=f"■ LOCKDOWN since {since}: only you can leave it" if locked else "Circuit breaker",
        )
        self.panel("risk-unlock").show(
            lambda w, h: check_lines(look),
            foot=f"U unlock ({counted(len(open_checks(look)), 'check')} open)" if open_checks(look) else "U unlock",
        )
        self.list_panel("risk-limits").set_rows(
            _LIMIT_COLUMNS,
            [_limit_row(look, limit) for limit in worst_first(look.snapshot.limits)],
            name=f"Limits  as of {look.moment.zone_label}",
        )
        alerts = [row for row in needs_rows(look) if row.key.startswith("alert:")]
        rows = [Row(row.key, (row.cells[0], row.cells[2], row.cells[3], row.cells[1])) for row in alerts]
        self.list_panel("risk-alerts").set_rows(
            _ALERT_COLUMNS, rows, name=f"Alerts nobody acknowledged ({len(rows)})" if rows else "Alerts"
        )
        self.panel("risk-position").show(lambda w, h: position_lines(look, w))
        self.panel("risk-halt").show(lambda w, h: halt_lines(look, w)[:h])


def worst_first(limits: Sequence[Limit]) -> list[Limit]:
    """Tripped limits, then warning ones, then the rest in the engine's order."""
    rank = {"TRIP": 0, "WARN": 1}
    return sorted(limits, key=lambda limit: rank.get(limit_state(limit.now, limit.warn, limit.trip), 2))


def breaker_lines(look: Look, width: int) -> list[Line]:
    """The four states with the present one marked, since when and why."""
    engine = look.snapshot.engine
    now = engine.effective_state
    spans: list[tuple[str, str]] = []
    for place, state in enumerate(_STATES):
        if place:
            spans.append((" ─▶ " if width >= 60 else " ", "dim"))
        style = {"RUNNING": "good", "DEGRADED": "warn"}.get(state, "crit")
        spans.append((f"● {state}", style) if state == now else (f"○ {state}", "off"))
    lines: list[Line] = [tuple(spans)]
    if now not in _STATES:
        lines.append(line(("? UNKNOWN: the state cannot be read, so nothing is permitted", "crit")))
    known_since = engine.effective_state == engine.state  # a HALT row or file says not since when
    since = f" for {look.moment.ago(engine.since_ts)}" if known_since else ""
    autonomy = engine.autonomy or look.config.autonomy
    items: list[tuple[Line, int]] = [
        (line(("now ", "dim"), (now, "strong"), (since, "normal")), 0),
        (line(("autonomy ", "dim"), (sanitise(autonomy), "strong")), 1),
        (
            line(
                ("agent ", "dim"),
                ("PAUSED" if engine.agent_paused else "active", "warn" if engine.agent_paused else "normal"),
            ),
            2,
        ),
    ]
    lines.append(fit_items(items, width))
    reason = " · ".join(sanitise(text) for text in (engine.trigger, engine.reason, engine.halt_reason) if text)
    if engine.halt_file:
        reason = "HALT file stands" + (f" · {reason}" if reason else "")
    return lines + wrap(reason, width, style="dim", most=2)


def lockdown_lines(look: Look, width: int) -> list[Line]:
    """What led into LOCKDOWN, what it blocks and what it allows."""
    engine = look.snapshot.engine
    evidence = "  ".join(f"{words(key)} {value}" for key, value in flatten(engine.evidence).items() if key)
    position = look.snapshot.position
    held = f"{lots(position.lots)} {sanitise(position.contract)}, {counted(position.working_orders, 'working order')}"
    rows = [
        ("Trigger", " · ".join(sanitise(text) for text in (engine.trigger, engine.reason) if text) or "not recorded"),
        ("Numbers", evidence),
        ("Position", held),
        ("Blocked", "orders, promotions, experiments on live data, proposals"),
        ("Allowed", "read, flatten, journal, export"),
    ]
    lines: list[Line] = []
    for name, text in rows:
        for place, part in enumerate(wrap(text, width - 10, most=2)):
            lines.append(line((f"{name if not place else '':<10}", "dim"), *part))
    return lines


def check_lines(look: Look) -> list[Line]:
    """The checklist with what is still open."""
    lines = []
    for check in unlock_checks(look):
        lines.append(
            line(
                ("[x] " if check.done else "[ ] ", "normal" if check.done else "warn"),
                check.words,
                (f"  {check.detail}", "dim"),
            )
        )
    return lines


def position_lines(look: Look, width: int) -> list[Line]:
    """The position as the trader carries it."""
    position, moment = look.snapshot.position, look.moment
    ages = (look.config.price_max_age_us, look.config.price_hard_age_us)
    open_points = look.snapshot.account.open_pnl_points
    unreal = 0.0 if not position.lots else (None if open_points is None else open_points * look.config.usd_per_point)
    rows: list[list[tuple[Line, int]]] = [
        [
            (
                line(
                    (f"{sanitise(position.contract) or '–'} ", "dim"),
                    Reading(lots(position.lots), position.as_of_ts, style="strong", record=True).span(moment),
                ),
                0,
            ),
            (line(("avg ", "dim"), price(position.average_price if position.lots else None)), 2),
        ],
        [
            (
                line(
                    ("last ", "dim"),
                    Reading(price(position.last_price), position.as_of_ts, *ages, style="strong").span(moment),
                ),
                0,
            ),
            (
                line(
                    ("unrealised ", "dim"),
                    Reading(signed_usd(unreal), position.as_of_ts, *ages, style="strong").span(moment),
                ),
                1,
            ),
        ],
        [
            (line(("working orders ", "dim"), str(position.working_orders)), 0),
            (line(("orders today ", "dim"), "–" if position.orders_today is None else str(position.orders_today)), 1),
        ],
    ]
    return [fit_items(row, width) for row in rows]


def halt_lines(look: Look, width: int) -> list[Line]:
    """What a halt would do now."""
    position = look.snapshot.position
    keeps = f"keeps {lots(position.lots)} lots" if position.lots else "there is no position"
    text = (
        f"Cancels {counted(position.working_orders, 'working order')}; {keeps}."
        " No new order goes out; data and alerts go on. r resumes (typed)."
    )
    if look.snapshot.engine.effective_state == "HALTED":
        text = (
            "Already HALTED: no new order goes out. "
            + ("The HALT file stands. " if look.snapshot.engine.halt_file else "")
            + "r resumes (typed)."
        )
    return wrap(text, width)


def _limit_row(look: Look, limit: Limit) -> Row:
    state = limit_state(limit.now, limit.warn, limit.trip)
    style = LIMIT_STYLES[state]
    age = look.moment.age_us(limit.as_of_ts)
    if age is not None and look.moment.silent:
        age = max(age, look.moment.silence_us)  # the market's clock may stand still with its engine
    old = look.moment.silent or (age is not None and age > look.config.price_max_age_us)
    withheld = age is None or age > look.config.price_hard_age_us * 4
    now = limit_value(limit.now, limit.unit)
    headroom = (
        None if limit.now is None or limit.trip is None else abs(limit.trip - limit.now) if state != "TRIP" else 0.0
    )
    return Row(
        f"limit:{limit.name}",
        (
            Cell(words(sanitise(limit.name))),
            Cell(
                "--" if withheld else f"~{now}" if old else now,
                "stale" if old or withheld else "strong" if state == "OK" else style,
            ),
            Cell(limit_value(limit.warn, limit.unit)),
            Cell(limit_value(limit.trip, limit.unit)),
            Cell("--" if withheld else limit_value(headroom, limit.unit)),
            Cell("" if withheld else limit_bar(limit.now, limit.warn, limit.trip, 12), style),
            Cell(
                "? STALE"
                if old or withheld
                else {"OK": "● OK", "WARN": "▲ WARN", "TRIP": "■ TRIP"}.get(state, "? none"),
                "stale" if old else style,
            ),
            Cell(
                look.moment.clock(limit.as_of_ts) if not old or age is None else f"{age_words(age)} ago",
                "stale" if old else "dim",
            ),
        ),
    )
