"""What became of a chain: an outcome word for everything, counts that add up, volatilities held against a vendor's."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from engine.core.records import OptionChain
from engine.signals.options_math.chain_check import ChainCheck, check_chain
from engine.signals.options_math.chain_rate import RateBounds
from engine.signals.options_math.chain_terms import terms_of_chain
from tests.engine.signals.options_math.american_quotes import chain_of, quotes

YEARS = 0.3
BOUNDS = RateBounds(0.03, 0.03)
STRIKES = [float(strike) for strike in np.arange(60.0, 101.0, 2.0)]


def check(chain: OptionChain, vendor: dict[tuple[float, str], float] | None = None) -> ChainCheck:
    return check_chain(chain, terms_of_chain(chain, YEARS, BOUNDS), vendor)


@pytest.mark.parametrize("style", ["european", "american"])
def test_a_good_chain_is_accepted_and_priced_back(style: str) -> None:
    american = style == "american"
    lines = quotes(80.0, STRIKES, YEARS, american=american, rate=0.03, skew=-0.2, half=0.03)
    found = check(chain_of(lines, YEARS, "american" if american else "european"))
    assert found.outcome == "fitted" and found.density is not None
    assert found.two_sided == found.accepted == sum(line.bid > 0 for line in lines)
    assert found.repriced >= 0.98 * found.accepted


def test_every_other_outcome_has_a_word() -> None:
    lines = quotes(80.0, STRIKES, YEARS, american=False, rate=0.03)
    whole = chain_of(lines, YEARS, "european")
    assert check(dataclasses.replace(whole, style="unknown")).outcome == "unknown style"
    assert check(dataclasses.replace(whole, expiry_ts=1)).outcome == "expired"
    assert check(dataclasses.replace(whole, quotes=())).outcome == "no quotes"
    trades = tuple(dataclasses.replace(q, bid=math.nan, ask=math.nan, last=1.0) for q in whole.quotes)
    assert check(dataclasses.replace(whole, quotes=trades)).outcome == "no quotes"
    puts = tuple(quote for quote in whole.quotes if quote.right == "P")
    alone = check(dataclasses.replace(whole, quotes=puts))
    assert alone.outcome == "no forward" and alone.accepted == alone.two_sided == len(puts)
    worthless = [line for line in lines if abs(line.strike - 80.0) < 1.0]
    flat = [dataclasses.replace(line, bid=1e-9, ask=2e-9) for line in worthless]
    found = check(chain_of([*flat, *flat], YEARS, "european", 200.0))
    assert found.outcome in ("no volatility", "fitted") and found.repriced <= found.accepted


def test_a_rejected_quote_has_a_reason_and_is_not_counted_as_accepted() -> None:
    lines = quotes(80.0, STRIKES, YEARS, american=False, rate=0.03)
    lines[0] = dataclasses.replace(lines[0], bid=5.0, ask=18.0)
    found = check(chain_of(lines, YEARS, "european"))
    assert found.accepted == found.two_sided - 1
    assert [one.reason for one in found.clean.rejected] == ["below_intrinsic"]


def test_volatilities_are_held_against_the_vendor_at_liquid_strikes() -> None:
    lines = quotes(80.0, STRIKES, YEARS, american=True, rate=0.03)
    chain = chain_of(lines, YEARS, "american")
    vendor = {(line.strike, right): 0.302 for line in lines for right in "CP"}
    found = check(chain, vendor)
    reach = 1.5 * 0.3 * math.sqrt(YEARS)
    liquid = sum(abs(math.log(strike / 80.0)) <= reach for strike in STRIKES)
    assert len(found.vendor_differences) == liquid < len(STRIKES)
    assert np.median(np.abs(found.vendor_differences)) == pytest.approx(0.002, abs=2e-4)
    dead = tuple(
        dataclasses.replace(quote, open_interest=0.0, volume=0.0) if quote.strike < 80.0 else quote
        for quote in chain.quotes
    )
    assert len(check(dataclasses.replace(chain, quotes=dead), vendor).vendor_differences) < liquid
    silent = tuple(dataclasses.replace(quote, open_interest=math.nan, volume=math.nan) for quote in chain.quotes)
    assert len(check(dataclasses.replace(chain, quotes=silent), vendor).vendor_differences) == liquid
    assert not check(chain).vendor_differences
