"""Definitions, statistics and trading states of a DBN file.

A statistic is about the trading date that it names (`ts_ref`) and else about its own moment; it was known when
Databento received it. A definition is as of the exchange's update (`ts_event`). Flags of a settlement price are CME's
bit set SettlPriceType (tag 731, CME's page "MDP 3.0 - Settlement Price"): bit 0 final or preliminary, bit 1 actual or
theoretical, bit 2 at the trading or at the clearing tick, bit 3 intraday, bit 7 nothing said.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from engine.ingestion.dbn.dbn_file import counts, micros, prices, texts
from engine.ingestion.dbn.dbn_markets import MarketRecords
from engine.ingestion.dbn.dbn_quotes import contracts_of, times_of
from engine.ingestion.futures.databento_symbols import contract_name
from engine.ingestion.lake_rows import FlatRow, Instrument, InstrumentKind, Statistic, TradingStatus
from engine.ingestion.source_pipeline import ProblemList
from engine.kernel.timestamps import MICROS_PER_DAY

if TYPE_CHECKING:
    import numpy as np

_KINDS: Final[dict[str, InstrumentKind]] = {
    "F": "future", "S": "spread", "M": "spread", "C": "option", "P": "option", "T": "option_spread", "K": "equity",
    "I": "index",
}  # fmt: skip
_RIGHTS: Final = frozenset({"C", "P"})
_INDEX_POINTS: Final = "IPNT"
_SETTLEMENT: Final = 3
_DELETED: Final = 2
_NO_FLAGS: Final = 0x80
_BITS: Final = ((0x01, "final", "preliminary"), (0x02, "actual", "theoretical"), (0x04, "", "clearing_tick"))
_INTRADAY: Final = 0x08
_NO_PRICES: Final = frozenset({"volatility", "delta"})
_SAID: Final = {"Y": "yes", "N": "no"}


def instrument_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """One row for each definition; a spread's definition comes once for each leg and is kept once, its `underlying`
    being that of the record or the first leg."""
    array = part.array
    events, known = times_of(array)
    increments = prices(array["min_price_increment"])
    columns = zip(
        part.numbers,
        texts(array["raw_symbol"]),
        array["instrument_id"].tolist(),
        texts(array["instrument_class"]),
        texts(array["underlying"]),
        texts(array["leg_raw_symbol"]) if "leg_raw_symbol" in (array.dtype.names or ()) else [""] * len(array),
        texts(array["exchange"]),
        texts(array["currency"]),
        events,
        known,
        micros(array["activation"]),
        micros(array["expiration"]),
        prices(array["strike_price"]),
        increments,
        _multipliers(array, increments),
        strict=True,
    )
    rows: dict[tuple[object, ...], FlatRow] = {}
    for (
        number, symbol, instrument, kind, underlying, leg, exchange, currency, event_ts, known_ts, activation_ts,
        expiry_ts, strike, tick, multiplier,
    ) in columns:  # fmt: skip
        option = kind in _RIGHTS
        key = (symbol, instrument, event_ts, known_ts)
        if not event_ts:
            problems.add(number, "ts_event", "not a time", (symbol, instrument))
        elif not symbol:
            problems.add(number, "raw_symbol", "symbol missing", instrument)
        elif option and math.isnan(strike):
            problems.add(number, "strike_price", "option without a strike", (symbol, instrument))
        elif key not in rows:
            rows[key] = Instrument(
                part.market.market,
                source,
                contract_name(symbol, part.market, event_ts // MICROS_PER_DAY),
                str(instrument),
                _KINDS.get(kind, "other"),
                underlying or leg,
                exchange,
                currency,
                event_ts,
                known_ts,
                activation_ts,
                expiry_ts,
                strike if option else math.nan,
                kind if option else "",
                tick,
                multiplier,
            )
    return list(rows.values())


def statistic_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """One row for the price and one for the quantity of each record, whichever it has; a record with neither is
    ignored."""
    import databento_dbn

    array = part.array
    events, known = times_of(array)
    names = {int(kind): kind.name.lower() for kind in databento_dbn.StatType.variants()}
    price_unit = part.market.contract.price_unit
    rows: list[FlatRow] = []
    columns = zip(
        part.numbers,
        contracts_of(part, events),
        events,
        known,
        micros(array["ts_ref"]),
        array["stat_type"].tolist(),
        array["update_action"].tolist(),
        array["stat_flags"].tolist(),
        prices(array["price"]),
        counts(array["quantity"]),
        strict=True,
    )
    for number, contract, event_ts, received_ts, about_ts, kind, action, bits, price, quantity in columns:
        if not event_ts:
            problems.add(number, "ts_event", "not a time", contract)
            continue
        if math.isnan(price) and math.isnan(quantity):
            problems.ignore("statistic without a figure")
            continue
        name = names.get(kind, f"statistic_{kind}")
        moment = about_ts or event_ts
        known_ts = max(received_ts, moment)
        flags = _flags(kind, action, bits)
        head = (part.market.market, source, contract)
        if not math.isnan(price):
            unit = "as published" if name in _NO_PRICES else price_unit
            rows.append(Statistic(*head, name, unit, moment, known_ts, price, flags))
            name = f"{name}_quantity"
        if not math.isnan(quantity):
            rows.append(Statistic(*head, name, "lots", moment, known_ts, quantity, flags))
    return rows


def status_rows(part: MarketRecords, source: str, problems: ProblemList) -> list[FlatRow]:
    """Changes of the trading state; the exchange's further information follows its reason after a comma."""
    import databento_dbn

    array = part.array
    events, known = times_of(array)
    actions = {int(member): member.name.lower() for member in databento_dbn.StatusAction.variants()}
    reasons = {int(member): member.name.lower() for member in databento_dbn.StatusReason.variants()}
    notes = {int(member): member.name.lower() for member in databento_dbn.TradingEvent.variants()}
    rows: list[FlatRow] = []
    columns = zip(
        part.numbers,
        contracts_of(part, events),
        events,
        known,
        array["action"].tolist(),
        array["reason"].tolist(),
        array["trading_event"].tolist(),
        texts(array["is_trading"]),
        strict=True,
    )
    for number, contract, event_ts, known_ts, action, reason, note, trading in columns:
        if not event_ts:
            problems.add(number, "ts_event", "not a time", contract)
            continue
        said = [reasons.get(reason, f"reason {reason}"), *([notes.get(note, f"event {note}")] if note else ())]
        rows.append(
            TradingStatus(
                part.market.market,
                source,
                contract,
                event_ts,
                known_ts,
                actions.get(action, f"action {action}"),
                ", ".join(said),
                _SAID.get(trading, ""),
            )
        )
    return rows


