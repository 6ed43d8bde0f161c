"""One usable moment of one option expiry: the chain that speaks for its market, cleaned, with its forward."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from engine.core.records import OptionChain
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.options_math.chain_cleaning import CleanChain, clean_chain
from engine.signals.options_math.chain_rate import LARGEST_OWN_ERROR, RateBounds, own_rate
from engine.signals.options_math.chain_terms import ChainTerms, parity_estimate, terms_of_chain
from engine.signals.options_math.forward import infer_forward

YEAR_US: Final = 365 * MICROS_PER_DAY
LEAST_LIFE_US: Final = 2 * MICROS_PER_DAY


@dataclass(frozen=True, slots=True)
class OptionSnapshot:
    """`event_ts` is when these quotes were first seen: a vendor that repeats a snapshot under a new time does not make
    it younger. `forward` is NaN where it is not known; `discount` is 1 where the quotes tell no rate. `terms` says
    where forward and rate come from and how well they are known; None where there is no forward or nobody said which
    rates are possible."""

    chain: OptionChain
    event_ts: int
    repeated: bool
    clean: CleanChain
    forward: float
    discount: float
    years: float
    terms: ChainTerms | None = None

    @property
    def usable(self) -> bool:
        """Whether there is a forward and at least one clean quote."""
        return math.isfinite(self.forward) and bool(self.clean.quotes)

    @property
    def why_unusable(self) -> str:
        """Quality of readings that this snapshot cannot give."""
        if self.chain.style == "unknown":
            return "unknown_style"
        return "no_usable_quote" if math.isfinite(self.forward) else "no_forward"


def prepare_snapshot(
    chain: OptionChain, event_ts: int, repeated: bool, bounds: RateBounds | None = None
) -> OptionSnapshot:
    """Clean a chain and find its forward: the listed future, else what its own quotes tell.

    A chain that reaches the features is on futures: its market has a contract calendar and `underlying_price` is the
    listed future (engine/core/records.py), never a spot price, which ingestion keeps in the vendor's marks alone. So
    American options have no carry here. `bounds` are the rates thought possible; without them American quotes give no
    forward, and European parity gives a discount only where it tells the rate to one percent a year.
    """
    years = (chain.expiry_ts - event_ts) / YEAR_US
    if bounds is None:
        forward, discount = _listed_or_parity(chain, years)
        clean = clean_chain(chain, forward, discount)
        return OptionSnapshot(chain, event_ts, repeated, clean, forward, discount, years)
    terms = terms_of_chain(chain, years, bounds)
    if terms is None:
        listed = chain.underlying_price if chain.underlying_price > 0.0 else math.nan
        return OptionSnapshot(chain, event_ts, repeated, clean_chain(chain, listed), listed, 1.0, years)
    clean = clean_chain(
        chain, terms.forward, terms.discount, forward_error=terms.forward_error, discount_error=terms.discount_error
    )
    discount = 1.0 if terms.rate.source == "bounds" else terms.discount
    return OptionSnapshot(chain, event_ts, repeated, clean, terms.forward, discount, years, terms)


def _listed_or_parity(chain: OptionChain, years: float) -> tuple[float, float]:
    """Forward and discount factor where nothing is known of rates; NaN for no forward."""
    if math.isfinite(chain.underlying_price) and chain.underlying_price > 0.0:
        return chain.underlying_price, 1.0
    estimate = parity_estimate(chain)
    if estimate is None:
        return math.nan, 1.0
    told = own_rate(estimate, years)
    if told is None or told.error > LARGEST_OWN_ERROR:
        estimate = infer_forward(clean_chain(chain).quotes, 1.0)
    return (estimate.forward, estimate.discount) if estimate is not None else (math.nan, 1.0)


class SnapshotSelector:
    """Chooses which chains speak: of each moment the nearest expiry with at least two days to live is the reference,
    the next one after it gives the term structure. Chains of an earlier moment than the last are late and stay silent.
    `bounds` as for `prepare_snapshot`.
    """

    def __init__(self, bounds: RateBounds | None = None) -> None:
        self._bounds = bounds
        self._moment_ts = -1
        self._reference_expiry: int | None = None
        self._following_expiry: int | None = None
        self._previous: dict[str, tuple[OptionChain, int]] = {}

    def offer(self, chain: OptionChain) -> tuple[str, OptionSnapshot] | None:
        """("reference" | "following", snapshot), or None for a chain that does not speak."""
        if chain.event_ts < self._moment_ts or chain.expiry_ts - chain.event_ts < LEAST_LIFE_US:
            return None
        if chain.event_ts > self._moment_ts:
            self._moment_ts = chain.event_ts
            self._reference_expiry = self._following_expiry = None
        role = self._role(chain.expiry_ts)
        if role is None:
            return None
        event_ts, repeated = chain.event_ts, False
        held = self._previous.get(role)
        if held is not None and _says_the_same(held[0], chain):
            event_ts, repeated = held[1], True
        self._previous[role] = (chain, event_ts)
        return role, prepare_snapshot(chain, event_ts, repeated, self._bounds)

    def _role(self, expiry_ts: int) -> str | None:
        if self._reference_expiry in (None, expiry_ts):
            self._reference_expiry = expiry_ts
            return "reference"
        later = self._reference_expiry is not None and expiry_ts > self._reference_expiry
        if later and self._following_expiry in (None, expiry_ts):
            self._following_expiry = expiry_ts
            return "following"
        return None


def _says_the_same(held: OptionChain, chain: OptionChain) -> bool:
    if held.expiry_ts != chain.expiry_ts or len(held.quotes) != len(chain.quotes):
        return False
    if not _equal(held.underlying_price, chain.underlying_price):
        return False
    return all(
        a.strike == b.strike
        and a.right == b.right
        and _equal(a.bid, b.bid)
        and _equal(a.ask, b.ask)
        and _equal(a.open_interest, b.open_interest)
        for a, b in zip(held.quotes, chain.quotes, strict=True)
    )


def _equal(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)
