"""Databento's symbols: which root, and thereby which market, "HE.v.0", "ESM4 C5230" or "ESZ3-ESM4" belongs to, and
which contract and place a bar has.

Symbology types are those of Databento's documentation: continuous "<root>.<c, v or n>.<rank>", parent "<root>.FUT" and
"<root>.OPT", raw symbols as the venue prints them. CME and ICE print a month code and one or two digits of the year.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from engine.ingestion.calendars.contract_calendar import MONTH_CODES, ContractCalendar
from engine.ingestion.market_directory import is_reference
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY, to_datetime

# Datasets of futures exchanges (Databento's list of publishers); symbols of the others are shares or OCC options.
FUTURES_DATASETS: Final = frozenset(
    {"GLBX.MDP3", "IFEU.IMPACT", "IFLL.IMPACT", "IFUS.IMPACT", "NDEX.IMPACT", "XCBF.PITCH", "XEEE.EOBI", "XEUR.EOBI"}
)
_OPTIONS_DATASET: Final = "OPRA.PILLAR"
_SYMBOL: Final = re.compile(r"^[A-Z0-9][A-Z0-9 .:!$/&^+=_-]{0,69}$", re.IGNORECASE)
_CONTINUOUS: Final = re.compile(r"^([A-Z0-9]{1,10})\.[A-Za-z]\.(\d{1,2})$")
_PARENT: Final = re.compile(r"^([A-Z0-9]{1,10})\.(?:FUT|OPT|SPOT)$")
_OUTRIGHT: Final = re.compile(rf"^([A-Z0-9]{{1,8}}?)([{MONTH_CODES}])(\d{{1,2}})$")
_USER_DEFINED: Final = "UD:"
_HALF_A_DECADE: Final = timedelta(days=365 * 5)


def is_symbol(text: str) -> bool:
    """Whether a text can be a symbol at all, and no damage."""
    return _SYMBOL.fullmatch(text) is not None


def rank_of(symbol: str) -> int | None:
    """Rank of a continuous symbol, 0 for "HE.v.0"; None for every other symbol."""
    found = _CONTINUOUS.fullmatch(symbol)
    return int(found.group(2)) if found else None


def root_of(symbol: str, dataset: str = "GLBX.MDP3") -> str:
    """The root that a symbol is of ("HE"), a spread's being that of its first leg; "" where it says none, as the
    exchange's names of user-defined spreads do."""
    found = _CONTINUOUS.fullmatch(symbol) or _PARENT.fullmatch(symbol)
    if found:
        return found.group(1)
    if dataset == _OPTIONS_DATASET:
        return symbol.split(" ")[0]
    if dataset not in FUTURES_DATASETS:
        return symbol
    if symbol.startswith(_USER_DEFINED):
        return ""
    first = symbol.split(" ")[0].split("-")[0].split(":")[0]
    found = _OUTRIGHT.fullmatch(first)
    return found.group(1) if found else first


def belongs(root: str, market: MarketConfig) -> bool:
    """Whether a root is one of a market's."""
    return root == market.contract.root or root in market.roots


def contract_name(symbol: str, market: MarketConfig, event_day: int) -> str:
    """The lake's name of a single instrument: "HEM23" for the raw "HEM3" of a market whose contracts are known, with
    the year of that digit nearest to the day (days since 1970, UTC); elsewhere the symbol as printed."""
    found = _OUTRIGHT.fullmatch(symbol)
    if found is None or is_reference(market) or not belongs(found.group(1), market):
        return symbol
    digits = found.group(3)
    if len(digits) == 1:
        latest = (to_datetime(event_day * MICROS_PER_DAY) + _HALF_A_DECADE).year
        digits = f"{(latest - (latest - int(digits)) % 10) % 100:02d}"
    return f"{market.contract.root}{found.group(2)}{digits}"


def place_of(symbol: str, instrument: str, market: MarketConfig, event_day: int) -> tuple[str, int]:
    """(contract, nearby) of a bar. A continuous symbol gives its rank and the instrument id of that very bar, because
    the vendor's rolls go back and forth. A single contract has its place in the calendar, 0 where no calendar is known.
    """
    rank = rank_of(symbol)
    if rank is not None:
        return instrument, rank + 1
    if not symbol:
        return instrument, 0
    contract = contract_name(symbol, market, event_day)
    if is_reference(market):
        return contract, 0
    try:
        day = to_datetime(event_day * MICROS_PER_DAY).date()
        return contract, ContractCalendar.of(market).nearby(contract, day)
    except (InputError, ValueError):  # no listed month: an option, a spread, or another product of the root
        return contract, 0
