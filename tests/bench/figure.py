"""Figures as `hydra bench` makes them, and the clocks of the benchmarks in this folder."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.host.operations.figures import Figure, at_least, at_most, median, quantile

__all__ = ["Figure", "at_least", "at_most", "cpu_seconds", "median", "quantile", "wall_milliseconds"]


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
