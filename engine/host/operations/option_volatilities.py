"""`hydra options iv`: implied volatility of every row of a table, of its bid and ask, and what a tick is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.option_rows import (
    OptionColumns,
    json_numbers,
    option_columns,
    reason_of,
    rows_of,
    status_words,
)
from engine.host.operations.quant_table import QuantTable, read_table
from engine.kernel.errors import InputError
from engine.signals.options_math.status_codes import OptionStatus

if TYPE_CHECKING:
    from engine.signals.options_math.black76 import FloatArray, IntArray

REQUIRED: Final = ("forward", "strike", "years", "rate", "right", "style")
OPTIONAL: Final = ("price", "bid", "ask", "tick")
_UNBID: Final = "nobody bids: a middle with 0 is no price, and the ask alone bounds the volatility"
_NO_QUOTE: Final = "bid and ask are 0: nobody quotes a price"
_STEP: Final = 1e-3  # of the volatility, for the slope of the American price


def volatility_rows(source: str) -> list[dict[str, Any]]:
    """One object per row of the table: iv, iv_rounding, iv_bid, iv_ask (per sqrt(year)), vol_per_tick, status, reason,
    and the status of bid and ask.

    `iv` belongs to the column price where the table has one, else to the middle of bid and ask where both sides quote.
    American rows give the volatility that reproduces the American price. `iv_rounding` is the volatility that half a
    unit in the last place of the price is worth, null for American rows, whose price is calculated less exactly than
    that. `vol_per_tick` = tick / vega, null without a tick. A negative price, bid, ask or tick spoils its row.
    InputError for a table that cannot be used; what is wrong with a row is its status.
    """
    import numpy as np

    table = read_table(source, REQUIRED, OPTIONAL)
    if not (table.has("price") or table.has("bid", "ask")):
        raise InputError(f"{table.name} needs a column 'price', or 'bid' and 'ask', beside {', '.join(REQUIRED)}")
    options = option_columns(table, ("forward", "strike", "years"), ("rate",), OPTIONAL)
    absent = np.full(len(table), np.nan)
    tick = options["tick"] if table.has("tick") else absent
    bid, ask = (options["bid"], options["ask"]) if table.has("bid", "ask") else (absent, absent)
    with np.errstate(all="ignore"):
        crossed, unbid = bid > ask, bid == 0.0
    middle = np.where(crossed | unbid, np.nan, 0.5 * (bid + ask))
    prices = np.stack([options["price"] if table.has("price") else middle, *np.where(crossed, np.nan, [bid, ask])])
    values, rounding, status = _volatilities(options, prices, tick)
    why = list(options.reasons)
    for row in np.flatnonzero(np.isnan(prices[0]) & (status[0] == OptionStatus.INVALID_INPUT)).tolist():
        if why[row]:
            continue
        if table.has("price"):
            why[row] = "price is missing"
        elif crossed[row]:
            why[row] = f"bid {bid[row]:g} is above ask {ask[row]:g}"
        elif np.isnan(ask[row]):
            why[row] = "ask is missing"
        elif unbid[row]:
            why[row], status[0, row] = _UNBID if ask[row] else _NO_QUOTE, OptionStatus.ZERO_PRICE
        else:
            why[row] = "bid is missing"
    return rows_of(
        {
            "iv": json_numbers(values[0]),
            "iv_rounding": json_numbers(rounding[0]),
            "iv_bid": json_numbers(values[1]),
            "iv_ask": json_numbers(values[2]),
            "vol_per_tick": json_numbers(_per_tick(options, values[0], tick)),
            "status": status_words(status[0]),
            "reason": [reason_of(code, text) for code, text in zip(status[0].tolist(), why, strict=True)],
            "status_bid": _side(table, status[1]),
            "status_ask": _side(table, status[2]),
        }
    )


def _side(table: QuantTable, status: IntArray) -> list[str] | list[None]:
    return status_words(status) if table.has("bid", "ask") else [None] * len(table)


def _volatilities(
    options: OptionColumns, prices: FloatArray, tick: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Volatility, its rounding and status of prices[k, n]; the columns of the options have n elements."""
    import numpy as np

    from engine.signals.options_math.implied_volatility import resolved_implied_volatility

    values, rounding = np.full(prices.shape, np.nan), np.full(prices.shape, np.nan)
    status = np.full(prices.shape, OptionStatus.INVALID_INPUT, dtype=np.int8)
    with np.errstate(all="ignore"):
        discount = np.exp(-options["rate"] * options["years"])
    european, american = ~options.is_american, options.is_american
    if european.any():
        at = european
        resolved = resolved_implied_volatility(
            prices[:, at], options["forward"][at], options.strike[at], options["years"][at], options.is_call[at],
            discount[at],
        )  # fmt: skip
        values[:, at], rounding[:, at], status[:, at] = resolved.volatility, resolved.rounding, resolved.status
    if american.any():
        from engine.signals.options_math.de_americanise import european_equivalent

        at = american
        found = european_equivalent(
            prices[:, at], options["forward"][at], options.strike[at], options["years"][at], options.is_call[at],
            options["rate"][at], tick=np.where(tick[at] > 0.0, tick[at], 0.0),
        )  # fmt: skip
        values[:, at], status[:, at] = found.volatility, found.status
    return values, rounding, status


def _per_tick(options: OptionColumns, volatility: FloatArray, tick: FloatArray) -> FloatArray:
    """Change of the volatility with one tick of price."""
    import numpy as np

    from engine.signals.options_math.black76 import greeks

    vega = np.full(volatility.shape, np.nan)
    wanted = np.isfinite(volatility) & (tick > 0.0)
    european, american = wanted & ~options.is_american, wanted & options.is_american
    inputs = (options["forward"], options.strike, options["years"], volatility, options.is_call, options["rate"])
    if european.any():
        vega[european] = greeks(*(item[european] for item in inputs)).vega_per_vol
    if american.any():
        from engine.signals.options_math.american import american_price

        forward, strike, years, centre, is_call, rate = (item[american] for item in inputs)
        step = _STEP * centre
        above, _ = american_price(forward, strike, years, centre + step, is_call, rate)
        below, _ = american_price(forward, strike, years, centre - step, is_call, rate)
        vega[american] = (above - below) / (2.0 * step)
    with np.errstate(all="ignore"):
        return np.where(vega > 0.0, tick / vega, np.nan)
