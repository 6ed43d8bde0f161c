"""Differences without rounding against rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.options_math.error_free import quotient_less_difference, two_product, two_sum

ordinary = st.floats(1e-3, 1e6)


@given(a=st.floats(-1e12, 1e12), b=st.floats(-1e12, 1e12))
def test_sums_are_exact(a: float, b: float) -> None:
    total, error = two_sum(np.array([a]), np.array([b]))
    assert Fraction(float(total[0])) + Fraction(float(error[0])) == Fraction(a) + Fraction(b)


@given(a=st.floats(1e-100, 1e100), b=st.floats(1e-100, 1e100))
def test_products_are_exact(a: float, b: float) -> None:
    product, error = two_product(np.array([a]), np.array([b]))
    assert Fraction(float(product[0])) + Fraction(float(error[0])) == Fraction(a) * Fraction(b)


@given(forward=ordinary, strike=ordinary, share=st.floats(1e-14, 1e-3), discount=st.floats(0.5, 1.05))
def test_a_small_remainder_keeps_its_digits(forward: float, strike: float, share: float, discount: float) -> None:
    high, low = max(forward, strike), min(forward, strike)
    price = discount * (high - low) * (1.0 + share)
    exact = Fraction(price) / Fraction(discount) - (Fraction(high) - Fraction(low))
    found = quotient_less_difference(*(np.array([x]) for x in (price, discount, high, low)))[0]
    assert abs(Fraction(float(found)) - exact) <= abs(exact) * Fraction(1, 2**52) + Fraction(high) * Fraction(1, 2**100)


def test_beyond_the_range_of_splitting_the_plain_difference_remains() -> None:
    with np.errstate(all="ignore"):
        found = quotient_less_difference(*(np.array([x]) for x in (1e305, 1.0, 3e304, 1e304)))
    assert found[0] == 1e305 - 2e304
