"""Column names under which vendors and libraries print options, as they are after dropping case and signs.

Collected from yfinance, OptionMetrics-like dumps, Cboe DataShop intervals, historical-option-data vendors and the
fields of Interactive Brokers' contracts and tickers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_SIGNS: Final = re.compile(r"[^a-z0-9]")
_UNDERLYING: Final = ("underlying", "underlyingsymbol", "ticker", "symbol", "root", "actsymbol")
_SYMBOL: Final = ("contractsymbol", "optionsymbol", "optionroot", "localsymbol", "optionalias", "occsymbol")
_EXPIRY: Final = ("expiry", "expiration", "expirydate", "expirationdate", "exdate", "lasttradedateorcontractmonth")
_RIGHT: Final = ("right", "optiontype", "type", "cp", "cpflag", "callput", "putcall", "callorput")
_MOMENT: Final = ("quotedatetime", "snapshottime", "quotetime", "quotedate", "timestamp", "datetime", "asof", "date")
_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "strike": ("strike", "strikeprice"),
    "bid": ("bid", "bestbid", "bidprice"),
    "ask": ("ask", "bestoffer", "bestask", "askprice"),
    "last": ("last", "lastprice", "lasttrade", "close"),
    "volume": ("volume", "tradevolume"),
    "open_interest": ("openinterest", "oi", "openint"),
    "implied_volatility": ("impliedvolatility", "impliedvol", "impvol", "implvolatility", "iv", "vol"),
    "delta": ("delta",),
    "gamma": ("gamma",),
    "theta": ("theta",),
    "vega": ("vega",),
    "rho": ("rho",),
    "underlying_price": (
        "underlyingprice",
        "underlyinglast",
        "undprice",
        "spot",
        "stockprice",
        "activeunderlyingprice",
    ),
}
_REQUIRED: Final = ("strike", "bid", "ask")


@dataclass(frozen=True, slots=True)
class OptionColumns:
    """Which column of a table holds what; None where no column does. `numbers` is by field."""

    underlying: str | None
    symbol: str | None
    expiry: str | None
    right: str | None
    moment: str | None
    numbers: Mapping[str, str]


def option_columns(header: Sequence[str]) -> OptionColumns | None:
    """The columns of a table of options; None where strike, bid, ask, expiry or right cannot be told."""
    plain: dict[str, str] = {}
    for name in header:
        plain.setdefault(_SIGNS.sub("", name.lower()), name)

    def first(names: Sequence[str]) -> str | None:
        return next((plain[name] for name in names if name in plain), None)

    numbers = {field: column for field, names in _NUMBERS.items() if (column := first(names)) is not None}
    columns = OptionColumns(first(_UNDERLYING), first(_SYMBOL), first(_EXPIRY), first(_RIGHT), first(_MOMENT), numbers)
    if any(field not in numbers for field in _REQUIRED):
        return None
    if columns.symbol is None and (columns.expiry is None or columns.right is None):
        return None
    return columns
