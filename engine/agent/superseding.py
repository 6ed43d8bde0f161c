"""Which second fault ends an open case and takes its place.

A case of size (volatility, liquidity, a faded edge) leaves the champion in the market, at less of its size, for days of
market time. A fault of its inputs or a turned relation that shows meanwhile must not wait for its end: what such a case
proves, it proves of a champion that is broken in another way too. Cases that hold the champion aside, or that read its
inputs right at half size, are not ended so: nothing is gained by a hurry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.agent.diagnosis import Cause

TRADED_THROUGH: Final[dict[Cause, str]] = {
    "regime_volatility": "regime_volatility",
    "regime_liquidity": "regime_liquidity",
    "decay": "edge",
}
"""Causes through which the champion trades, and the name under which their treatment silences their detector."""
OUTRANKING: Final[frozenset[Cause]] = frozenset({"data_feed", "feature_drift", "concept_drift", "overfit"})


def outranks(second: Cause, first: Cause) -> bool:
    """Whether a second finding takes the place of an open case.

    >>> outranks("data_feed", "regime_volatility"), outranks("regime_volatility", "data_feed")
    (True, False)
    """
    return second in OUTRANKING and first in TRADED_THROUGH
