"""Whatever a chain holds: every quote is used or rejected with a reason, in the same way in any order."""

from __future__ import annotations

import math
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import ExerciseStyle, OptionChain, OptionQuote
from engine.signals.options_math.chain_cleaning import clean_chain

REASONS = {
    "unknown_style", "expired", "stale", "invalid_strike", "negative", "no_ask", "crossed", "absurd_width",
    "below_intrinsic", "duplicate",
}  # fmt: skip
number = st.one_of(
    st.floats(0.0, 40.0),
    st.sampled_from([0.0, -1.0, math.nan, math.inf, -math.inf, 1e-12, 1e308]),
)
strike = st.one_of(st.sampled_from([70.0, 75.0, 80.0, 85.0, 90.0]), number)
quotes = st.lists(
    st.builds(OptionQuote, strike, st.sampled_from(["C", "P"]), number, number, st.just(math.nan), number, number),
    max_size=25,
)
style: st.SearchStrategy[ExerciseStyle] = st.sampled_from(["european", "american", "unknown"])
forward = st.one_of(st.just(math.nan), st.floats(50.0, 120.0))


def chain(lines: list[OptionQuote], kind: ExerciseStyle, expiry_ts: int = 2_000) -> OptionChain:
    return OptionChain("lean_hogs", "test", None, kind, 1_000, 1_000, expiry_ts, math.nan, tuple(lines))


@given(quotes, style, forward, st.floats(0.8, 1.0))
def test_every_quote_is_used_or_rejected_with_a_reason(
    lines: list[OptionQuote], kind: ExerciseStyle, level: float, discount: float
) -> None:
    found = clean_chain(chain(lines, kind), level, discount)
    assert len(found.quotes) + len(found.rejected) == len(lines)
    assert {one.reason for one in found.rejected} <= REASONS
    places = [(one.strike, one.is_call) for one in found.quotes]
    assert len(places) == len(set(places)) and places == sorted(places, key=lambda place: (place[0], not place[1]))
    for one in found.quotes:
        assert 0.0 <= one.bid <= one.ask < math.inf and one.ask > 0.0 and 0.0 < one.strike < math.inf
        inside = level - one.strike if one.is_call else one.strike - level
        factor = discount if kind == "european" else 1.0
        assert not one.ask < factor * inside * (1.0 - 1e-9)


@given(quotes, style, forward, st.integers(0, 1_000))
def test_the_order_of_rows_does_not_matter(
    lines: list[OptionQuote], kind: ExerciseStyle, level: float, seed: int
) -> None:
    shuffled = list(lines)
    random.Random(seed).shuffle(shuffled)
    assert repr(clean_chain(chain(lines, kind), level)) == repr(clean_chain(chain(shuffled, kind), level))


@given(quotes, forward, st.integers(1, 9))
def test_one_more_bad_row_changes_no_other(lines: list[OptionQuote], level: float, place: int) -> None:
    before = clean_chain(chain(lines, "american"), level)
    worse = [*lines[:place], OptionQuote(83.0, "C", 5.0, 4.0, math.nan, 0.0, 0.0), *lines[place:]]
    after = clean_chain(chain(worse, "american"), level)
    assert repr(after.quotes) == repr(before.quotes)
    counted = Counter(repr(one) for one in after.rejected) - Counter(repr(one) for one in before.rejected)
    assert list(counted.values()) == [1]


@given(quotes, st.lists(st.integers(0, 100), min_size=25, max_size=25), st.integers(0, 100))
def test_old_quotes_are_stale_and_young_ones_are_judged_as_ever(
    lines: list[OptionQuote], ages: list[int], limit: int
) -> None:
    ages = ages[: len(lines)]
    found = clean_chain(chain(lines, "european"), 80.0, ages_us=ages, max_age_us=limit)
    assert sum(one.reason == "stale" for one in found.rejected) == sum(age > limit for age in ages)
    young = [line for line, age in zip(lines, ages, strict=True) if age <= limit]
    assert repr(found.quotes) == repr(clean_chain(chain(young, "european"), 80.0).quotes)


@given(quotes, style)
def test_an_expired_chain_says_nothing(lines: list[OptionQuote], kind: ExerciseStyle) -> None:
    found = clean_chain(chain(lines, kind, expiry_ts=1_000))
    reason = "unknown_style" if kind == "unknown" else "expired"
    assert not found.quotes and all(one.reason == reason for one in found.rejected)


def test_american_options_are_held_against_exercise_at_once() -> None:
    call = OptionQuote(70.0, "C", 9.2, 9.6, math.nan, 0.0, 0.0)
    assert not clean_chain(chain([call], "european"), 80.0, 0.95).rejected, "the discounted value is 9.50"
    american = chain([call], "american")
    assert clean_chain(american, 80.0, 0.95).rejected[0].reason == "below_intrinsic"
    assert not clean_chain(american, 80.0, spot=79.5).rejected, "a share pays its holder what it costs now"
    assert not clean_chain(american, 80.0, forward_error=0.5).rejected, "the forward is in doubt"
    deep = chain([OptionQuote(40.0, "C", 37.0, 37.9, math.nan, 0.0, 0.0)], "european")
    assert clean_chain(deep, 80.0, 0.95).rejected[0].reason == "below_intrinsic"
    assert not clean_chain(deep, 80.0, 0.95, discount_error=0.01).rejected
