"""Worker processes answer in the order of the tasks, raise what a task raises, and a death is told in one sentence."""

from __future__ import annotations

import math
import os

import pytest

from engine.host.operations.heal_bench_workers import in_workers
from engine.kernel.errors import CalculationError


def silent(done: int, total: int, text: str) -> None:
    """No progress wanted."""


def test_answers_come_in_the_order_of_the_tasks_and_progress_is_told() -> None:
    seen: list[tuple[int, int, str]] = []
    tasks = [float(value) for value in range(11)]
    told = in_workers(math.sqrt, tasks, 2, lambda *told: seen.append(told), "roots")
    assert told == [math.sqrt(value) for value in tasks]
    assert seen == [(done, 11, "roots") for done in range(1, 12)]


def test_workers_have_one_numeric_thread_and_leave_our_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    before = dict(os.environ)
    told = in_workers(os.getenv, ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], 1, silent, "names")
    assert told == ["1", "1", "1"] and dict(os.environ) == before


def test_an_error_of_a_task_is_raised_here() -> None:
    with pytest.raises(ValueError, match=r"math domain|nonnegative"):
        in_workers(math.sqrt, [1.0, -1.0], 2, silent, "roots")


def test_a_worker_that_dies_is_told_in_one_sentence() -> None:
    with pytest.raises(CalculationError, match="a worker died after 0 of 3 exits"):
        in_workers(os._exit, [3, 3, 3], 1, silent, "exits")
