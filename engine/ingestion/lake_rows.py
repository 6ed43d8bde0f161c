"""Facts that the raw lake holds beside the records of `engine/core/records.py`: what a source says and no feature reads
straight from the stream.

Times are UTC microseconds: `event_ts` what a row is about, `known_ts` when the world could first know it. A file that
carries no time at all gives `UNDATED_TS` for both: ingestion puts the moment of its first arrival there. Prices are in
the market's price unit, sizes in lots (shares for equities), NaN is missing. `contract` is the listed contract
("HEM23", "ESH4 C5230") or the vendor's instrument id, None where a row is about the whole market.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal

from engine.core.records import CotReport, ExerciseStyle, FuturesBar, Headline, OptionChain, OptionRight

UNDATED_TS: Final = -1
GLOBAL_MARKET: Final = "global"

InstrumentKind = Literal["future", "spread", "option", "option_spread", "equity", "index", "other"]


@dataclass(frozen=True, slots=True)
class RollSpan:
    """One line of a vendor's symbology: the continuous symbol `series` (e.g. "HE.v.0") meant `contract` from
    `event_ts` until `end_ts`; `known_ts` is when its first bar could carry the contract."""

    market: str
    series: str
    event_ts: int
    known_ts: int
    end_ts: int
    contract: str


@dataclass(frozen=True, slots=True)
class Statistic:
    """One figure about a market or one of its contracts: open interest, settlement price, margin, interest rate, a line
    of a report. `name` says which ("open_interest"), `unit` of what ("lots", "USD/lot")."""

    market: str
    source: str
    contract: str | None
    name: str
    unit: str
    event_ts: int
    known_ts: int
    value: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask at `event_ts` (`bar_seconds` 0), or over a bar that begins there: then `bid` and `ask` are its
    closes and the six other prices its range, NaN in a snapshot."""

    market: str
    source: str
    contract: str | None
    bar_seconds: int
    event_ts: int
    known_ts: int
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    bid_open: float
    bid_high: float
    bid_low: float
    ask_open: float
    ask_high: float
    ask_low: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade; `side` is the aggressor's ("B" buyer, "S" seller, "" unknown), `sequence` the vendor's order."""

    market: str
    source: str
    contract: str | None
    event_ts: int
    known_ts: int
    sequence: int
    price: float
    size: float
    side: str
    conditions: str = ""


@dataclass(frozen=True, slots=True)
class BookLevel:
    """One level of a depth snapshot; level 0 is the best."""

    market: str
    source: str
    contract: str | None
    event_ts: int
    known_ts: int
    sequence: int
    level: int
    bid: float
    bid_size: float
    bid_orders: float
    ask: float
    ask_size: float
    ask_orders: float


@dataclass(frozen=True, slots=True)
class BookOrder:
    """One event of an order-by-order feed; `action` and `side` as the vendor's letters, `number` the place of the event
    in its message, so that equal events of one moment stay apart."""

    market: str
    source: str
    contract: str | None
    event_ts: int
    known_ts: int
    sequence: int
    number: int
    order_id: str
    action: str
    side: str
    price: float
    size: float


@dataclass(frozen=True, slots=True)
class Instrument:
    """One definition of a listed instrument as of `event_ts`. `expiry_ts` and `activation_ts` 0 where there is none;
    `multiplier` is the currency amount of one price unit on one lot."""

    market: str
    source: str
    contract: str
    instrument_id: str
    kind: InstrumentKind
    underlying: str
    exchange: str
    currency: str
    event_ts: int
    known_ts: int
    activation_ts: int
    expiry_ts: int
    strike: float
    right: str
    tick_size: float
    multiplier: float


@dataclass(frozen=True, slots=True)
class TradingStatus:
    """A change of the trading state of an instrument, with the exchange's reason."""

    market: str
    source: str
    contract: str | None
    event_ts: int
    known_ts: int
    action: str
    reason: str
    is_trading: str


@dataclass(frozen=True, slots=True)
class OptionMark:
    """A vendor's own volatility and greeks of one option at one moment; never used where quotes can be inverted, kept
    to compare with. `implied_volatility` is a fraction a year; greeks in the vendor's units."""

    market: str
    source: str
    contract: str | None
    style: ExerciseStyle
    event_ts: int
    known_ts: int
    expiry_ts: int
    underlying_price: float
    strike: float
    right: OptionRight
    implied_volatility: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


@dataclass(frozen=True, slots=True)
class TrainingText:
    """A text with the tone that people gave it, material to train and judge scorers and never news: `tone` in [-1, 1],
    NaN where the label says that it holds no opinion. `occurrence` counts equal texts of one file from 0."""

    market: str
    source: str
    event_ts: int
    known_ts: int
    text: str
    tone: float
    occurrence: int


@dataclass(frozen=True, slots=True)
class ReferenceFact:
    """One text-valued fact of a reference table: `name` of `subject` is `value` (an error code's name, a tag of an
    account, a list that a word belongs to, a mapped symbol)."""

    market: str
    source: str
    subject: str
    name: str
    value: str
    event_ts: int
    known_ts: int


FlatRow = (
    FuturesBar
    | Headline
    | RollSpan
    | Statistic
    | Quote
    | Trade
    | BookLevel
    | BookOrder
    | Instrument
    | TradingStatus
    | OptionMark
    | TrainingText
    | ReferenceFact
)
NormalisedRow = FlatRow | OptionChain | CotReport

# Rows of these kinds fit their dataset field by field.
FLAT_DATASETS: Final[dict[type[FlatRow], str]] = {
    FuturesBar: "futures_bar",
    Headline: "headline",
    RollSpan: "roll_map",
    Statistic: "statistic",
    Quote: "quote",
    Trade: "trade",
    BookLevel: "book_level",
    BookOrder: "book_order",
    Instrument: "instrument",
    TradingStatus: "trading_status",
    OptionMark: "option_mark",
    TrainingText: "training_text",
    ReferenceFact: "reference_fact",
}


def field_names(kind: type[FlatRow]) -> tuple[str, ...]:
    """Names of the fields of a kind of row, in the order of its dataset's columns."""
    return tuple(field.name for field in fields(kind))