def _flags(kind: int, action: int, bits: int) -> tuple[str, ...]:
    flags = {"deleted"} if action == _DELETED else set()
    if kind == _SETTLEMENT and not bits & _NO_FLAGS:
        flags |= {yes if bits & bit else no for bit, yes, no in _BITS} - {""}
        if bits & _INTRADAY:
            flags.add("intraday")
    return tuple(sorted(flags))


def _multipliers(array: np.ndarray[Any, Any], increments: list[float]) -> list[float]:
    """Currency per price unit and lot: the index points of a lot, or the value of a tick over the tick. Databento
    scales the value of a tick by the display factor as it does prices (ES: 12.50 USD a tick of 0.25 is given as
    0.125 with a factor of 0.01), so that has to be undone. NaN where the definition says neither."""
    tick_values = prices(array["min_price_increment_amount"])
    factors = prices(array["display_factor"])
    quantities = prices(array["unit_of_measure_qty"])
    units = texts(array["unit_of_measure"])
    result = []
    for increment, tick_value, factor, quantity, unit in zip(
        increments, tick_values, factors, quantities, units, strict=True
    ):
        if unit == _INDEX_POINTS and quantity > 0:
            result.append(quantity)
        elif increment > 0 and tick_value > 0 and factor > 0:
            result.append(round(tick_value / factor / increment, 9))
        else:
            result.append(math.nan)
    return result
