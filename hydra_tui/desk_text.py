"""The words of the Desk, as pure functions of a look and a width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.host.operations.diagnose_horizon import Horizon, horizon_of, horizon_words, time_short
from engine.host.operations.snapshot_types import Limit, Signal
from hydra_tui import model_numbers as numbers
from hydra_tui.case_timeline import paper_test_of, paper_words, steps_of, timeline
from hydra_tui.event_words import area, sentence
from hydra_tui.formats import limit_value, lots, percent, plain, price, signed_usd, usd, words
from hydra_tui.readings import MISSING, Reading
from widgets.alert_list import level_cell
from widgets.limit_bar import limit_bar, limit_state
from widgets.lines import Line, counted, fit_items, line, sanitise, width_of, wrap, wrap_all
from widgets.list_panel import Row
from widgets.sparkline import share_bar, sparkline
from widgets.table_layout import Cell, Column, lay_out, row_line

if TYPE_CHECKING:
    from hydra_tui.screens.view import Look

NEEDS_COLUMNS = (
    Column("", priority=0),
    Column("time", priority=3),
    Column("what", priority=1),
    Column("subject", priority=0, flexible=True, least=16),
    Column("expires", "right", priority=1),
    Column("open", "right", priority=4),
)
ORDER_COLUMNS = (
    Column("time", priority=1),
    Column("side", priority=0),
    Column("lots", "right", priority=0),
    Column("contract", priority=4),
    Column("price", "right", priority=0),
    Column("state", priority=2),
    Column("cost USD", "right", priority=5),
    Column("model", priority=6),
)
_LIMIT_COLUMNS = (
    Column("", priority=0),
    Column("", priority=3),
    Column("", "right", priority=0),
    Column("", priority=2),
    Column("", priority=0),
)
LIMIT_STYLES = {"OK": "normal", "WARN": "warn", "TRIP": "crit", "UNKNOWN": "stale"}


def money_lines(look: Look, width: int) -> list[Line]:
    """Profit and loss, position, equity."""
    account, position, moment = look.snapshot.account, look.snapshot.position, look.moment
    ages = (look.config.price_max_age_us, look.config.price_hard_age_us)
    as_of = account.as_of_ts

    def value(text: str) -> Line:
        return line(Reading(text, as_of, *ages, style="strong").span(moment))

    def money(text: str) -> Line:
        (words_now, style), *_ = value(text)
        return line((words_now.rjust(7), style))

    open_usd = None if account.open_pnl_points is None else account.open_pnl_points * look.config.usd_per_point
    held = lots(position.lots)
    side = "" if not position.lots else (" long" if position.lots > 0 else " short")
    equity_values = [point.equity_usd for point in account.series]
    label = "day  "
    day = money(signed_usd(account.day_pnl_usd))
    picture = sparkline(equity_values[-80:], max(0, min(24, width - 17)))
    rows: list[list[tuple[Line, int]]] = [
        [(line((label, "dim"), *day), 0), (line((picture, "dim")), 2)],
        [
            (line(("open ", "dim"), *money(signed_usd(0.0 if position.lots == 0 else open_usd))), 1),
            (line(Reading(f"{held} lots", position.as_of_ts, style="strong", record=True).span(moment)), 0),
            (line((side.strip(), "dim")), 3),
        ],
        [
            (line(("week ", "dim"), *money(signed_usd(account.week_pnl_usd))), 0),
            (line(("dd ", "dim"), *value(percent(account.drawdown))), 1),
        ],
        [
            (line(("equity ", "dim"), *money(usd(account.equity_usd))), 0),
            (line(("peak ", "dim"), *value(usd(account.peak_equity_usd))), 2),
        ],
        [
            (line(("last   ", "dim"), *money(price(position.last_price))), 0),
            (line((f"{sanitise(position.contract)} {look.config.price_unit}", "dim")), 2),
            (line(("avg ", "dim"), *value(price(position.average_price if position.lots else None))), 1),
        ],
        [(line(("as of  ", "dim"), moment.clock(as_of), (f" {moment.zone_label}", "dim")), 0)],
    ]
    return [fit_items([item for item in row if width_of(item[0])], width, gap=" ") for row in rows]


def limit_rows(limits: Sequence[Limit], most: int) -> list[Limit]:
    """The first limits in the engine's order; one that warns or trips is never left out for one that is fine."""
    shown = list(limits[:most])
    for limit in limits[most:]:
        if limit_state(limit.now, limit.warn, limit.trip) in ("WARN", "TRIP"):
            calm = [x for x in shown if limit_state(x.now, x.warn, x.trip) in ("OK", "UNKNOWN")]
            if calm:
                shown[shown.index(calm[-1])] = limit
    return shown


