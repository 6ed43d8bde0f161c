"""Does an input know the return that is still to come better than any honest one can?

Its correlation with the return of the following bar is looked at over the last 6, 8, 12, 20 and 40 bars, since a leak
may have begun at any of them. By Fisher's transformation, z = atanh(r) has standard error 1 / sqrt(n - 3) (Fisher,
Metron 1921): where even `SURE_ERRORS` of them below r it stays above `HONEST_CORRELATION`, the input tells the future.
While no window is sure and one looks like it (`SUSPECT_CORRELATION`), more bars must be waited for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.agent.evidence import compute
from engine.agent.observation import BarObservation

WINDOWS: Final = (6, 8, 12, 20, 40)
HONEST_CORRELATION: Final = 0.35
SURE_ERRORS: Final = 2.3
SUSPECT_CORRELATION: Final = 0.5
CAPPED: Final = 0.999


@dataclass(frozen=True, slots=True)
class FutureKnowledge:
    """The most telling window: its first bar's time, its correlation, and the lower bound of its size (0 at least);
    `suspect` where some window looks like a leak though none is sure."""

    from_ts: int
    correlation: float
    bound: float
    suspect: bool

    @property
    def is_sure(self) -> bool:
        """Whether no honest input does this."""
        return self.bound > HONEST_CORRELATION


def future_knowledge(history: Sequence[BarObservation], index: int) -> FutureKnowledge:
    """Look at the windows that the history (oldest first) covers; nothing is known below 7 bars."""
    best = FutureKnowledge(history[-1].ts if history else 0, 0.0, 0.0, False)
    suspect = False
    for pairs in WINDOWS:
        if len(history) < pairs + 1:
            break
        window = history[-pairs - 1 :]
        value = compute("input_return_correlation", {"index": index}, window[0].ts, window[-1].ts, window)
        size = min(abs(value), CAPPED)
        bound = max(0.0, math.tanh(math.atanh(size) - SURE_ERRORS / math.sqrt(pairs - 3)))
        suspect = suspect or size >= SUSPECT_CORRELATION
        if bound > best.bound:
            best = FutureKnowledge(window[0].ts, value, bound, False)
    return FutureKnowledge(best.from_ts, best.correlation, best.bound, suspect)
