"""Which quotes of a chain may speak, and why the others may not. Nothing is dropped without a reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def clean_chain(
    chain: OptionChain,
    forward: float = math.nan,
    discount: float = 1.0,
    *,
    spot: float = math.nan,
    forward_error: float = 0.0,
    discount_error: float = 0.0,
    ages_us: Sequence[int] | None = None,
    max_age_us: int | None = None,
) -> CleanChain:
    """Sort, check and de-duplicate the quotes of one expiry.

    Reasons, first that applies: unknown_style; expired (a chain without times, both 0, counts as alive); stale (older
    than `max_age_us`; `ages_us` are the ages of `chain.quotes` in their order, where they are known); invalid_strike;
    negative; no_ask (missing, infinite or zero: a zero price is a missing price); crossed; absurd_width (wider than 1.5
    times its mid, unless nobody bids, and wider than 2 % of the underlying); below_intrinsic; duplicate (the same
    option again: the narrower one stays). No bid, or one of zero or NaN, is one-sided information and stays.

    The intrinsic value, which an ask must not lie under, is that of the discounted `forward` for European options, and
    that of exercise at once for American ones: of `spot` where it is given, else of `forward`, the listed future.
    Without a forward there is no such test; its error and that of the discount are allowed for.
    """
    known = _Known(
        spot if chain.style == "american" and math.isfinite(spot) else forward,
        1.0 if chain.style == "american" else discount,
        forward_error,
        0.0 if chain.style == "american" else discount_error,
    )
    ages: Sequence[int] = [0] * len(chain.quotes) if ages_us is None else ages_us
    ordered = sorted(zip(chain.quotes, ages, strict=True), key=_place)
    usable: list[CleanQuote] = []
    rejected: list[RejectedQuote] = []
    for quote, age_us in ordered:
        stale = max_age_us is not None and age_us > max_age_us
        reason = _reason_of_chain(chain) or ("stale" if stale else _reason(quote, known))
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


@dataclass(frozen=True, slots=True)
class _Known:
    """What the intrinsic value is taken of; `underlying` NaN where it is not known."""

    underlying: float
    discount: float
    underlying_error: float
    discount_error: float

    def intrinsic(self, quote: OptionQuote) -> float:
        """The least that the option is worth, less what is in doubt; NaN where the underlying is not known."""
        inside = self.underlying - quote.strike if quote.right == "C" else quote.strike - self.underlying
        doubt = self.discount * self.underlying_error + self.discount_error * abs(inside)
        return self.discount * max(inside, 0.0) * (1.0 - 1e-9) - doubt


def _reason_of_chain(chain: OptionChain) -> str | None:
    if chain.style == "unknown":
        return "unknown_style"
    return "expired" if 0 < chain.expiry_ts <= chain.event_ts else None


def _reason(quote: OptionQuote, known: _Known) -> str | None:
    if not (math.isfinite(quote.strike) and quote.strike > 0.0):
        return "invalid_strike"
    if quote.bid < 0.0 or quote.ask < 0.0:
        return "negative"
    if not (math.isfinite(quote.ask) and quote.ask > 0.0):
        return "no_ask"
    if quote.bid > quote.ask:
        return "crossed"
    width = quote.ask - quote.bid
    scale = known.underlying if known.underlying == known.underlying else quote.strike
    absurd = width > _ABSURD_WIDTH_SHARE * 0.5 * (quote.bid + quote.ask)
    if quote.bid > 0.0 and absurd and width > _WIDTH_FLOOR_SHARE * scale:
        return "absurd_width"
    return "below_intrinsic" if quote.ask < known.intrinsic(quote) else None


def _width(quote: CleanQuote) -> float:
    return quote.ask - quote.bid


def _place(item: tuple[OptionQuote, int]) -> tuple[float | str, ...]:
    quote, age_us = item
    numbers = (_order(number) for number in (quote.bid, quote.ask, quote.open_interest))
    return (_order(quote.strike), quote.right, *numbers, float(age_us))


def _order(value: float) -> float:
    return value if value == value else math.inf
