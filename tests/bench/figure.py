"""One measured figure, and the arithmetic that all benchmarks share."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


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


def at_most(name: str, value: float, unit: str, how: str, limit: float) -> Figure:
    """A figure that should not pass `limit`."""
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


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor time of this process for one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def wall_milliseconds(work: Callable[[], object]) -> float:
    """Time that passed for one call."""
    began = time.perf_counter()
    work()
    return 1000.0 * (time.perf_counter() - began)