def limit_lines(look: Look, width: int, height: int) -> list[Line]:
    """Used against limit, as bars with numbers, the worst never hidden."""
    if not look.snapshot.limits:
        return [line(("no limits reported yet", "dim"))]
    shown = limit_rows(look.snapshot.limits, height)
    rows = []
    for limit in shown:
        state = limit_state(limit.now, limit.warn, limit.trip)
        now_text = limit_value(limit.now, limit.unit)
        value = Reading(now_text, limit.as_of_ts, *_limit_ages(look), style=LIMIT_STYLES[state]).span(look.moment)
        word = {"WARN": "▲", "TRIP": "■ TRIP", "UNKNOWN": "?"}.get(state, "")
        bar = 10 if width >= 44 else 6 if width >= 34 else 4
        rows.append(
            (
                Cell(short_name(limit.name), "dim"),
                Cell(limit_bar(limit.now, limit.warn, limit.trip, bar), LIMIT_STYLES[state]),
                Cell(*value),
                Cell(f"/ {limit_value(limit.trip, limit.unit)}", "dim"),
                Cell(word, LIMIT_STYLES[state]),
            )
        )
    layout = lay_out(_LIMIT_COLUMNS, rows, width)
    return [row_line(layout, row) for row in rows]


def short_name(name: str) -> str:
    """A limit's name in at most nine cells, whole words first."""
    text = words(sanitise(name)).removeprefix("max ").removesuffix(" fraction").replace("daily ", "day ")
    text = text.rpartition("/")[2]
    return text if len(text) <= 9 else text.split()[0][:9]


def model_lines(look: Look, width: int, height: int) -> list[Line]:
    """The champion with its live numbers, then what waits behind it."""
    champion = look.snapshot.champion
    lines: list[Line] = []
    if champion is None:
        lines.append(line(("no champion yet: nothing trades", "warn")))
    else:
        lines.append(
            fit_items(
                [(line(("◆ ", "good"), (sanitise(champion.model_id), "strong")), 0), (line("LIVE"), 1)], width, gap=" "
            )
        )

        def number(label: str, names: tuple[str, ...], style: str, decimals: int = 2) -> Line:
            value = numbers.number_of(champion, names)
            text = percent(value, 0) if style == "percent" else plain(value, decimals)
            at = numbers.measured_at(champion, names)
            reading = Reading(text, at or look.moment.now_ts, None, None)
            return line((f"{label} ", "dim"), reading.span(look.moment))

        lines.append(
            fit_items(
                [(number("Sharpe", numbers.SHARPE, ""), 0), (number("hit", numbers.HIT_RATE, "percent"), 1)], width
            )
        )
        if look.snapshot.safe_act:
            lines += wrap(look.snapshot.safe_act, width, style="warn", most=2)
        if height > 4:
            calibration, psi = number("cal", numbers.CALIBRATION, "", 3), number("PSI", numbers.PSI, "", 2)
            lines.append(fit_items([(calibration, 0), (psi, 1)], width))
        lines += horizon_lines(look, width)
    for model in look.snapshot.models:
        if model.status not in ("paper", "candidate"):
            continue
        mark, word = numbers.STATUS_MARKS[model.status]
        test = next(
            (t for t in look.snapshot.paper_tests if t.candidate_id == model.model_id and t.status == "running"), None
        )
        name, state = line((f"{mark} ", "dim"), sanitise(model.model_id)), line((word, "dim"))
        if test is None:
            lines.append(fit_items([(name, 0), (state, 1)], width, gap=" "))
            continue
        state = line((paper_words(test), "strong"))
        both = fit_items([(name, 0), (state, 1)], width)
        if width_of(both) > width_of(name):
            lines.append(both)
        elif len(lines) + 2 <= height:
            lines += [name, line("  ", *state)]
        else:
            lines.append(fit_items([(name, 0), (line((word, "dim")), 1)], width, gap=" "))
    return lines[:height]


