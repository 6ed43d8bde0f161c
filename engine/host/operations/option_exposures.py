"""`hydra options flows`: gamma, vanna and charm of the open interest of one expiry, each with unit and sign rule."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.option_chain_table import STRIKE_FACTOR
from engine.host.operations.option_rows import RIGHTS, json_numbers
from engine.host.operations.quant_table import number_columns, quoted, read_table
from engine.kernel.canonical import finite_or_none

if TYPE_CHECKING:
    from engine.signals.options_math.flows import OptionFlows, SignRule

REQUIRED: Final = ("strike", "right", "iv", "open_interest")
_SIGNED: Final = {
    "gex": "gex_usd_per_1pct",
    "gex_contracts": "gex_contracts_per_cent",
    "vanna": "vanna_contracts_per_volpt",
    "charm": "charm_contracts_per_day",
}
_UNSIGNED_RULE: Final = "unsigned"
# Beyond these an input is no option of this future but a slip, and the scan for zero-gamma levels has no end.
_LEAST_DEVIATION: Final = 2e-4
_MOST_DEVIATION: Final = 5.0
_MOST_INTEREST: Final = 1e12


def flow_document(
    source: str,
    forward: float,
    years: float,
    rate: float,
    multiplier: float,
    sign_rule: SignRule = "calls_long_puts_short",
    average_daily_volume: float | None = None,
) -> dict[str, Any]:
    """Flows of the table's options as one document: each number with its unit and sign rule, null where no row
    gives it.

    A row without a strike, right, iv or open interest is left out of every number and named; it is never a zero. Of
    several rows of one option the first that can be used stays.
    `average_daily_volume` of the future in contracts adds the flows in percent of it. InputError for a table that
    cannot be used.
    """
    import numpy as np

    from engine.signals.options_math.flows import option_flows

    table = read_table(source, REQUIRED)
    numbers = number_columns(table, ("strike", "iv", "open_interest"))
    reasons = [[text] if text else [] for text in numbers.reasons]
    rights = [RIGHTS.get(cell.lower()) for cell in table.columns["right"]]
    for row, (value, cell) in enumerate(zip(rights, table.columns["right"], strict=True)):
        if value is None and not table.damage[row]:
            reasons[row].append(f"right {quoted(cell)} is neither C (call) nor P (put)" if cell else "right is missing")
    strike, volatility, interest = (numbers.values[name] for name in ("strike", "iv", "open_interest"))
    with np.errstate(all="ignore"):
        deviation, ratio = volatility * math.sqrt(years), strike / forward
        wrong = {
            "strike must be above 0": strike <= 0.0,
            f"strike is more than {STRIKE_FACTOR:g} times above or below the forward": (strike > 0.0)
            & ((ratio > STRIKE_FACTOR) | (ratio < 1.0 / STRIKE_FACTOR)),
            "iv must be above 0": volatility <= 0.0,
            f"iv times the root of years is not within {_LEAST_DEVIATION:g} and {_MOST_DEVIATION:g}": (volatility > 0.0)
            & ((deviation < _LEAST_DEVIATION) | (deviation > _MOST_DEVIATION)),
            f"open_interest must be between 0 and {_MOST_INTEREST:g}": (interest < 0.0) | (interest > _MOST_INTEREST),
        }
    for words, places in wrong.items():
        for row in np.flatnonzero(places).tolist():
            reasons[row].append(words)
    is_call = np.array([bool(value) for value in rights])
    first: dict[tuple[float, bool], int] = {}
    for row, option in enumerate(zip(strike.tolist(), is_call.tolist(), strict=True)):
        if not reasons[row] and first.setdefault(option, row) != row:
            reasons[row].append(f"duplicate of row {first[option] + 1}")
    told = np.array([not texts for texts in reasons])
    flows = option_flows(
        forward, strike[told], is_call[told], years, volatility[told], interest[told], rate, multiplier, sign_rule,
        average_daily_volume,
    )  # fmt: skip
    return {
        "source": table.name,
        "rows": len(table),
        "options_used": flows.options_used,
        "forward": forward,
        "years": years,
        "rate": rate,
        "multiplier": multiplier,
        **_sums(flows),
        "rejected": [{"row": row + 1, "reason": "; ".join(texts)} for row, texts in enumerate(reasons) if texts],
    }


def _sums(flows: OptionFlows) -> dict[str, Any]:
    from engine.signals.options_math.flows import FLOW_UNITS

    rule = flows.sign_rule
    shares = flows.volume_shares
    return {
        "sign_rule": rule,
        "sign_rule_is": "an assumption: open interest does not tell who holds which side",
        **{
            name: {"value": finite_or_none(getattr(flows, field)), "unit": FLOW_UNITS[field], "sign_rule": rule}
            for name, field in _SIGNED.items()
        },
        "gross_gamma": {
            "value": finite_or_none(flows.gross_gamma_contracts_per_cent),
            "unit": FLOW_UNITS["gross_gamma_contracts_per_cent"],
            "sign_rule": _UNSIGNED_RULE,
        },
        "zero_gamma_levels": {
            "value": list(flows.zero_gamma_levels),
            "unit": "price of the future, searched between low and high",
            "low": finite_or_none(flows.searched_low),
            "high": finite_or_none(flows.searched_high),
            "sign_rule": rule,
        },
        "put_call_ratio": {
            "value": finite_or_none(flows.put_call_oi_ratio),
            "unit": "open interest of puts over that of calls",
            "sign_rule": _UNSIGNED_RULE,
        },
        "percent_of_daily_volume": None
        if shares is None
        else {field.name: finite_or_none(getattr(shares, field.name)) for field in fields(shares)},
        "by_strike": {
            field.name: json_numbers(getattr(flows.by_strike, field.name)) for field in fields(flows.by_strike)
        },
    }
