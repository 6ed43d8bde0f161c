"""The Market in one list: every part with how it stands, its age and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from hydra_tui import market_words as stand
from hydra_tui.formats import percent, plain, price, words
from hydra_tui.market_crowd import direction_words, part_name
from hydra_tui.readings import MISSING
from widgets.lines import sanitise
from widgets.list_panel import Row
from widgets.table_layout import Cell, Column

if TYPE_CHECKING:
    from hydra_tui.screens.view import Look

COLUMNS: Final = (
    Column("part", priority=0),
    Column("", priority=0),
    Column("age", "right", priority=1),
    Column("what it says", priority=0, flexible=True, least=20),
)

_TEXT_STARTS: Final = 31  # cells before the text


def overview_rows(look: Look, width: int) -> list[Row]:
    """One row for each part; its key names the page that shows it whole. What does not fit is left out whole."""
    chain, density = stand.chain_standing(look), stand.density_standing(look)
    crowd, reports = stand.sentiment_standing(look), stand.positioning_standing(look)
    found = stand.divergence_standing(look)
    parts = (
        ("smile", "smile", chain, _smile(look)),
        ("term", "term", chain, _term(look)),
        ("density", "density", density, _density(look)),
        ("density", "realised", stand.outcomes_standing(look), _realised(look)),
        ("gamma", "gamma", chain, _gamma(look)),
        ("crowd", "composite", crowd, _crowd(look)),
        ("crowd", "divergence", found, _divergence(look)),
        ("cot", "COT", reports, _reports(look)),
    )
    room, chain_why = width - _TEXT_STARTS, sanitise(look.snapshot.picture.chain.why)
    return [
        _row(page, name, stands, _joined(says, room), chain_why if page not in ("crowd", "cot") else "")
        for page, name, stands, says in parts
    ]


def _joined(says: Sequence[str], room: int) -> str:
    """As many of the pieces as fit, in their order."""
    text = ""
    for piece in says:
        longer = f"{text}, {piece}" if text else piece
        if text and cell_len(longer) > room:
            break
        text = longer
    return text


def _row(page: str, name: str, stands: stand.Standing, says: str, short_why: str) -> Row:
    text = says
    if stands.state == "missing":
        text = short_why or sanitise(stands.why) or "not known yet"
    elif stands.state == "withheld":
        text = f"withheld, allowed {stands.allowed}"
    elif stands.state == "old":
        text = f"~ {says}"
    shown = Cell(text, "strong" if stands.state == "live" and not stands.is_behind else "stale")
    return Row(f"page:{page}:{name}", (Cell(name), Cell(*stands.mark), Cell(stands.age or MISSING, "dim"), shown))


def _smile(look: Look) -> list[str]:
    smile = look.snapshot.picture.smile
    skew = [] if smile.slope is None else [f"skew {100 * smile.slope:+.2f}/sd"]
    return [f"ATM {percent(smile.atm_vol, 2)} ± {percent(smile.atm_error, 2)}", *skew, f"{smile.listed} strikes"]


def _term(look: Look) -> list[str]:
    known = [point for point in look.snapshot.picture.term if point.atm_vol is not None]
    if len(known) < 2:
        return ["one expiry quoted: no slope" if known else "no expiry has a volatility"]
    near, far = known[0], known[-1]
    return [
        f"{percent(near.atm_vol)} in {near.days or 0:.0f} d to {percent(far.atm_vol)} in {far.days or 0:.0f} d",
        f"{len(known)} expiries",
    ]


def _density(look: Look) -> list[str]:
    picture = look.snapshot.picture
    quantiles = dict(zip(picture.density.probabilities, picture.density.quantiles, strict=False))
    stands, now = stand.density_standing(look), percent(picture.density.price_probability, 0)
    return [
        f"5–95% {price(quantiles.get(0.05))} … {price(quantiles.get(0.95))}",
        f"now at {stands.chance(now)[0] if stands.is_behind else now}",
        f"F {price(picture.density.forward)}",
    ]


def _realised(look: Look) -> list[str]:
    settled = [one for one in look.snapshot.picture.outcomes if one.settled and one.first_below is not None]
    if not settled:
        ahead = len(look.snapshot.picture.outcomes)
        return ["no expiry has passed yet", f"{ahead} ahead"]
    inside = sum(0.05 <= (one.first_below or 0.0) <= 0.95 for one in settled)
    return [f"{inside} of {len(settled)} ended inside 5–95%", f"the newest at {percent(settled[0].first_below, 0)}"]


def _gamma(look: Look) -> list[str]:
    gamma = look.snapshot.picture.gamma
    if not gamma.strikes:
        return [sanitise(gamma.why) or "no strike has open interest"]
    total = MISSING if gamma.total is None else f"{gamma.total:+,.0f}"
    zeros = [f"zero at {price(level)}" for level in gamma.zero_levels] or ["no zero level"]
    return [f"total {total} {sanitise(gamma.unit)}", *zeros]


def _crowd(look: Look) -> list[str]:
    crowd = look.snapshot.picture.sentiment
    speaking = [part for part in crowd.parts if part.confidence]
    names = [f"{part_name(part)} {part.score or 0.0:+.2f}" for part in speaking]
    return [f"{crowd.score or 0.0:+.2f} conf {plain(crowd.confidence)}", *names]


def _divergence(look: Look) -> list[str]:
    found = look.snapshot.picture.divergence
    return [f"{direction_words(found)[0]} conf {plain(found.confidence)}", words(sanitise(found.kind))]


def _reports(look: Look) -> list[str]:
    reports = look.snapshot.positioning
    score = MISSING if reports.score is None else f"{reports.score:+.2f}"
    share = MISSING if reports.net_share is None else f"{100 * reports.net_share:+.1f}%"
    change = MISSING if reports.change_4w is None else f"{100 * reports.change_4w:+.1f}%"
    return [f"score {score}", f"net {share}", f"4 weeks {change}"]