def horizon_lines(look: Look, width: int) -> list[Line]:
    """How soon a flipped and a dead edge of the champion could be noticed; empty where no yardstick is stored."""
    horizon = _horizon(look)
    if horizon is None:
        return []
    if horizon.flip_bars is None or horizon.dead_bars is None:
        return [line(("no proven edge to lose", "dim"))]
    flip, dead = (time_short(bars, horizon.bars_per_year) for bars in (horizon.flip_bars, horizon.dead_bars))
    long = line(("flip seen in ", "dim"), flip, ("  dead edge ", "dim"), dead)
    short = line(("flip ", "dim"), flip, ("  dead ", "dim"), dead)
    return [long if width_of(long) <= width else fit_items([(short[:2], 0), (short[2:], 1)], width, gap="")]


def _horizon(look: Look) -> Horizon | None:
    champion = look.snapshot.champion
    if champion is None:
        return None
    return horizon_of(champion.yardstick, look.config.edge_evidence_h, look.config.bars_per_year)


def feed_lines(look: Look, width: int) -> list[Line]:
    """Sources with their health in a word and the age of the newest fact."""
    if not look.snapshot.feeds:
        return [line(("no feed yet", "dim"))]
    lines = []
    for feed in look.snapshot.feeds:
        glyph, word, style = feed_state(feed.status, look.moment.age_us(feed.last_known_ts), feed.max_age_us)
        lines.append(
            fit_items(
                [
                    (line((f"{glyph} {word}".ljust(9), style)), 0),
                    (line(sanitise(feed.source)), 1),
                    (line((look.moment.ago(feed.last_known_ts), "dim")), 2),
                ],
                width,
                gap=" ",
            )
        )
    return lines


def feed_state(status: str, age_us: int | None, max_age_us: int | None) -> tuple[str, str, str]:
    """Glyph, word, style of a feed: what the engine says, or STALE where its own age says worse."""
    low = status.lower()
    if low in ("stale", "silent", "late") or (age_us is not None and max_age_us is not None and age_us > max_age_us):
        return "◌", "STALE", "warn"
    if low in ("ok", "healthy", "fresh", "live"):
        return "●", "OK", "normal"
    if low in ("down", "failed", "error", "dead"):
        return "✕", "DOWN", "crit"
    return ("▲", sanitise(status).upper()[:8], "warn") if status else ("?", "UNKNOWN", "stale")


def needs_rows(look: Look) -> list[Row]:
    """What waits for the operator: critical alerts, then decisions, then other alerts."""
    moment = look.moment
    alerts, approvals = [], []
    for alert in look.snapshot.open_alerts:
        cells = (
            level_cell(alert.level),
            Cell(moment.clock(alert.first_ts, seconds=False), "dim"),
            Cell(sanitise(alert.code), "strong"),
            Cell(sanitise(alert.message)),
            Cell(""),
            Cell("a ack", "dim"),
        )
        alerts.append((alert.level, Row(f"alert:{alert.alert_id}", cells)))
    for approval in look.snapshot.open_approvals:
        left = moment.until(approval.expires_ts)
        cells = (
            Cell("▲ DECIDE", "warn"),
            Cell(moment.clock(approval.created_ts, seconds=False), "dim"),
            Cell(sanitise(approval.kind).upper(), "strong"),
            Cell(sanitise(approval.subject)),
            Cell(left, "crit" if left == "expired" else "normal"),
            Cell("⏎ open", "dim"),
        )
        approvals.append(Row(f"approval:{approval.approval_id}", cells))
    worst = [row for level, row in alerts if level == "CRITICAL"]
    return [*worst, *approvals, *(row for level, row in alerts if level != "CRITICAL")]


