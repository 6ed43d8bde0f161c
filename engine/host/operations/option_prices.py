"""`hydra options price`: price and greeks of every row of a table, European by Black-76, American by its own method."""

from __future__ import annotations

from typing import Any, Final

from engine.host.operations.option_rows import json_numbers, option_columns, reason_of, rows_of, status_words
from engine.host.operations.quant_table import read_table
from engine.signals.options_math.status_codes import OptionStatus

REQUIRED: Final = ("forward", "strike", "years", "rate", "vol", "right", "style")
GREEKS: Final = (
    "delta",
    "gamma",
    "vega_per_vol",
    "theta_per_year",
    "rho",
    "vanna",
    "volga",
    "charm_per_year",
    "speed",
    "color",
)


def price_rows(source: str) -> list[dict[str, Any]]:
    """One object per row of the table: price, the greeks in the units of their names, status and reason.

    InputError for a table that cannot be used; what is wrong with a row is its status.
    """
    import numpy as np

    table = read_table(source, REQUIRED)
    options = option_columns(table, ("forward", "strike", "years", "vol"), ("rate",))
    status = np.full(len(table), OptionStatus.INVALID_INPUT, dtype=np.int8)
    columns = {name: np.full(len(table), np.nan) for name in ("price", *GREEKS)}
    volatility, rate = options["vol"], options["rate"]
    inputs = (options["forward"], options.strike, options["years"], volatility, options.is_call, rate)
    for chosen, american in ((~options.is_american, False), (options.is_american, True)):
        if not chosen.any():
            continue
        if american:
            from engine.signals.options_math.american_greeks import american_greeks as calculate
        else:
            from engine.signals.options_math.black76 import greeks as calculate
        found = calculate(*(item[chosen] for item in inputs))
        status[chosen] = found.status
        for name, column in columns.items():
            column[chosen] = getattr(found, name)
    return rows_of(
        {
            **{name: json_numbers(column) for name, column in columns.items()},
            "status": status_words(status),
            "reason": [reason_of(code, text) for code, text in zip(status.tolist(), options.reasons, strict=True)],
        }
    )
