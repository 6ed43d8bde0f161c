"""Which quotes of a chain may speak, and why the others may not. Nothing is dropped without a reason."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.core.records import OptionChain, OptionQuote

_WIDTH_FLOOR_SHARE = 0.02
_ABSURD_WIDTH_SHARE = 1.5


@dataclass(frozen=True, slots=True)
class CleanQuote:
    """A usable quote. `bid` is 0 where nobody bids: one-sided information, the price lies in [0, ask]."""

    strike: float
    is_call: bool
    bid: float
    ask: float
    open_interest: float

    @property
    def two_sided(self) -> bool:
        """Whether somebody bids."""
        return self.bid > 0.0

    @property
    def mid(self) -> float:
        """Middle of bid and ask."""
        return 0.5 * (self.bid + self.ask)


@dataclass(frozen=True, slots=True)
class RejectedQuote:
    """A quote that may not speak, and why."""

    strike: float
    right: str
    reason: str


@dataclass(frozen=True, slots=True)
class CleanChain:
    """Usable quotes ordered by strike, calls before puts, and the rejected ones in the same order."""

    quotes: tuple[CleanQuote, ...]
    rejected: tuple[RejectedQuote, ...]


def clean_chain(chain: OptionChain, forward: float = math.nan, discount: float = 1.0) -> CleanChain:
    """Sort, check and de-duplicate the quotes of one expiry.

    Reasons: unknown_style, invalid_strike, no_ask (missing or zero: a zero price is a missing price), negative,
    crossed, absurd_width (wider than 1.5 times its mid, unless nobody bids, and wider than 2 % of the underlying),
    below_intrinsic (the ask lies under the discounted intrinsic value of `forward`, if that is known), duplicate (the
    same option again: the narrower one stays).
    """
    usable: list[CleanQuote] = []
    rejected: list[RejectedQuote] = []
    ordered = sorted(chain.quotes, key=lambda q: (_order(q.strike), q.right, _order(q.bid), _order(q.ask)))
    for quote in ordered:
        reason = _reason(chain, quote, forward, discount)
        if reason is not None:
            rejected.append(RejectedQuote(quote.strike, quote.right, reason))
            continue
        bid = quote.bid if quote.bid > 0.0 else 0.0
        clean = CleanQuote(quote.strike, quote.right == "C", bid, quote.ask, quote.open_interest)
        if usable and (usable[-1].strike, usable[-1].is_call) == (clean.strike, clean.is_call):
            rejected.append(RejectedQuote(quote.strike, quote.right, "duplicate"))
            if _width(clean) < _width(usable[-1]):
                usable[-1] = clean
            continue
        usable.append(clean)
    return CleanChain(tuple(usable), tuple(rejected))


def _reason(chain: OptionChain, quote: OptionQuote, forward: float, discount: float) -> str | None:
    if chain.style == "unknown":
        return "unknown_style"
    if not (math.isfinite(quote.strike) and quote.strike > 0.0):
        return "invalid_strike"
    if quote.bid < 0.0 or quote.ask < 0.0:
        return "negative"
    if not (math.isfinite(quote.ask) and quote.ask > 0.0):
        return "no_ask"
    if quote.bid > quote.ask:
        return "crossed"
    width = quote.ask - quote.bid
    scale = forward if forward == forward else quote.strike
    absurd = width > _ABSURD_WIDTH_SHARE * 0.5 * (quote.bid + quote.ask)
    if quote.bid > 0.0 and absurd and width > _WIDTH_FLOOR_SHARE * scale:
        return "absurd_width"
    if forward == forward:
        intrinsic = discount * max(forward - quote.strike if quote.right == "C" else quote.strike - forward, 0.0)
        if quote.ask < intrinsic * (1.0 - 1e-9):
            return "below_intrinsic"
    return None


def _width(quote: CleanQuote) -> float:
    return quote.ask - quote.bid


def _order(value: float) -> float:
    return value if value == value else math.inf
