"""One usable moment of one option expiry: the chain that speaks for its market, cleaned, with its forward."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from engine.core.records import OptionChain
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.options_math.chain_cleaning import CleanChain, clean_chain
from engine.signals.options_math.forward import infer_forward

YEAR_US: Final = 365 * MICROS_PER_DAY
LEAST_LIFE_US: Final = 2 * MICROS_PER_DAY


@dataclass(frozen=True, slots=True)
class OptionSnapshot:
    """`event_ts` is when these quotes were first seen: a vendor that repeats a snapshot under a new time does not make
    it younger. `forward` is NaN where it is not known."""

    chain: OptionChain
    event_ts: int
    repeated: bool
    clean: CleanChain
    forward: float
    discount: float
    years: float

    @property
    def usable(self) -> bool:
        """Whether there is a forward and at least one clean quote."""
        return math.isfinite(self.forward) and bool(self.clean.quotes)


def prepare_snapshot(chain: OptionChain, event_ts: int, repeated: bool) -> OptionSnapshot:
    """Clean a chain and find its forward: the listed future, else put-call parity for European options, else none."""
    forward, discount = chain.underlying_price, 1.0
    if not (math.isfinite(forward) and forward > 0.0):
        estimate = infer_forward(clean_chain(chain).quotes) if chain.style == "european" else None
        forward, discount = (estimate.forward, estimate.discount) if estimate is not None else (math.nan, 1.0)
    clean = clean_chain(chain, forward, discount)
    return OptionSnapshot(chain, event_ts, repeated, clean, forward, discount, (chain.expiry_ts - event_ts) / YEAR_US)


class SnapshotSelector:
    """Chooses which chains speak: of each moment the nearest expiry with at least two days to live is the reference,
    the next one after it gives the term structure. Chains of an earlier moment than the last are late and stay silent.
    """

    def __init__(self) -> None:
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
        return role, prepare_snapshot(chain, event_ts, repeated)

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
