"""How old and how good a part of the Market screen is, in one word, and the two lines that stand on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from engine.host.operations.market_picture import MarketPicture
from engine.host.operations.snapshot_types import BarRow
from engine.kernel.timestamps import MICROS_PER_DAY
from hydra_tui.formats import price, words
from hydra_tui.readings import MISSING, SILENCE_WITHHOLDS_US, Reading
from widgets.lines import Line, Span, fit_items, line, sanitise, width_of, wrap
from widgets.sparkline import sparkline
from widgets.stale_value import age_words, freshness

if TYPE_CHECKING:
    from hydra_tui.screens.view import Look

WITHHELD_FACTOR: Final = 4
_ROUNDING: Final = 1e-3  # of a tick: numbers of a picture are rounded
_LONG_AGO_US: Final = 300 * MICROS_PER_DAY
Freshness = Literal["live", "old", "withheld", "missing"]
_GOOD: Final = frozenset({"", "ok", "good"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a part stands: `state`, its age, and the quality word of the engine. `is_behind`: it is within its allowed
    age, but the market that it speaks of has moved on since."""

    state: Freshness
    age: str
    allowed: str
    quality: str
    why: str
    is_behind: bool = False

    @property
    def shows_numbers(self) -> bool:
        """Whether its numbers may be shown at all."""
        return self.state in ("live", "old")

    @property
    def mark(self) -> Span:
        """Glyph and word: `● good`, `▲ degraded`, `▲ old`, `◌ STALE`, `-- withheld`, `? none`."""
        if self.state == "missing":
            return "? none", "stale"
        if self.state == "withheld":
            return "-- withheld", "stale"
        if self.state == "old":
            return "◌ STALE", "warn"
        good = self.quality in _GOOD
        if self.is_behind:
            return "▲ old" if good else f"▲ {words(sanitise(self.quality))}, old", "warn"
        return f"{'●' if good else '▲'} {words(sanitise(self.quality)) or 'ok'}", "normal" if good else "warn"

    @property
    def value_style(self) -> str:
        """The style of its numbers."""
        return "stale" if self.state == "old" else "strong"

    def shown(self, text: str) -> str:
        """A number as it may be shown: plain, with `~` where old, `--` where too old, a dash where there is none."""
        if self.state == "missing" or text == MISSING:
            return MISSING
        return "--" if self.state == "withheld" else f"~{text}" if self.state == "old" else text

    def chance(self, text: str) -> Span:
        """A probability of where the market is now, marked as an old number where the part is behind the market."""
        return (f"~{text}", "stale") if self.is_behind and text != MISSING else (self.shown(text), self.value_style)

    def explained(self, width: int, *, style: str = "dim", most: int = 4) -> list[Line]:
        """Why there is nothing to see."""
        if self.state == "withheld":
            return wrap(f"withheld: {self.age} old, allowed {self.allowed}", width, style="stale", most=most)
        return wrap(sanitise(self.why) or "not known yet", width, style=style, most=most)


def standing(look: Look, as_of_ts: int | None, max_age_us: int | None, quality: str = "", why: str = "") -> Standing:
    """Judge a part by its age: stale beyond `max_age_us`, withheld beyond four times that; all that an engine said is
    stale once it is silent, and withheld after a minute of silence."""
    moment = look.moment
    allowed = "–" if max_age_us is None else age_words(max_age_us)
    if as_of_ts is None or (why and quality in ("none", "unusable")):
        return Standing("missing", "", allowed, quality, why)
    age = moment.age_us(as_of_ts)
    said = MISSING if age is None else age_words(age)
    hard = None if max_age_us is None else WITHHELD_FACTOR * max_age_us
    state: Freshness = freshness(age, max_age_us, hard)
    if moment.silent and state != "withheld":
        state = "withheld" if moment.silence_us > SILENCE_WITHHOLDS_US else "old"
        said = f"silent {age_words(moment.silence_us)}"
    return Standing(state, said, allowed, quality, why)


def chain_standing(look: Look) -> Standing:
    """The reference chain, and with it smile, gamma and term structure."""
    chain = look.snapshot.picture.chain
    return standing(look, chain.first_seen_ts, chain.max_age_us, chain.quality, missing_options(look))


def density_standing(look: Look) -> Standing:
    """The fitted density; behind where the chain has newer numbers or another forward than it was fitted to."""
    picture = look.snapshot.picture
    density = picture.density
    why = missing_options(look) if picture.chain.as_of_ts is None else density.why
    stands = standing(look, density.as_of_ts, density.max_age_us, density.quality, why)
    return replace(stands, is_behind=stands.state == "live" and _is_behind(picture))


def density_moment(look: Look) -> str:
    """`density 3h40 old, F 81.125`: what stands beside a probability from the density."""
    density = look.snapshot.picture.density
    age = look.moment.age_us(density.as_of_ts)
    return "" if age is None else f"density {age_words(age)} old, F {price(density.forward)}"


def _is_behind(picture: MarketPicture) -> bool:
    density, chain = picture.density, picture.chain
    if density.as_of_ts is not None and chain.first_seen_ts is not None and density.as_of_ts < chain.first_seen_ts:
        return True
    if density.forward is None or chain.forward is None or density.expiry_ts != chain.expiry_ts:
        return False
    return abs(chain.forward - density.forward) > (density.tick or 0.0) * (1.0 + _ROUNDING)


