"""Contracts of Interactive Brokers as definitions of instruments, and the market each belongs to.

A future or an option on one belongs to the market of its symbol. The symbol of a share, an index, an option on either
or a currency pair says nothing of futures ("HE" is a share too): where it is the root of a market of another name, the
contract goes to a reference market of its symbol and kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from engine.ingestion.lake_rows import UNDATED_TS, Instrument, InstrumentKind
from engine.ingestion.market_directory import MarketDirectory, reference_market
from engine.ingestion.parsing.published_time import end_of_day_ts
from engine.ingestion.parsing.text_cleaning import one_line
from engine.kernel.config_models import MarketConfig

_KINDS: Final[dict[str, InstrumentKind]] = {
    "STK": "equity", "IND": "index", "FUT": "future", "CONTFUT": "future", "OPT": "option", "FOP": "option",
    "BAG": "spread",
}  # fmt: skip
# Classes of ib_async and ib_insync that print no secType of their own.
SECURITY_TYPES: Final = {
    "Stock": "STK", "Index": "IND", "Future": "FUT", "ContFuture": "CONTFUT", "Option": "OPT", "FuturesOption": "FOP",
    "Forex": "CASH", "CFD": "CFD", "Commodity": "CMDTY", "Bond": "BOND", "MutualFund": "FUND", "Warrant": "WAR",
    "Bag": "BAG", "Crypto": "CRYPTO",
}  # fmt: skip
SYMBOL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/&+-]{0,39}", re.ASCII)
_FUTURES: Final = frozenset({"FUT", "CONTFUT", "FOP"})
_OPTIONS: Final = frozenset({"OPT", "FOP"})


def market_of_contract(symbol: str, security_type: str, directory: MarketDirectory) -> MarketConfig:
    """The market of a symbol of this kind of security."""
    found = directory.by_root(symbol)
    if security_type in _FUTURES or found.market == reference_market(symbol).market:
        return found
    return directory.by_root(f"{symbol}_{security_type}")


def instrument_of(
    fields: Mapping[str, object],
    security_type: str,
    market: MarketConfig,
    source: str,
    *,
    tick_size: float = math.nan,
    seen_ts: int = UNDATED_TS,
) -> Instrument | None:
    """The definition in the fields of a contract, as of `seen_ts`; None where it has no id of its own or no symbol. A
    contract ends when its last trade day is over everywhere, unless only a month is printed."""
    contract_id, symbol = fields.get("conId"), fields.get("symbol")
    if not isinstance(contract_id, int) or isinstance(contract_id, bool) or contract_id <= 0:
        return None
    if not isinstance(symbol, str) or not SYMBOL.fullmatch(symbol):
        return None
    listed = fields.get("localSymbol")
    strike = fields.get("strike")
    return Instrument(
        market=market.market,
        source=source,
        contract=listed if isinstance(listed, str) and SYMBOL.fullmatch(listed) else symbol,
        instrument_id=str(contract_id),
        kind=_KINDS.get(security_type, "other"),
        underlying=symbol if security_type in _FUTURES | _OPTIONS else "",
        exchange=_text(fields.get("exchange")),
        currency=_text(fields.get("currency")),
        event_ts=seen_ts,
        known_ts=seen_ts,
        activation_ts=0,
        expiry_ts=_expiry_ts(_text(fields.get("lastTradeDateOrContractMonth"))),
        strike=float(strike) if isinstance(strike, (int, float)) and security_type in _OPTIONS else math.nan,
        right=_text(fields.get("right"))[:1] if security_type in _OPTIONS else "",
        tick_size=tick_size,
        multiplier=_positive(_text(fields.get("multiplier"))),
    )


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if 0 < number < math.inf else math.nan


def _expiry_ts(text: str) -> int:
    if len(text) != 8 or not text.isdigit():
        return 0
    try:
        return end_of_day_ts(date(int(text[:4]), int(text[4:6]), int(text[6:]))) or 0
    except ValueError:
        return 0
