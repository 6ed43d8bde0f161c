"""One measured figure, and the arithmetic that all benchmarks share."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured. `bar` is what it should be at least or at most, empty where nothing was promised; `within`
    says whether it is (None without a bar); `how` is the shape of the measurement in a few words."""

    name: str
    value: float
    unit: str
    how: str
    bar: str = ""
    within: bool | None = None

    def document(self) -> dict[str, Any]:
        """As JSON; a figure that could not be measured (NaN) is null."""
        return {**asdict(self), "value": None if self.value != self.value else self.value}


def at_most(name: str, value: float, unit: str, how: str, limit: float) -> Figure:
    """A figure that should not pass `limit`; one that could not be measured (NaN) holds nothing."""
    return Figure(name, value, unit, how, f"<= {limit:g} {unit}", value <= limit)


def at_least(name: str, value: float, unit: str, how: str, limit: float) -> Figure:
    """A figure that should reach `limit`."""
    return Figure(name, value, unit, how, f">= {limit:,.0f} {unit}", value >= limit)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def number_text(value: float) -> str:
    """A figure's value in three digits, or whole with thousands separated."""
    if value != value:
        return "not measured"
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