def case_lines(look: Look, width: int, height: int) -> list[Line]:
    """The fault story as a line of marks, its cause, and the paper test as it advances."""
    case = look.snapshot.current_case
    horizon = _horizon(look)
    outlook = [] if horizon is None else wrap(horizon_words(horizon), width, style="dim", most=2)
    if case is None:
        return [line(("no case: nothing has degraded since this workspace began", "dim")), *outlook][:height]
    lines = [timeline(steps_of(case, look.snapshot), width)]
    cause = sanitise(case.cause or case.diagnosis.get("cause") or "cause not found yet")
    head = [(line((sanitise(case.case_id), "dim"), " ", (words(cause), "strong")), 0)]
    mutation = case.proposal.get("mutation_type")
    if mutation:
        head.append((line(("fix ", "dim"), words(sanitise(mutation))), 1))
    if case.outcome:
        head.append((line(("outcome ", "dim"), (words(sanitise(case.outcome)), "strong")), 0))
    head.append((line(("since ", "dim"), look.moment.clock(case.opened_ts, seconds=False)), 3))
    test = paper_test_of(case, look.snapshot)
    if test is not None:
        bar = share_bar(test.hours / test.required_hours if test.required_hours else 0.0, 12)
        e_value = "" if test.e_value is None else f"  e-value {test.e_value:.2f}"
        head.insert(1, (line((paper_words(test), "strong"), f" {bar}", (e_value, "dim")), 0))
    lines.append(fit_items(head, width))
    if height > 2:
        evidence = case.diagnosis.get("evidence", case.diagnosis)
        if isinstance(evidence, dict):
            text = "  ".join(
                f"{words(sanitise(k))} {sanitise(plain(v, 3))}"
                for k, v in evidence.items()
                if not isinstance(v, (dict, list))
            )
            lines += wrap(text, width, style="dim", most=height - 2)
    return [*lines, *outlook] if len(lines) + len(outlook) <= height else lines


def signal_lines(look: Look, width: int, height: int) -> list[Line]:
    """The champion's forecast and every input with its age when old; whole items flow over the rows."""
    forecast = look.snapshot.prediction
    items: list[Line] = []
    inputs, others = model_inputs(look)
    stale = sum(_is_old(look, signal) for signal in inputs)
    if stale:
        items.append(line((f"{stale} of {counted(len(inputs), 'input')} STALE", "warn")))
    if forecast is not None:
        sign = f"{(forecast.expected_return or 0.0) * 1e4:+.1f} bp" if forecast.expected_return is not None else MISSING
        spread = "" if forecast.return_sd is None else f" ± {forecast.return_sd * 1e4:.1f}"
        reading = Reading(
            sign + spread, forecast.ts, look.config.price_max_age_us, look.config.price_hard_age_us, style="strong"
        )
        items.append(line(("forecast ", "dim"), reading.span(look.moment)))
        for label, said in (("target ", lots(forecast.target_lots)), ("conf ", plain(forecast.confidence))):
            items.append(line((label, "dim"), replace(reading, text=said, style="normal").span(look.moment)))
        if not forecast.usable:
            items.append(line(("NOT USABLE: inputs stale or missing", "warn")))
    for signal in [*sorted(inputs, key=lambda s: not _is_old(look, s)), *others]:
        text = MISSING if signal.value is None else f"{signal.value:+.2f}"
        old = _is_old(look, signal)
        span = Reading(
            text,
            signal.as_of_ts,
            -1 if old else None,
            (signal.max_age_us or 0) * 4 if old and signal.max_age_us else None,
        )
        mark = line((" STALE", "warn")) if old else ()
        items.append(line((f"{words(sanitise(signal.name))} ", "dim"), span.span(look.moment), *mark))
    if not items:
        return [line(("no signal yet", "dim"))]
    return flow(items, width, height)


def model_inputs(look: Look) -> tuple[list[Signal], list[Signal]]:
    """Signals that the champion reads, and the others; without a champion all count as read."""
    champion = look.snapshot.champion
    names = champion.config.get("features") if champion is not None else None
    if not isinstance(names, list):
        return list(look.snapshot.signals), []
    inputs = [signal for signal in look.snapshot.signals if signal.name in names]
    return inputs, [signal for signal in look.snapshot.signals if signal.name not in names]


def _is_old(look: Look, signal: Signal) -> bool:
    age = look.moment.age_us(signal.as_of_ts)
    return signal.stale or (age is not None and signal.max_age_us is not None and age > signal.max_age_us)


