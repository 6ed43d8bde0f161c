"""What the crowd says, in words, rows and pictures: traders' commitments, the composite with its parts, divergence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from engine.host.operations.market_picture import (
    DivergencePicture,
    EvidencePicture,
    PositioningPicture,
    SentimentPart,
)
from engine.kernel.timestamps import to_datetime
from hydra_tui.desk_text import flow
from hydra_tui.formats import plain, words
from hydra_tui.market_words import Standing, divergence_standing, positioning_standing, sentiment_standing
from hydra_tui.readings import MISSING
from widgets.column_chart import column_chart
from widgets.lines import Line, Span, fit_items, line, sanitise, text_of, wrap
from widgets.list_panel import Row
from widgets.signed_bar import signed_bar
from widgets.sparkline import sparkline
from widgets.stale_value import age_words
from widgets.table_layout import Cell, Column, heading_line, lay_out, row_line

if TYPE_CHECKING:
    from hydra_tui.screens.view import Look

EVIDENCE_COLUMNS: Final = (Column("", priority=0, flexible=True, least=20),)
_PART_COLUMNS: Final = (
    Column("source", priority=0, flexible=True, least=8),
    Column("score", "right", priority=0),
    Column("", priority=3),
    Column("conf", "right", priority=0),
    Column("weight", "right", priority=1),
    Column("age", "right", priority=0),
    Column("evidence", priority=4, flexible=True, least=16),
)
_MEANING: Final = {
    "insufficient": "options or their quality are unknown: no opinion",
    "neutral": "neither options nor the crowd say anything unusual",
    "options_bullish_sentiment_bearish": "options lean up, the crowd is bearish: with the options",
    "options_bearish_sentiment_bullish": "options lean down, the crowd is bullish: with the options",
    "sentiment_overreaction": "the crowd is extreme, options are not: against the crowd",
    "early_signal": "options have shifted, the crowd has no opinion yet: small, with the options",
    "trend_follow": "options and the crowd agree: follow",
    "volatility_play": "fat tails without a direction: size down",
}
_NO_DIRECTION: Final = ("= none", "dim")
_DIRECTION_WORDS: Final = {1: ("▲ LONG", "good"), -1: ("▼ SHORT", "warn")}
_WEAK_WORDS: Final = {1: ("△ LONG weak", "dim"), -1: ("▽ SHORT weak", "dim")}
COT_IN_COMPOSITE: Final = "cot mix"
WEAK_CONFIDENCE: Final = 0.1  # below it a direction is shown as a weak one
_TALL_CHART: Final = 3  # rows of a heading and its chart


def sentiment_lines(look: Look, width: int, height: int) -> list[Line]:
    """The composite, then each source with score, confidence, weight and age."""
    crowd, stands = look.snapshot.picture.sentiment, sentiment_standing(look)
    lines: list[Line] = []
    if stands.shows_numbers:
        lines.append(
            fit_items(
                [
                    (line(("composite ", "dim"), (stands.shown(_signed(crowd.score)), stands.value_style)), 0),
                    (line((signed_bar(crowd.score, 1.0, 21 if width >= 60 else 11), "normal")), 2),
                    (line(("conf ", "dim"), stands.shown(plain(crowd.confidence))), 0),
                    (line(stands.mark, (f" {stands.age}", "dim")), 1),
                ],
                width,
            )
        )
    else:
        lines += [line(("composite ", "dim"), stands.mark), *stands.explained(width, most=2)]
    if stands.state == "withheld" or not crowd.parts:
        return lines[:height]
    rows = [
        (
            Cell(part_name(part) or "?", "normal" if part.confidence else "dim"),
            Cell(stands.shown(_signed(part.score)), "strong" if part.confidence else "dim"),
            Cell(signed_bar(part.score, 1.0, 11) if part.score is not None else ""),
            Cell(stands.shown(plain(part.confidence or 0.0))),
            Cell(plain(part.weight), "dim"),
            Cell(_age(look, part.as_of_ts), "dim"),
            Cell(sanitise(part.evidence) or ("" if part.confidence else "silent"), "dim"),
        )
        for part in crowd.parts
    ]
    layout = lay_out(_PART_COLUMNS, rows, width)
    shown = [row_line(layout, row) for row in rows]
    room = height - len(lines) - 1
    if len(shown) > room:
        shown = [*shown[: max(0, room - 1)], line((f"+{len(shown) - max(0, room - 1)} more", "dim"))]
    lines += [heading_line(layout), *shown]
    if "evidence" in layout.dropped:
        for part in crowd.parts:
            if part.evidence:
                lines += wrap(f"{part_name(part)}: {sanitise(part.evidence)}", width, style="dim", most=2)
    return lines[:height]


def part_name(part: SentimentPart) -> str:
    """A source of the composite in words. What the reports give to it is not their score, so it has another name."""
    return COT_IN_COMPOSITE if part.name == "cot" else words(sanitise(part.name))


def direction_words(found: DivergencePicture) -> Span:
    """The direction with its glyph; hollow, dim and called weak below WEAK_CONFIDENCE or where that is unknown."""
    is_weak = found.confidence is None or found.confidence < WEAK_CONFIDENCE
    return (_WEAK_WORDS if is_weak else _DIRECTION_WORDS).get(found.direction or 0, _NO_DIRECTION)


def divergence_lines(look: Look, width: int, height: int) -> list[Line]:
    """Type, suggestion, size and confidence, what it means, the rule that fired and the numbers that it saw."""
    found, stands = look.snapshot.picture.divergence, divergence_standing(look)
    if not stands.shows_numbers:
        return [line(stands.mark), *stands.explained(width, most=max(1, height - 1))][:height]
    kind = words(sanitise(found.kind)) or "unknown"
    size = MISSING if found.magnitude is None else f"{found.magnitude:.2f} × usual"
    gap = MISSING if found.gap is None else f"{found.gap:.2f} sd"
    lines = [
        fit_items([(line(direction_words(found)), 0), (line((stands.shown(kind), "strong")), 0)], width),
        fit_items(
            [
                (line(stands.mark, (f" {stands.age}", "dim")), 2),
                (line(("size ", "dim"), stands.shown(size)), 0),
                (line(("conf ", "dim"), stands.shown(plain(found.confidence))), 0),
                (line(("gap ", "dim"), stands.shown(gap)), 1),
            ],
            width,
        ),
    ]
    lines += wrap(_MEANING.get(found.kind, "an unknown type"), width, most=2)
    if found.bias:
        lines.append(line(("suggests ", "dim"), (sanitise(found.bias), "strong")))
    lines += wrap(f"rule: {sanitise(found.rule)}", width, style="dim", most=3)
    numbers = [_number_line(item, stands) for item in found.evidence]
    room = height - len(lines)
    return [*lines, *(flow(numbers, width, room) if numbers and room > 0 else [])][:height]


def _number_line(item: EvidencePicture, stands: Standing) -> Line:
    """A number behind the rule, with the size at which its axis opens, or below which the open one closes."""
    needs = "closes below" if item.closes else "opens at"
    return line(
        (f"{words(sanitise(item.name).removesuffix('_sd'))} ", "dim"),
        stands.shown(MISSING if item.value is None else f"{item.value:+.2f}"),
        (" sd" if item.name.endswith("_sd") and item.value is not None else "", "dim"),
        ("" if item.threshold is None else f" ({needs} {item.threshold:.2f})", "dim"),
    )


def evidence_rows(look: Look, width: int) -> list[Row]:
    """Everything behind divergence and composite, over as many rows as it takes: a list that keys can scroll."""
    picture = look.snapshot.picture
    found, stands = picture.divergence, divergence_standing(look)
    texts = [line(("divergence ", "strong"), stands.mark)]
    if stands.shows_numbers:
        texts += [line(direction_words(found), f" {words(sanitise(found.kind))}")]
        texts += wrap(f"rule: {sanitise(found.rule)}", width)
        texts += [_number_line(item, stands) for item in found.evidence]
    else:
        texts += stands.explained(width, most=99)
    crowd = sentiment_standing(look)
    texts.append(line(("composite ", "strong"), crowd.mark))
    if crowd.state == "withheld" or not picture.sentiment.parts:
        texts += crowd.explained(width, most=99)
    else:
        for part in picture.sentiment.parts:
            texts += wrap(f"{part_name(part)}: {sanitise(part.evidence) or 'says nothing'}", width)
    column = [Cell(text_of(text)) for text in texts]
    return [Row(f"evidence:{place}", (cell,)) for place, cell in enumerate(column)]


def positioning_lines(look: Look, width: int, height: int) -> list[Line]:
    """The newest report and its dates, score and net share with three years behind them; charts where there is room."""
    reports, stands = look.snapshot.positioning, positioning_standing(look)
    if not stands.shows_numbers:
        newest = [line(("newest report ", "dim"), _day(reports))] if reports.days else []
        return [line(stands.mark), *stands.explained(width, most=max(1, height - 2)), *newest][:height]
    head = [
        (line(stands.mark), 0),
        (line(("report ", "dim"), _day(reports), (f" {stands.age}", "dim")), 0),
        (line(("known ", "dim"), _moment(look, reports.known_ts)), 1),
    ]
    lines = [fit_items(head, width)]
    room = (height - 3 - min(2, len(reports.others))) // 2
    rows = room if room >= _TALL_CHART else 1
    lines += _history("score", stands, _signed(reports.score), reports.scores, width, rows, (-1.0, 1.0), _signed)
    lines += _history("net", stands, _share(reports.net_share), reports.net_shares, width, rows, None, _share)
    lines.append(_spans_of(reports, stands, width))
    lines.append(_mix_line(look, width))
    lines += [line((sanitise(text), "dim")) for text in reports.others]
    return lines[:height]


def positioning_title(look: Look) -> str:
    """The report that speaks, in the heading."""
    kind = sanitise(look.snapshot.positioning.kind)
    return f"COT  {kind}" if kind else "COT (Commitments of Traders)"


def _history(
    name: str,
    stands: Standing,
    now: str,
    values: Sequence[float | None],
    width: int,
    rows: int,
    scale: tuple[float, float] | None,
    form: Callable[[float], str],
) -> list[Line]:
    known = [value for value in values if value is not None]
    if not known:
        return [line((f"{name:<6}", "dim"), stands.shown(now))]
    low, high = scale or (min(known), max(known))
    label = line((f"{name:<6}", "dim"), (f"{stands.shown(now):>8} ", stands.value_style))
    span = f" {form(min(known))} … {form(max(known))}"
    if rows < _TALL_CHART:
        room = width - 15 - len(span)
        series = [float("nan") if value is None else value for value in values]
        picture = sparkline(series, max(0, room), low=low, high=high)
        return [fit_items([(line(*label, picture), 0), (line((span.strip(), "dim")), 1)], width)]
    room = width - 10
    places = [round(cell * (len(values) - 1) / max(1, room - 1)) for cell in range(room)]
    step = (high - low) or 1.0
    picked = [values[place] for place in places]
    heights = [None if value is None else max(0.02, (value - low) / step) for value in picked]
    chart = column_chart(heights, rows - 1)
    marks = [form(high), *[""] * (len(chart) - 2), form(low)][: len(chart)]
    return [
        fit_items([(label, 0), (line((f"{len(known)} reports,{span}", "dim")), 1)], width),
        *(line((f"{mark:>8} ", "dim"), row) for mark, row in zip(marks, chart, strict=True)),
    ]


def _spans_of(reports: PositioningPicture, stands: Standing, width: int) -> Line:
    first = "" if not reports.days else (date(1970, 1, 1) + timedelta(days=reports.days[0])).isoformat()
    change = MISSING if reports.change_4w is None else f"{100 * reports.change_4w:+.1f}%"
    return fit_items(
        [
            (line(("4 weeks ", "dim"), stands.shown(change)), 0),
            (line(("place among ", "dim"), f"{reports.history} reports"), 1),
            (line(("since ", "dim"), first), 2),
            (line(("shares of open interest", "dim")), 3),
        ],
        width,
    )


def _mix_line(look: Look, width: int) -> Line:
    """What the composite takes from the reports, beside their score: another number."""
    crowd, stands = look.snapshot.picture.sentiment, sentiment_standing(look)
    mix = next((part.score for part in crowd.parts if part.name == "cot"), None)
    shown = stands.shown(_signed(mix))
    return fit_items(
        [
            (line((f"{COT_IN_COMPOSITE} ", "dim"), (shown, stands.value_style), (" in the composite", "dim")), 0),
            (line(("= score, 52 weeks, 4 weeks, hedgers", "dim")), 1),
        ],
        width,
    )


def _moment(look: Look, ts: int | None) -> str:
    """`11-20 15:30`, whatever day it is."""
    return MISSING if ts is None else to_datetime(ts).astimezone(look.moment.zone).strftime("%m-%d %H:%M")


def _day(reports: PositioningPicture) -> str:
    return MISSING if not reports.days else (date(1970, 1, 1) + timedelta(days=reports.days[-1])).isoformat()


def _signed(value: float | None) -> str:
    return MISSING if value is None else f"{value:+.2f}"


def _share(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:+.1f}%"


def _age(look: Look, ts: int | None) -> str:
    age = look.moment.age_us(ts)
    return MISSING if age is None else age_words(age)
