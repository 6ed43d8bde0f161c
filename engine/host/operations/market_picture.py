"""What the Market screen shows, as frozen values: written by the engine with a bar, read by screens and verbs.

Two state rows hold it: `market_view` (price, options, sentiment, divergence) and `positioning_view` (Commitments of
Traders), since a report comes once a week and a bar ten times a second. `*_ts` are UTC microseconds on the market's
clock; numbers that nobody knows are None; every section says since when, how old it may become (`max_age_us`, from
`as_of_ts`), a quality word, and in `why` the sentence for what is missing. Volatilities are per year, prices in the
market's unit. Text in it is foreign: show it only sanitised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

from engine.host.operations.json_columns import as_list, as_object, number, whole

MARKET_VIEW: Final = "market_view"
POSITIONING_VIEW: Final = "positioning_view"
Picture = TypeVar("Picture")


@dataclass(frozen=True, slots=True)
class ChainPicture:
    """The reference expiry's newest chain. `quotes` were usable, `two_sided` of them with a bid; `rejected` counts the
    others by reason. `first_seen_ts` is older than `as_of_ts` where the vendor repeats the same numbers."""

    as_of_ts: int | None = None
    first_seen_ts: int | None = None
    expiry_ts: int | None = None
    max_age_us: int | None = None
    source: str = ""
    contract: str = ""
    style: str = ""
    forward: float | None = None
    years: float | None = None
    quotes: int = 0
    two_sided: int = 0
    rejected: str = ""
    quality: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class SmileStrike:
    """The out-of-the-money option of one strike: implied volatility of bid, mid and ask, and of the fitted curve;
    `below` is the probability of ending below the strike."""

    strike: float | None = None
    right: str = ""
    bid: float | None = None
    ask: float | None = None
    bid_vol: float | None = None
    mid_vol: float | None = None
    ask_vol: float | None = None
    fitted_vol: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class SmilePicture:
    """`slope` is in volatility per standard deviation of ln(K/F); errors are standard errors. `listed` strikes have a
    usable out-of-the-money quote, of which `strikes` are shown."""

    atm_vol: float | None = None
    atm_error: float | None = None
    slope: float | None = None
    slope_error: float | None = None
    listed: int = 0
    strikes: tuple[SmileStrike, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class DensityPicture:
    """Density of the price at expiry under the pricing measure, `pdf` per price unit on `prices`. `quantiles` are
    prices at `probabilities`; `quantile_lows`, `quantile_highs` are their 5 to 95 % band: what other densities the same
    quotes would bear. `price_probability` is that of ending below the last traded price, with its band. `outside` is
    the probability beyond the quoted strikes, `methods` the families behind the density, `tick` that of the future: a
    forward that has moved by more than one since has left the density behind."""

    as_of_ts: int | None = None
    max_age_us: int | None = None
    expiry_ts: int | None = None
    forward: float | None = None
    quality: str = ""
    two_sided: int = 0
    repaired: int = 0
    outside: float | None = None
    methods: str = ""
    tick: float | None = None
    prices: tuple[float, ...] = ()
    pdf: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    quantile_lows: tuple[float, ...] = ()
    quantile_highs: tuple[float, ...] = ()
    price_probability: float | None = None
    price_probability_low: float | None = None
    price_probability_high: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class GammaStrike:
    """Gamma exposure of all options of one strike, in the picture's unit; `calls` and `puts` are their open interest in
    contracts."""

    strike: float | None = None
    exposure: float | None = None
    calls: float | None = None
    puts: float | None = None


@dataclass(frozen=True, slots=True)
class GammaPicture:
    """Gamma exposure by strike of the reference expiry. `listed` strikes have open interest and a volatility, of which
    `strikes` are shown (those with the largest exposure); `total` is of all; `without_interest` options have none that
    is known. `zero_levels` are prices of the future at which the total changes sign."""

    unit: str = ""
    sign_rule: str = ""
    total: float | None = None
    without_interest: int = 0
    zero_levels: tuple[float, ...] = ()
    listed: int = 0
    strikes: tuple[GammaStrike, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class TermPoint:
    """One expiry of the newest chains: volatility at the money with its standard error."""

    expiry_ts: int | None = None
    as_of_ts: int | None = None
    days: float | None = None
    forward: float | None = None
    atm_vol: float | None = None
    atm_error: float | None = None
    slope: float | None = None
    two_sided: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class OutcomePicture:
    """One expiry against the densities that were held for it. `price` is the last traded one before the expiry (of
    `price_ts`), `first_below` and `last_below` the probability that the first and the newest density gave to ending
    below it; `low`, `middle`, `high` are the first density's prices at 5, 50 and 95 %. `settled`: it has expired."""

    expiry_ts: int | None = None
    settled: bool = False
    held_ts: int | None = None
    last_held_ts: int | None = None
    days_ahead: float | None = None
    quality: str = ""
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    price: float | None = None
    price_ts: int | None = None
    first_below: float | None = None
    last_below: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class SentimentPart:
    """One source of the composite: its score in [-1, 1] and confidence in [0, 1] as of `as_of_ts`, and its weight."""

    name: str = ""
    score: float | None = None
    confidence: float | None = None
    weight: float | None = None
    as_of_ts: int | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class SentimentPicture:
    """The composite and its parts."""

    as_of_ts: int | None = None
    max_age_us: int | None = None
    score: float | None = None
    confidence: float | None = None
    quality: str = ""
    parts: tuple[SentimentPart, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class EvidencePicture:
    """One number behind a rule, and the size that it had to reach where it had to reach one; `closes` says that its
    axis was open before, so that it closes below that size, else it opens at it."""

    name: str = ""
    value: float | None = None
    threshold: float | None = None
    closes: bool = False


@dataclass(frozen=True, slots=True)
class DivergencePicture:
    """What the divergence detector said at the last bar: `direction` -1, 0 or 1 is that of the suggested `bias`,
    `magnitude` the gap over the usual gap, `rule` the sentence of what fired, `evidence` its numbers."""

    as_of_ts: int | None = None
    max_age_us: int | None = None
    kind: str = ""
    direction: int | None = None
    magnitude: float | None = None
    gap: float | None = None
    confidence: float | None = None
    rule: str = ""
    bias: str = ""
    evidence: tuple[EvidencePicture, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class PositioningPicture:
    """Reports of the type that speaks, oldest first: `days` since 1970-01-01 of each report, the speculative net share
    of open interest and its score in [-1, 1] (its place among the reports before it). `others` are newest reports of
    other types in words."""

    as_of_ts: int | None = None
    known_ts: int | None = None
    max_age_us: int | None = None
    kind: str = ""
    score: float | None = None
    net_share: float | None = None
    change_4w: float | None = None
    history: int = 0
    days: tuple[int, ...] = ()
    net_shares: tuple[float | None, ...] = ()
    scores: tuple[float | None, ...] = ()
    others: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class MarketPicture:
    """Everything the Market screen shows of one moment. `written_ts` is None where no engine has written it yet."""

    written_ts: int | None = None
    price: float | None = None
    price_ts: int | None = None
    contract: str = ""
    chain: ChainPicture = ChainPicture()
    smile: SmilePicture = SmilePicture()
    density: DensityPicture = DensityPicture()
    gamma: GammaPicture = GammaPicture()
    term: tuple[TermPoint, ...] = ()
    outcomes: tuple[OutcomePicture, ...] = ()
    sentiment: SentimentPicture = SentimentPicture()
    divergence: DivergencePicture = DivergencePicture()


def document_of(picture: Any) -> dict[str, Any]:
    """A picture as plain JSON; what is missing is left out."""
    document: dict[str, Any] = {}
    for name, holds in _shapes(cast(Any, type(picture))):
        value = getattr(picture, name)
        if holds == "picture":
            value = document_of(value)
        elif holds == "pictures":
            value = [document_of(item) for item in value]
        if value is not None and value != "" and value != () and value != [] and value != {}:
            document[name] = value
    return document


@cache
def _shapes(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """Each field's name with what it holds: a plain value, a picture, or pictures."""
    shapes = []
    for name, hint in _fields(cast(Any, kind)).items():
        inner = get_args(hint)[0] if get_origin(hint) is tuple else None
        holds = "picture" if is_dataclass(hint) else "pictures" if is_dataclass(inner) else "value"
        shapes.append((name, holds))
    return tuple(shapes)


def picture_of(kind: type[Picture], document: Any) -> Picture:
    """A picture from JSON that nobody vouches for: what is missing or of the wrong type takes its default."""
    return _object(kind, as_object(document))


def _object(kind: type[Picture], document: Mapping[str, Any]) -> Picture:
    known = _fields(cast(Any, kind))
    return kind(**{name: _value(hint, document[name]) for name, hint in known.items() if name in document})


def _value(hint: Any, value: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return _object(hint, as_object(value))
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return tuple(_value(inner, item) for item in as_list(value))
    if hint is str:
        return value if isinstance(value, str) else ""
    if hint is bool:
        return value is True
    if hint is int:
        return whole(value) or 0
    if hint is float:
        return number(value) or 0.0
    return whole(value) if int in get_args(hint) else number(value)


@cache
def _fields(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