def flow(items: Sequence[Line], width: int, height: int) -> list[Line]:
    """Items one after the other over as many rows as there are; the last row says how many did not fit."""
    rows: list[list[tuple[Line, int]]] = [[]]
    used = 0
    placed = 0
    for item in items:
        size = sum(len(text) for text, _ in item)
        if rows[-1] and used + 2 + size > width:
            if len(rows) == height:
                break
            rows.append([])
            used = 0
        rows[-1].append((item, len(rows[-1])))
        used += size + (2 if used else 0)
        placed += 1
    lines = [fit_items(row, width) for row in rows]
    missing = len(items) - placed
    if missing > 0 and lines:
        more = line((f"+{missing} more", "dim"))
        lines[-1] = fit_items([(lines[-1], 0), (more, 1)], width) if len(rows[-1]) else more
    return lines


def order_rows(look: Look) -> list[Row]:
    """Fills and open or cancelled orders, newest first."""
    snapshot, moment = look.snapshot, look.moment
    rows: list[tuple[int, Row]] = []
    models = {order.order_ref: order.model_id for order in snapshot.orders}
    for fill in snapshot.fills:
        cells = (
            Cell(moment.clock(fill.ts), "dim"),
            Cell("BUY" if fill.lots > 0 else "SELL", "strong"),
            Cell(str(abs(fill.lots))),
            Cell(sanitise(fill.contract)),
            Cell(price(fill.price)),
            Cell("filled"),
            Cell(f"{fill.costs_usd:,.2f}", "dim"),
            Cell(sanitise(models.get(fill.order_ref, "")), "dim"),
        )
        rows.append((fill.ts, Row(f"fill:{fill.fill_id}", cells)))
    for order in snapshot.orders:
        if order.status == "filled":
            continue
        cells = (
            Cell(moment.clock(order.decision_ts), "dim"),
            Cell(sanitise(order.side), "strong"),
            Cell(str(order.quantity_lots)),
            Cell(sanitise(order.contract)),
            Cell("market" if order.limit_price is None else price(order.limit_price)),
            Cell(words(order.status), "warn" if order.status == "unknown" else "normal"),
            Cell(""),
            Cell(sanitise(order.model_id), "dim"),
        )
        rows.append((order.decision_ts, Row(f"order:{order.order_ref}", cells)))
    return [row for _, row in sorted(rows, key=lambda item: -item[0])]


def event_lines(look: Look, height: int) -> list[Line]:
    """The newest events as sentences."""
    lines = []
    for event in look.snapshot.events[: max(0, height)]:
        style = (
            "warn" if event.kind in ("alert.raised", "breaker.tripped", "engine.error", "order.refused") else "normal"
        )
        lines.append(
            line(
                (f"{look.moment.clock(event.ts)} ", "dim"),
                (f"{area(event.kind):<10} ", "dim"),
                (sentence(event), style),
            )
        )
    return lines or [line(("no event yet", "dim"))]


def startup_lines(look: Look, width: int) -> list[Line]:
    """What the engine is doing before it can trade, and what comes after it."""
    startup = look.snapshot.startup
    stage = words(sanitise(startup.stage)) if startup is not None else "opening the workspace"
    lines = [line(("◌ starting engine…", "warn"), (f"  now: {stage}", "strong"))]
    if startup is not None and startup.total > 0:
        share = startup.done / startup.total
        lines.append(line(share_bar(share, max(4, min(40, width - 24))), f" {startup.done:,} of {startup.total:,}"))
    lines.append(line(("then: features, a first champion, and the market goes on", "dim")))
    return wrap_all(lines, width)


def experiment_lines(look: Look, height: int) -> list[Line]:
    """Running and recent experiments."""
    lines = []
    for experiment in look.snapshot.experiments[:height]:
        spec = experiment.spec
        what = words(sanitise(spec.get("mutation_type") or spec.get("hypothesis") or ""))
        glyph, style = {"running": ("▶", "warn"), "finished": ("✓", "good"), "queued": ("·", "dim")}.get(
            experiment.status, ("✗", "crit")
        )
        outcome = sanitise(experiment.result.get("outcome", "")) if experiment.result else ""
        started = look.moment.clock(experiment.started_ts, seconds=False)
        lines.append(
            line(
                (f"{glyph} {experiment.status:<8} ", style),
                (sanitise(experiment.experiment_id), "strong"),
                f"  {what}  ",
                (f"{outcome}  {started}", "dim"),
            )
        )
    return lines or [line(("no experiment yet", "dim"))]


def _limit_ages(look: Look) -> tuple[int, int]:
    return look.config.price_max_age_us, look.config.price_hard_age_us * 4
