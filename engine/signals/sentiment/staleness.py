"""How much less an opinion counts for every half-life that it is old."""

from __future__ import annotations


def staleness(event_ts: int, as_of_ts: int, halflife_us: float) -> float:
    """Factor in (0, 1] by which the confidence of an opinion about `event_ts` has decayed at `as_of_ts`; 1 for one that
    is not older. Times and half-life in microseconds."""
    return float(0.5 ** (max(0, as_of_ts - event_ts) / halflife_us))
