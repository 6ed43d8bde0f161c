"""What is left of a price after subtraction of a larger part, with no rounding but that of the inputs.

The time value of a deep in-the-money option is the small difference of two large doubles. Here the quotient
price / discount and the difference of forward and strike keep their rounding errors as second words, so that the
result is the correctly rounded difference up to a few 1e-32 of its parts (Dekker 1971; Knuth, TAOCP 2, 4.2.2).
"""

from __future__ import annotations

import numpy as np

from engine.signals.options_math.mills_ratio import FloatArray

_SPLITTER = 134217729.0  # 2^27 + 1: halves of 26 bits


def two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rounded sum and its exact rounding error."""
    total = a + b
    virtual = total - a
    return total, (a - (total - virtual)) + (b - virtual)


def two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rounded product and its exact rounding error, for factors below 1e290 whose product does not underflow."""
    product = a * b
    shifted = _SPLITTER * a
    a_high = shifted - (shifted - a)
    a_low = a - a_high
    shifted = _SPLITTER * b
    b_high = shifted - (shifted - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def quotient_less_difference(
    price: FloatArray, discount: FloatArray, plus: FloatArray, minus: FloatArray
) -> FloatArray:
    """price / discount - (plus - minus)."""
    quotient = price / discount
    product, error = two_product(quotient, discount)
    remainder = ((price - product) - error) / discount
    difference, difference_error = two_sum(plus, -minus)
    rest, rest_error = two_sum(quotient, -difference)
    correction = (remainder - difference_error) + rest_error
    # Where splitting overflows the words say nothing; the plain difference remains.
    value: FloatArray = rest + np.where(np.isfinite(correction), correction, 0.0)
    return value
