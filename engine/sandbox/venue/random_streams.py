"""Independent random streams from one seed, so that drawing a fault never moves the market and vice versa."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """One number per purpose; a new purpose gets a new number, so that older seeds keep their worlds."""

    LOADINGS = 1
    FACTORS = 2
    RETURNS = 3
    VOLATILITY = 4
    VOLUME = 5
    FAULT = 6
    COT = 7
    HEADLINES = 8
    RANGE = 9
    OPTION_VOLUME = 10


def stream(seed: int, purpose: Stream, *index: int) -> np.random.Generator:
    """The generator of one purpose (and index, e.g. a bar); same arguments, same numbers on every machine."""
    return np.random.default_rng([seed, int(purpose), *index])
