"""Why an option calculation has, or has not, an answer: one small integer per element, never an exception."""

from __future__ import annotations

from enum import IntEnum


class OptionStatus(IntEnum):
    """Status of one element of a vectorised option calculation; every code but OK comes with a NaN result."""

    OK = 0
    BELOW_INTRINSIC = 1
    AT_INTRINSIC = 2
    ABOVE_MAX = 3
    ZERO_PRICE = 4
    EXPIRED = 5
    INVALID_INPUT = 6
    NOT_INVERTIBLE = 7
    EXERCISE_REGION = 8
