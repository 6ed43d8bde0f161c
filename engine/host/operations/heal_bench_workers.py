"""Runs a function over tasks in worker processes; the answers do not depend on how many there are.

Workers are started afresh (spawn), with one thread in every numeric library, also where there is only one: arithmetic
is then the same in each. They end with this process and leave Ctrl-C to it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Final, TypeVar

from engine.kernel.child_processes import PARENT_VARIABLE, adopt_parent
from engine.kernel.errors import CalculationError

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Report = Callable[[int, int, str], None]
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def in_workers(
    function: Callable[[Task], Answer], tasks: Sequence[Task], jobs: int, report: Report, label: str
) -> list[Answer]:
    """`function` (importable by name, like its tasks and answers) of every task, in the order of the tasks.

    An error of a task is raised here; CalculationError where a worker dies.
    """
    answers: list[Answer] = []
    with _environment():
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_begin_worker)
        try:
            for answer in pool.map(function, tasks):
                answers.append(answer)
                report(len(answers), len(tasks), label)
        except BrokenProcessPool as error:
            raise CalculationError(
                f"a worker died after {len(answers)} of {len(tasks)} {label}; fewer --jobs need less memory"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
    return answers


@contextmanager
def _environment() -> Iterator[None]:
    """What workers inherit; ours is as before afterwards."""
    wanted = {**_ONE_THREAD, PARENT_VARIABLE: str(os.getpid())}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopt_parent()
