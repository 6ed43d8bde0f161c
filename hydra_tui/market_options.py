"""What the options of a market say, in words, rows and pictures: smile, density, gamma, term structure, outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.host.operations.market_picture import DensityPicture, GammaStrike, OutcomePicture, SmileStrike
from hydra_tui.formats import percent, plain, price
from hydra_tui.market_words import (
    Standing,
    chain_standing,
    density_moment,
    density_standing,
    price_now,
    standing,
)
from hydra_tui.readings import MISSING
from widgets.column_chart import band_axis, cell_of, column_chart, placed_labels, sampled
from widgets.lines import Line, fit_items, line, sanitise
from widgets.list_panel import Row
from widgets.signed_bar import signed_bar
from widgets.table_layout import Cell, Column
from widgets.whisker import whisker

if TYPE_CHECKING:
    from hydra_tui.screens.view import Look

_EDGES: Final = (0.05, 0.5, 0.95)
SMILE_LEGEND: Final = "├ bid  • mid  ◆ fit  ask ┤"
OUTCOME_LEGEND: Final = "at: % of first, newest density held below the price; inside 5–95% of first"
SHORT_OUTCOME_LEGEND: Final = "first at: % of first density below price"
_LEAST_LEGEND: Final = 75  # cells of the list from which the long one fits into its frame
_LEAST_PICTURE: Final = 12
_SMILE_COLUMNS: Final = (
    Column("strike", "right", priority=0),
    Column("", priority=1),
    Column("vs F", "right", priority=3),
    Column("bid vol", "right", priority=0),
    Column("ask vol", "right", priority=0),
    Column("fit", "right", priority=0),
    Column("", priority=2),
)
_SMILE_TEXT: Final = 40  # cells of the columns before the picture
_GAMMA_TEXT: Final = 44
_TERM_TEXT: Final = 54
_OUTCOME_TEXT: Final = 78
_TERM_COLUMNS: Final = (
    Column("expiry", priority=0),
    Column("days", "right", priority=1),
    Column("ATM vol", "right", priority=0),
    Column("±", "right", priority=1),
    Column("skew/sd", "right", priority=2),
    Column("quotes", "right", priority=4),
    Column("age", "right", priority=0),
    Column("", priority=3),
    Column("", priority=0, flexible=True, least=10),
)
_OUTCOME_COLUMNS: Final = (
    Column("expiry", priority=0),
    Column("", priority=1),
    Column("held", "right", priority=3),
    Column("5 % … 95 %", "right", priority=2),
    Column("price", "right", priority=0),
    Column("first at", "right", priority=0),
    Column("newest at", "right", priority=4),
    Column("", priority=5),
    Column("", priority=0, flexible=True, least=8),
)


def smile_rows(look: Look, width: int) -> tuple[tuple[Column, ...], list[Row], str, str]:
    """Columns, rows, heading and legend of the smile; a whisker from bid to ask where there is room."""
    picture, stands = look.snapshot.picture, chain_standing(look)
    smile, forward = picture.smile, picture.chain.forward
    rows: list[Row] = []
    if stands.shows_numbers:
        scale = _scale(smile.strikes)
        room = max(0, width - _SMILE_TEXT)
        rows = [_smile_row(strike, forward, scale, room, stands) for strike in smile.strikes]
    some = f"{len(smile.strikes)} of {smile.listed} strikes" if smile.listed > len(smile.strikes) else ""
    atm = f"ATM {stands.shown(_volatility(smile.atm_vol))} ± {_volatility(smile.atm_error)}"
    slope = "" if smile.slope is None else f"skew {stands.shown(_points(smile.slope))}/sd"
    heading = "  ".join(["Smile", *(part for part in (atm, slope, some) if part and rows)])
    return _SMILE_COLUMNS, rows, heading, SMILE_LEGEND if rows else ""


def _smile_row(
    strike: SmileStrike, forward: float | None, scale: tuple[float, float], room: int, stands: Standing
) -> Row:
    away = MISSING if not forward or strike.strike is None else f"{100 * (strike.strike / forward - 1):+.1f}%"
    inside = _is_inside(strike)
    picture = whisker(strike.bid_vol, strike.mid_vol, strike.ask_vol, strike.fitted_vol, scale, room)
    return Row(
        f"strike:{strike.strike}",
        (
            Cell(_strike(strike.strike), "strong"),
            Cell(strike.right[:1], "dim"),
            Cell(away, "dim"),
            Cell(stands.shown(_volatility(strike.bid_vol)) if strike.bid is not None else "no bid", "normal"),
            Cell(stands.shown(_volatility(strike.ask_vol))),
            Cell(stands.shown(_volatility(strike.fitted_vol)), "normal" if inside else "warn"),
            Cell(picture if room >= _LEAST_PICTURE else "", "normal" if inside else "warn"),
        ),
    )


def strike_lines(look: Look, key: str, width: int) -> list[Line]:
    """Everything that is known of the strike under the cursor."""
    picture, stands = look.snapshot.picture, chain_standing(look)
    if not stands.shows_numbers:
        return []
    smile = next((one for one in picture.smile.strikes if f"strike:{one.strike}" == key), None)
    gamma = next((one for one in picture.gamma.strikes if f"strike:{one.strike}" == key), None)
    lines: list[Line] = []
    if smile is not None:
        kind = "call" if smile.right == "C" else "put"
        bid = "no bid" if smile.bid is None else stands.shown(price(smile.bid))
        items = [
            (line((f"{_strike(smile.strike)} {kind}", "strong")), 0),
            (line(("bid ", "dim"), bid), 0),
            (line(("ask ", "dim"), stands.shown(price(smile.ask))), 0),
            (line(("mid vol ", "dim"), stands.shown(_volatility(smile.mid_vol))), 1),
            (line(("fit ", "dim"), stands.shown(_volatility(smile.fitted_vol))), 1),
        ]
        lines.append(fit_items(items, width))
        below = density_standing(look).chance(percent(smile.below))
        verdict = line(("fit inside the quote", "dim") if _is_inside(smile) else ("FIT OUTSIDE THE QUOTE", "warn"))
        chance = line(("P(ends below) ", "dim"), below)
        since = line((density_moment(look) if smile.below is not None else "", "dim"))
        lines.append(fit_items([item for item in ((chance, 0), (since, 1), (verdict, 2)) if item[0]], width))
    if gamma is not None:
        lines.append(
            fit_items(
                [
                    (line(("gamma ", "dim"), stands.shown(_exposure(gamma.exposure, 1.0, 0))), 0),
                    (line((sanitise(picture.gamma.unit), "dim")), 1),
                    (line(("calls ", "dim"), plain(gamma.calls, 0)), 0),
                    (line(("puts ", "dim"), plain(gamma.puts, 0)), 0),
                ],
                width,
            )
        )
    return lines


def strike_at_money(look: Look) -> str:
    """The key of the strike nearest to the forward; empty where there is none."""
    picture = look.snapshot.picture
    known = [one.strike for one in picture.smile.strikes if one.strike is not None]
    forward = picture.chain.forward
    return f"strike:{min(known, key=lambda strike: abs(strike - forward))}" if known and forward is not None else ""


def smile_empty(look: Look) -> str:
    """What the lists of the options say without rows."""
    stands = chain_standing(look)
    if stands.state == "withheld":
        return f"withheld: the chain is {stands.age} old, allowed {stands.allowed}"
    return sanitise(stands.why or look.snapshot.picture.smile.why) or "no strike has a usable quote"


# -- density ------------------------------------------------------------------------------------------------------


def density_lines(look: Look, width: int, height: int) -> list[Line]:
    """The curve with its 5 to 95 % band, the price now on the same axis, and the numbers; the numbers stay longest."""
    density, stands = look.snapshot.picture.density, density_standing(look)
    if not stands.shows_numbers or len(density.prices) < 2:
        return [line(stands.mark), *stands.explained(width, most=max(1, height - 1))]
    numbers = _density_numbers(look, density, stands, width)
    rows = height - len(numbers) - 3
    return [*(_density_chart(look, density, width, rows) if rows >= 2 else []), *numbers][:height]


def _density_chart(look: Look, density: DensityPicture, width: int, rows: int) -> list[Line]:
    low, high = density.prices[0], density.prices[-1]
    heights = sampled(density.prices, density.pdf, low, high, width)
    largest = max((height for height in heights if height is not None), default=0.0) or 1.0
    edges = [cell_of(_quantile(density, p) or low, low, high, width) for p in (0.05, 0.5, 0.95)]
    first, middle, last = edges
    chart = [
        line((row[:first], "off"), (row[first : last + 1], "good"), (row[last + 1 :], "off"))
        for row in column_chart([None if height is None else height / largest for height in heights], rows)
    ]
    now = look.snapshot.picture.price
    under = [
        (middle, price(_quantile(density, 0.5))),
        (first, f"5% {price(_quantile(density, 0.05))}"),
        (last, f"95% {price(_quantile(density, 0.95))}"),
    ]
    arrow = [] if now is None else [(cell_of(now, low, high, width), f"▲ now {price_now(look, now)[0]}")]
    return [
        *chart,
        line((band_axis(first, middle, last, width), "normal")),
        line((placed_labels(under, width), "dim")),
        line((placed_labels(arrow, width), "strong")),
    ]


def _density_numbers(look: Look, density: DensityPicture, stands: Standing, width: int) -> list[Line]:
    repaired = f"{density.repaired} repaired" if density.repaired else ""
    outside = "" if density.outside is None else f"{percent(density.outside)} beyond the strikes"
    head = [
        (line(stands.mark, (f" {stands.age}", "dim")), 0),
        (line(("expiry ", "dim"), look.moment.day(density.expiry_ts)), 2),
        (line(("F ", "dim"), stands.shown(price(density.forward))), 1),
        (line(f"{density.two_sided} two-sided", (f"  {repaired}" if repaired else "", "warn")), 3),
        (line((outside, "dim")), 4),
        (line((sanitise(density.methods), "dim")), 5),
    ]
    lines = [fit_items([item for item in head if item[0]], width)]
    lines.append(_now_line(look, density, stands, width))
    banded = len(density.quantile_lows) == len(density.quantile_highs) == len(density.quantiles)
    items = []
    for place, (probability, value) in enumerate(zip(density.probabilities, density.quantiles, strict=False)):
        if probability in _EDGES:
            ends = (density.quantile_lows[place], density.quantile_highs[place]) if banded else None
            band = f" ({ends[0]:.2f}…{ends[1]:.2f})" if ends and stands.state == "live" else ""
            words = line((f"{100 * probability:g}% ", "dim"), stands.shown(price(value)), (band, "dim"))
            items.append((words, 2 if probability == 0.5 else 1))
    lines.append(fit_items(items, width))
    return lines


def _now_line(look: Look, density: DensityPicture, stands: Standing, width: int) -> Line:
    below = density.price_probability
    if below is None:
        return line(("now – no price to place in it", "dim"))
    now = price_now(look, look.snapshot.picture.price)
    if now[0].startswith("--"):
        return line(("now ", "dim"), now)
    low, high = density.price_probability_low, density.price_probability_high
    band = "" if low is None or high is None else f" ({100 * low:.1f}…{percent(high)})"
    verdict = "" if 0.05 <= below <= 0.95 else "OUTSIDE 5–95 %"
    return fit_items(
        [
            (line(("now ", "dim"), now), 0),
            (line(("P(ends below) ", "dim"), stands.chance(percent(below)), (band, "dim")), 0),
            *([(line((verdict, "warn")), 1)] if verdict else []),
            (line((density_moment(look), "dim")), 2),
        ],
        width,
    )


def _quantile(density: DensityPicture, probability: float) -> float | None:
    for known, value in zip(density.probabilities, density.quantiles, strict=False):
        if abs(known - probability) < 1e-9:
            return value
    return None


# -- gamma --------------------------------------------------------------------------------------------------------


def gamma_rows(look: Look, width: int) -> tuple[tuple[Column, ...], list[Row], str, str]:
    """Columns, rows, heading and foot: the unit in the heading, the sign rule in the foot."""
    picture, stands = look.snapshot.picture, chain_standing(look)
    gamma = picture.gamma
    rows: list[Row] = []
    factor, decimals, unit = _unit([one.exposure for one in gamma.strikes], gamma.unit)
    if stands.shows_numbers and gamma.strikes:
        largest = max((abs(one.exposure) for one in gamma.strikes if one.exposure is not None), default=0.0)
        room = max(0, min(41, width - _GAMMA_TEXT))
        rows = [
            _gamma_row(one, picture.chain.forward, largest, _exposure(one.exposure, factor, decimals), room, stands)
            for one in gamma.strikes
        ]
    columns = (
        Column("strike", "right", priority=0),
        Column("vs F", "right", priority=3),
        Column("gamma", "right", priority=0),
        Column("", priority=1),
        Column("calls", "right", priority=2),
        Column("puts", "right", priority=2),
    )
    if not rows:
        return columns, rows, "Gamma by strike", ""
    total = f"total {stands.shown(_exposure(gamma.total, factor, decimals))}"
    levels = ", ".join(stands.shown(price(level)) for level in gamma.zero_levels)
    zero = f"zero at {levels}" if levels else "no zero level"
    some = f"the {len(gamma.strikes)} largest of {gamma.listed}" if gamma.listed > len(gamma.strikes) else ""
    without = f"{gamma.without_interest} without open interest" if gamma.without_interest else ""
    heading = "  ".join(part for part in ("Gamma by strike", unit, total, zero, some, without) if part)
    return columns, rows, heading, sanitise(gamma.sign_rule)


def gamma_empty(look: Look) -> str:
    """Why there is no gamma."""
    stands, gamma = chain_standing(look), look.snapshot.picture.gamma
    return smile_empty(look) if not stands.shows_numbers else sanitise(gamma.why) or "no strike has open interest"


def _gamma_row(
    one: GammaStrike, forward: float | None, largest: float, exposure: str, room: int, stands: Standing
) -> Row:
    away = MISSING if not forward or one.strike is None else f"{100 * (one.strike / forward - 1):+.1f}%"
    return Row(
        f"strike:{one.strike}",
        (
            Cell(_strike(one.strike), "strong"),
            Cell(away, "dim"),
            Cell(stands.shown(exposure)),
            Cell(
                signed_bar(one.exposure, largest, room) if room >= _LEAST_PICTURE else "",
                "good" if (one.exposure or 0.0) >= 0.0 else "warn",
            ),
            Cell(plain(one.calls, 0), "dim"),
            Cell(plain(one.puts, 0), "dim"),
        ),
    )


# -- term structure, outcomes -------------------------------------------------------------------------------------


def term_rows(look: Look, width: int) -> tuple[tuple[Column, ...], list[Row], str]:
    """Volatility at the money by expiry with its standard error."""
    picture, chain = look.snapshot.picture, look.snapshot.picture.chain
    known = [point for point in picture.term if point.atm_vol is not None]
    low = min((p.atm_vol - (p.atm_error or 0.0) for p in known if p.atm_vol is not None), default=0.0)
    high = max((p.atm_vol + (p.atm_error or 0.0) for p in known if p.atm_vol is not None), default=1.0)
    room = max(0, min(40, width - _TERM_TEXT)) if len(known) > 1 else 0
    rows = []
    for point in picture.term:
        stands = standing(look, point.as_of_ts, chain.max_age_us, "none" if point.why else "", point.why)
        vol, error = point.atm_vol, point.atm_error
        ends = (None, None) if vol is None or error is None else (vol - error, vol + error)
        bar = whisker(ends[0], vol, ends[1], None, (low, high), room) if room >= _LEAST_PICTURE else ""
        rows.append(
            Row(
                f"expiry:{point.expiry_ts}",
                (
                    Cell(look.moment.day(point.expiry_ts), "strong"),
                    Cell(plain(point.days, 1), "dim"),
                    Cell(stands.shown(_volatility(vol)), stands.value_style),
                    Cell(stands.shown(_volatility(error)), "dim"),
                    Cell(stands.shown(MISSING if point.slope is None else _points(point.slope))),
                    Cell(str(point.two_sided), "dim"),
                    Cell(stands.age or MISSING, "warn" if stands.state == "old" else "dim"),
                    Cell(bar if stands.shows_numbers else ""),
                    Cell(sanitise(point.why), "stale"),
                ),
            )
        )
    return _TERM_COLUMNS, rows, f"Term structure ({len(picture.term)})" if rows else "Term structure"


def outcome_rows(look: Look, width: int) -> tuple[tuple[Column, ...], list[Row], str, str]:
    """Each expiry with the density that was held for it and where the price is, or ended, in it; with a legend."""
    outcomes = look.snapshot.picture.outcomes
    room = max(0, min(25, width - _OUTCOME_TEXT))
    rows = [_outcome_row(look, one, room) for one in outcomes]
    judged = [one for one in outcomes if one.settled and one.first_below is not None]
    inside = sum(0.05 <= (one.first_below or 0.0) <= 0.95 for one in judged)
    score = f"  {inside} of {len(judged)} inside 5–95%" if judged else "  none has expired yet"
    legend = OUTCOME_LEGEND if width >= _LEAST_LEGEND else SHORT_OUTCOME_LEGEND
    return _OUTCOME_COLUMNS, rows, "Realised" + (score if rows else ""), legend if rows else ""


def _outcome_row(look: Look, one: OutcomePicture, room: int) -> Row:
    below = one.first_below if one.settled or not _is_withheld(look, one) else None
    verdict, style = "", "dim"
    if below is not None:
        verdict, style = ("inside", "normal") if 0.05 <= below <= 0.95 else ("OUTSIDE", "warn")
    picture = whisker(0.05, None, 0.95, below, (0.0, 1.0), room) if room >= _LEAST_PICTURE else ""
    held = MISSING if one.days_ahead is None else f"{one.days_ahead:.0f} d"
    return Row(
        f"outcome:{one.expiry_ts}",
        (
            Cell(look.moment.day(one.expiry_ts), "strong"),
            Cell("settled" if one.settled else "ahead", "normal" if one.settled else "dim"),
            Cell(held, "dim"),
            Cell(f"{price(one.low)} … {price(one.high)}" if one.low is not None else MISSING, "dim"),
            Cell(*(price(one.price), "strong") if one.settled else price_now(look, one.price, one.price_ts)),
            Cell(percent(below, 0)),
            Cell(percent(None if below is None else one.last_below, 0), "dim"),
            Cell(picture, style),
            Cell(sanitise(one.why) or verdict, "stale" if one.why else style),
        ),
    )


def _is_withheld(look: Look, one: OutcomePicture) -> bool:
    return price_now(look, one.price, one.price_ts)[0].startswith("--")


# -- numbers ------------------------------------------------------------------------------------------------------


def _scale(strikes: Sequence[SmileStrike]) -> tuple[float, float]:
    """From the lowest to the highest middle or fit, and the usual width of a quote beyond: a wild quote leaves it."""
    middles = [vol for one in strikes for vol in (one.mid_vol, one.fitted_vol) if vol is not None]
    widths = sorted(one.ask_vol - one.bid_vol for one in strikes if one.ask_vol is not None and one.bid_vol is not None)
    usual = widths[len(widths) // 2] if widths else 0.0
    return (min(middles) - usual, max(middles) + usual) if middles else (0.0, 1.0)


def _is_inside(strike: SmileStrike) -> bool:
    fit, low, high = strike.fitted_vol, strike.bid_vol, strike.ask_vol
    return fit is None or ((low is None or fit >= low) and (high is None or fit <= high))


def _strike(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.2f}".rstrip("0").rstrip(".") if value >= 1000 else f"{value:.2f}"


def _volatility(value: float | None) -> str:
    return percent(value, 2)


def _points(value: float) -> str:
    return f"{100 * value:+.2f}"


def _unit(values: Sequence[float | None], unit: str) -> tuple[float, int, str]:
    """A factor that leaves at most five digits before the point, decimals for three digits, and the unit with it."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    factor, name = next(((f, n) for f, n in ((1e9, "bn "), (1e6, "m "), (1e3, "k ")) if largest >= 10 * f), (1.0, ""))
    scaled = largest / factor
    return factor, 0 if scaled >= 100 else 1 if scaled >= 10 else 2, f"{name}{sanitise(unit)}"


def _exposure(value: float | None, factor: float, decimals: int) -> str:
    return MISSING if value is None else f"{value / factor:+,.{decimals}f}"
