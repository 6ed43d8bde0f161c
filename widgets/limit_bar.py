"""A limit as an analogue bar: how far now is towards trip, with the warning marked inside."""

from __future__ import annotations

from typing import Literal

from widgets.sparkline import share_bar

LimitState = Literal["OK", "WARN", "TRIP", "UNKNOWN"]


def limit_state(now: float | None, warn: float | None, trip: float | None) -> LimitState:
    """Where a value stands. Limits may lie above (drawdown) or below (a loss written as a negative number)."""
    if now is None or trip is None:
        return "UNKNOWN"
    sign = -1.0 if trip < 0 or (warn is not None and warn > trip) else 1.0
    if sign * now >= sign * trip:
        return "TRIP"
    return "WARN" if warn is not None and sign * now >= sign * warn else "OK"


def limit_share(now: float | None, trip: float | None) -> float | None:
    """How much of the limit is used, 0..1; None where that has no meaning."""
    if now is None or trip is None or trip == 0:
        return None
    return min(1.0, max(0.0, now / trip))


def limit_bar(now: float | None, warn: float | None, trip: float | None, width: int) -> str:
    """The bar in exactly `width` cells; `│` marks the warning, question marks an unknown value."""
    share = limit_share(now, trip)
    if share is None or trip is None:
        return "?" * width
    bar = share_bar(share, width)
    if warn is None or width < 3 or not 0 < warn / trip < 1:
        return bar
    mark = min(width - 1, round(warn / trip * width))
    return bar[:mark] + "│" + bar[mark + 1 :] if bar[mark] == "░" else bar
