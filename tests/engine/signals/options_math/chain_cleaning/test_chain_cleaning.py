"""Every rejected quote has a reason; one-sided quotes stay."""

from __future__ import annotations

import math
import random

import pytest

from engine.core.records import ExerciseStyle, OptionChain, OptionQuote
from engine.signals.options_math.chain_cleaning import clean_chain


def chain(*quotes: OptionQuote, style: ExerciseStyle = "european") -> OptionChain:
    return OptionChain("lean_hogs", "test", None, style, 0, 0, 10**12, 80.0, quotes)


def quote(strike: float, right: str, bid: float, ask: float) -> OptionQuote:
    assert right in ("C", "P")
    return OptionQuote(strike, "C" if right == "C" else "P", bid, ask, math.nan, 0.0, 1.0)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (quote(80, "C", 2.0, 1.5), "crossed"),
        (quote(80, "C", 1.0, math.nan), "no_ask"),
        (quote(80, "C", 0.0, 0.0), "no_ask"),
        (quote(80, "C", -1.0, 1.0), "negative"),
        (quote(math.nan, "C", 1.0, 1.2), "invalid_strike"),
        (quote(80, "C", 0.1, 9.0), "absurd_width"),
        (quote(70, "C", 5.0, 9.0), "below_intrinsic"),
    ],
)
def test_reasons(bad: OptionQuote, reason: str) -> None:
    found = clean_chain(chain(bad, quote(82, "C", 1.0, 1.1)), forward=80.0)
    assert [rejected.reason for rejected in found.rejected] == [reason]
    assert [clean.strike for clean in found.quotes] == [82]


def test_zero_or_missing_bids_stay_as_one_sided_information() -> None:
    found = clean_chain(chain(quote(90, "C", 0.0, 0.1), quote(92, "C", math.nan, 0.1)), forward=80.0)
    assert [clean.bid for clean in found.quotes] == [0.0, 0.0]
    assert not any(clean.two_sided for clean in found.quotes)


def test_unknown_style_is_excluded() -> None:
    found = clean_chain(chain(quote(80, "C", 1.0, 1.1), style="unknown"))
    assert not found.quotes and found.rejected[0].reason == "unknown_style"


def test_of_duplicates_the_narrower_stays_and_order_does_not_matter() -> None:
    quotes = [quote(80, "C", 1.0, 1.5), quote(80, "C", 1.1, 1.3), quote(80, "P", 1.0, 1.4), quote(78, "P", 0.5, 0.6)]
    first = clean_chain(chain(*quotes), 80.0)
    random.Random(3).shuffle(quotes)
    assert clean_chain(chain(*quotes), 80.0) == first
    assert [(q.strike, q.is_call, q.bid) for q in first.quotes] == [(78, False, 0.5), (80, True, 1.1), (80, False, 1.0)]
