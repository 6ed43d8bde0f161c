"""Whatever stands in a chain: terms and check give an answer, raise nothing, warn of nothing, count every quote."""

from __future__ import annotations

import math
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import ExerciseStyle, OptionChain, OptionQuote
from engine.signals.options_math.chain_check import check_chain
from engine.signals.options_math.chain_rate import RateBounds
from engine.signals.options_math.chain_terms import terms_of_chain

BOUNDS = RateBounds(0.0, 0.06)
YEAR_US = 365 * 86_400_000_000
number = st.one_of(st.floats(1e-6, 60.0), st.sampled_from([0.0, -1.0, math.nan, math.inf, 1e-6, 1e6]))
strike = st.one_of(st.sampled_from([60.0, 70.0, 75.0, 80.0, 85.0, 90.0, 100.0]), number)
width = st.one_of(st.floats(0.01, 5.0), st.sampled_from([-1.0, math.nan]))
quote = st.builds(
    lambda k, right, bid, width, interest: OptionQuote(k, right, bid, bid + width, math.nan, 1.0, interest),
    strike, st.sampled_from(["C", "P"]), number, width, number,
)  # fmt: skip
style: st.SearchStrategy[ExerciseStyle] = st.sampled_from(["european", "american", "unknown"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(quote, max_size=24),
    style,
    st.sampled_from([0.0, 1e-3, 0.1, 2.0]),
    st.booleans(),
    st.sampled_from([math.nan, 0.0, 80.0, 1e-6, 1e6]),
    st.sampled_from([math.nan, 0.0, 80.0]),
)
def test_any_chain_has_an_outcome(
    lines: list[OptionQuote], kind: ExerciseStyle, years: float, on_spot: bool, spot: float, listed: float
) -> None:
    chain = OptionChain("lean_hogs", "test", None, kind, 1, 1, 1 + round(years * YEAR_US), listed, tuple(lines))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        terms = terms_of_chain(chain, years, BOUNDS, on_spot=on_spot, spot=spot)
        found = check_chain(chain, terms, {(80.0, "C"): 0.3})
    if terms is not None:
        assert 0.0 < terms.forward < math.inf and terms.forward_error >= 0.0 and math.isfinite(terms.carry)
    assert 0 <= found.repriced <= found.accepted <= found.two_sided <= len(lines)
    assert len(found.clean.quotes) + len(found.clean.rejected) == len(lines)
    assert (found.density is None) == (found.outcome != "fitted")
