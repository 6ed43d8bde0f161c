"""Mean and variance of a sliding window in constant time, without drift and the same after every restart.

Idea. Adding what comes and subtracting what goes lets rounding errors pile up in floating point; here each value is
held as a whole number of `2^-200`, so both sums are exact whatever the order and the number of updates. A window that
is restored from its values gives the same numbers to the last bit. Values below 2^-147 in size lose their last digits,
each by the same amount at every time.

>>> moments = ExactWindowMoments(3)
>>> for value in (1e9, 0.1, 0.2, 0.3):
...     moments.add(value)
>>> round(moments.mean, 15), round(moments.variance, 15)
(0.2, 0.01)

Source: superaccumulators as in Kulisch and Miranker, The arithmetic of the digital computer, SIAM Review 1986.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Final

UNIT_BITS: Final = 200


class ExactWindowMoments:
    """The last `length` finite values with their exact sum and sum of squares."""

    __slots__ = ("_square_sum", "_sum", "_units", "length")

    def __init__(self, length: int, values: Iterable[float] = ()) -> None:
        if length < 2:
            raise ValueError("a window of moments holds two values or more")
        self.length = length
        self._units: deque[int] = deque()
        self._sum = 0
        self._square_sum = 0
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        """Take one value, and drop the oldest where the window is full; ValueError or OverflowError if not finite."""
        unit = int(math.ldexp(value, UNIT_BITS))
        self._units.append(unit)
        self._sum += unit
        self._square_sum += unit * unit
        if len(self._units) > self.length:
            gone = self._units.popleft()
            self._sum -= gone
            self._square_sum -= gone * gone

    @property
    def count(self) -> int:
        """Values in the window."""
        return len(self._units)

    @property
    def mean(self) -> float:
        """Correctly rounded mean; ZeroDivisionError when empty."""
        return self._sum / (len(self._units) << UNIT_BITS)

    @property
    def variance(self) -> float:
        """Correctly rounded variance (ddof 1), exactly 0 where all values are equal; ZeroDivisionError below two."""
        count = len(self._units)
        return (count * self._square_sum - self._sum * self._sum) / (count * (count - 1) << 2 * UNIT_BITS)