def sentiment_standing(look: Look) -> Standing:
    """The composite."""
    crowd = look.snapshot.picture.sentiment
    quality = "none" if crowd.score is None else crowd.quality
    return standing(look, crowd.as_of_ts, crowd.max_age_us, quality, crowd.why or not_written(look.snapshot.picture))


def divergence_standing(look: Look) -> Standing:
    """The divergence detector."""
    found = look.snapshot.picture.divergence
    quality = "insufficient" if found.kind == "insufficient" else ""
    return standing(look, found.as_of_ts, found.max_age_us, quality, found.why or not_written(look.snapshot.picture))


def positioning_standing(look: Look) -> Standing:
    """The newest report: its age counts from the day that it is about."""
    reports = look.snapshot.positioning
    why = reports.why or ("no report is stored" if reports.as_of_ts is None else "")
    return standing(look, reports.as_of_ts, reports.max_age_us, "", why)


def outcomes_standing(look: Look) -> Standing:
    """Expiries that have passed are records: they do not age."""
    if look.snapshot.picture.outcomes:
        return Standing("live", "", "", "", "")
    return Standing("missing", "", "", "", missing_options(look) or "no density was held for an expiry yet")


def missing_options(look: Look) -> str:
    """The sentence for a market without a usable chain; empty where there is one."""
    picture = look.snapshot.picture
    if picture.written_ts is None:
        return not_written(picture)
    if not picture.chain.why:
        return ""
    if picture.chain.as_of_ts is not None:
        return f"the newest chain cannot be used: {picture.chain.why}"
    return (
        f"{picture.chain.why} for {look.config.title}: no smile, density, gamma or term structure until"
        " :ingest FILE brings one"
    )


def not_written(picture: MarketPicture) -> str:
    """What to say before the engine has drawn anything."""
    return "the engine has not drawn this market yet: it does with its next bar" if picture.written_ts is None else ""


def head_lines(look: Look, width: int, height: int) -> list[Line]:
    """Price, the option chain, and how every other part stands; two lines where there is no room for three."""
    if height < 3:
        return [fit_items([*_price_items(look)[:2], *_chain_items(look)], width), marks_line(look, width)]
    closes = [bar.close for bar in _bars(look) if bar.close is not None]
    picture = line((sparkline(closes[-120:], max(0, min(60, width - 60))), "dim"))
    first = fit_items([*_price_items(look), (picture, 4)], width)
    stands = chain_standing(look)
    if stands.state != "missing":
        return [first, fit_items(_chain_items(look), width), marks_line(look, width)]
    why = wrap(f"options {stands.mark[0]}: {sanitise(stands.why)}", width, style="stale", most=2)
    return [first, *why, *([] if len(why) > 1 else [marks_line(look, width)])]


def price_now(look: Look, value: float | None, ts: int | None = None) -> Span:
    """A traded price, by default of the newest bar, with its age where it is old."""
    config = look.config
    as_of_ts = look.snapshot.picture.price_ts if ts is None else ts
    reading = Reading(price(value), as_of_ts, config.price_max_age_us, config.price_hard_age_us, "strong")
    return reading.span(look.moment)


def _when(look: Look) -> str:
    """The time of the newest bar, with its year where that is not this one."""
    ts, age = look.snapshot.picture.price_ts, look.moment.age_us(look.snapshot.picture.price_ts)
    return look.moment.day(ts) if age is not None and age > _LONG_AGO_US else look.moment.clock(ts)


def _price_items(look: Look) -> list[tuple[Line, int]]:
    picture, moment, config = look.snapshot.picture, look.moment, look.config
    return [
        (line((f"{sanitise(picture.contract) or config.contract_root} ", "dim"), price_now(look, picture.price)), 0),
        (line(("as of ", "dim"), _when(look), (f" {moment.zone_label}", "dim")), 2),
        (line((config.price_unit, "dim")), 3),
    ]


def _chain_items(look: Look) -> list[tuple[Line, int]]:
    chain, moment = look.snapshot.picture.chain, look.moment
    stands = chain_standing(look)
    if stands.state == "missing":
        return [(line(("options ", "dim"), stands.mark), 0)]
    items: list[tuple[Line, int]] = [
        (line(("options ", "dim"), stands.mark, (f" {stands.age}", "dim")), 0),
        (line(("F ", "dim"), (stands.shown(price(chain.forward)), stands.value_style)), 1),
        (line(("expiry ", "dim"), moment.day(chain.expiry_ts)), 2),
        (line(f"{chain.quotes} quotes, {chain.two_sided} two-sided"), 4),
        (line((f"set aside {words(sanitise(chain.rejected))}" if chain.rejected else "", "dim")), 6),
        (line((f"{words(sanitise(chain.source))} {sanitise(chain.style)}", "dim")), 5),
    ]
    return [item for item in items if width_of(item[0])]


def part_marks(look: Look) -> list[tuple[str, Standing]]:
    """Every part of the screen but the chain, which has a line of its own, with how it stands."""
    return [
        ("density", density_standing(look)),
        ("crowd", sentiment_standing(look)),
        ("divergence", divergence_standing(look)),
        ("COT", positioning_standing(look)),
    ]


def marks_line(look: Look, width: int) -> Line:
    """How every part stands, on one line."""
    items = []
    for place, (name, stands) in enumerate(part_marks(look)):
        age = f" {stands.age}" if stands.age else ""
        items.append((line((f"{name} ", "dim"), stands.mark, (age, "dim")), place))
    return fit_items(items, width)


def _bars(look: Look) -> Sequence[BarRow]:
    return look.snapshot.bars.get(look.config.decision_series) or next(iter(look.snapshot.bars.values()), ())
