"""One chain from quotes to density and back: how many quotes were taken, and how many the density gives back.

Nothing here raises for a bad chain; `outcome` says how far it went.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from engine.core.records import OptionChain, OptionQuote
from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.chain_cleaning import CleanChain, clean_chain
from engine.signals.options_math.chain_terms import ChainTerms
from engine.signals.options_math.density import ImpliedDensity, implied_density
from engine.signals.options_math.exercise_value import one_sided_where_exercised
from engine.signals.options_math.implied_volatility import implied_volatility
from engine.signals.options_math.repricing import reprice
from engine.signals.options_math.status_codes import OptionStatus

Outcome = Literal["fitted", "no quotes", "unknown style", "expired", "no forward", "no volatility"]
OptionName = tuple[float, str]
LIQUID_DEVIATIONS: Final = 1.5
_NEAREST_FOR_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """`two_sided` quotes with bid <= ask, `accepted` of these, `repriced` of the accepted inside bid and ask by the
    density; 0 where there was none to fit.

    `vendor_differences` are volatilities of mids less the vendor's of the same options, per 1.00 of volatility, at
    liquid strikes: two-sided out-of-the-money quotes within 1.5 standard deviations of the forward, traded or with open
    interest where the chain knows either. (Yahoo's are volatilities of asks. The in-the-money ones are no help: quotes
    there are wide, and the mean of call and put at a strike is off by 1.16 points against .51 out of the money.)"""

    outcome: Outcome
    two_sided: int
    accepted: int
    repriced: int
    clean: CleanChain
    terms: ChainTerms | None
    density: ImpliedDensity | None
    vendor_differences: tuple[float, ...] = ()


def two_sided_quotes(chain: OptionChain) -> list[OptionQuote]:
    """Quotes with a bid and an ask that are not crossed."""
    return [quote for quote in chain.quotes if 0.0 < quote.bid <= quote.ask < math.inf]


def check_chain(
    chain: OptionChain,
    terms: ChainTerms | None,
    vendor_volatilities: Mapping[OptionName, float] | None = None,
    tick: float = 0.0,
) -> ChainCheck:
    """Clean, fit and reprice a chain read with `terms` (None where there is no forward)."""
    two_sided = len(two_sided_quotes(chain))
    clean = clean_chain(chain)
    outcome = _outcome(chain, clean, two_sided, terms)
    nothing = ChainCheck(outcome, two_sided, 0, 0, clean, terms, None)
    if terms is None or outcome != "fitted":
        accepted = sum(quote.two_sided for quote in clean.quotes) if outcome == "no forward" else 0
        return replace(nothing, accepted=accepted)
    american = chain.style == "american"
    clean = clean_chain(
        chain,
        terms.forward,
        terms.discount,
        spot=terms.spot.now,
        forward_error=terms.forward_error,
        discount_error=terms.discount_error,
    )
    taken = [quote for quote in clean.quotes if quote.two_sided]
    told = one_sided_where_exercised(clean.quotes, terms.spot)
    density = implied_density(told, terms.option_terms("american" if american else "european", tick))
    checked = replace(nothing, accepted=len(taken), clean=clean, density=density)
    checked = replace(checked, vendor_differences=_compared(chain, checked, terms, vendor_volatilities or {}))
    if density is None:
        return replace(checked, outcome="no volatility")
    return replace(checked, repriced=int(reprice(density, taken, terms.spot).inside.sum()))


def _outcome(chain: OptionChain, clean: CleanChain, two_sided: int, terms: ChainTerms | None) -> Outcome:
    if 0 < chain.expiry_ts <= chain.event_ts:
        return "expired"
    if not two_sided:
        return "no quotes"
    if chain.style == "unknown":
        return "unknown style"
    return "no forward" if terms is None or not clean.quotes else "fitted"


def _compared(
    chain: OptionChain, checked: ChainCheck, terms: ChainTerms, vendor: Mapping[OptionName, float]
) -> tuple[float, ...]:
    quotes = [
        quote for quote in checked.clean.quotes if quote.two_sided and quote.is_call == (quote.strike >= terms.forward)
    ]
    if not vendor or not quotes:
        return ()
    strike = np.array([quote.strike for quote in quotes])
    is_call = np.array([quote.is_call for quote in quotes])
    own = _volatilities(np.array([quote.mid for quote in quotes]), strike, is_call, terms, chain.style == "american")
    theirs = np.array([vendor.get((quote.strike, "C" if quote.is_call else "P"), math.nan) for quote in quotes])
    traded = {(quote.strike, quote.right == "C"): _traded(quote) for quote in chain.quotes}
    alive = np.array([traded[quote.strike, quote.is_call] or not any(traded.values()) for quote in quotes])
    distance, known = np.abs(np.log(strike / terms.forward)), np.isfinite(own)
    if not known.any():
        return ()
    nearest = np.argsort(np.where(known, distance, np.inf), kind="stable")[:_NEAREST_FOR_LEVEL]
    reach = LIQUID_DEVIATIONS * float(np.nanmedian(own[nearest])) * math.sqrt(terms.years)
    liquid = known & np.isfinite(theirs) & alive & (distance <= reach)
    return tuple((own - theirs)[liquid].tolist())


def _volatilities(
    price: FloatArray, strike: FloatArray, is_call: np.ndarray, terms: ChainTerms, american: bool
) -> FloatArray:
    if not american:
        return implied_volatility(price, terms.forward, strike, terms.years, is_call, terms.discount)[0]
    from engine.signals.options_math.de_americanise import european_equivalent

    found = european_equivalent(price, terms.forward, strike, terms.years, is_call, terms.rate.rate, terms.carry)
    return np.where(found.status == OptionStatus.OK, found.volatility, math.nan)


def _traded(quote: OptionQuote) -> bool:
    return quote.open_interest > 0.0 or quote.volume > 0.0
