"""The training matrix: the answers of a point-in-time read at many moments, in one pass over sorted rows.

Per feature the rows come in order of `known_ts`, then `event_ts`, version, `recorded_ts`, source, value. The last row
of each `known_ts` can become the answer, and does where its `event_ts` reaches the running maximum; a binary search of
the moments among those rows gives every answer. Rows of several segments are merged feature by feature; the columns
that break ties are read only where two segments hold rows of the same feature, `event_ts` and `known_ts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from storage.feature_columns import text_ranks
from storage.feature_rows import MISSING_AGE_US, FeatureMatrix
from storage.sorted_runs import Run, SegmentRows, TableRows, features_side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_CELLS: Final = 1_000_000
Sources = Sequence[SegmentRows | TableRows]
_COLUMNS: Final = ("feature", "event_ts", "known_ts", "value")


def matrix_as_of(
    sources: Sources,
    times: NDArray[np.int64],
    features: Sequence[str],
    max_age_us: Mapping[str, int],
) -> FeatureMatrix:
    """Readings of `features` (d) at every time of `times[n]`; equal to asking at each time alone.

    Which row wins: among rows with `known_ts` <= t the newest `event_ts`; among those the latest `known_ts`, then
    version, `recorded_ts`, source and value (a missing one above all). Memory: the answer and some row groups.
    """
    n, d = len(times), len(features)
    values = np.empty((n, d))
    age_us = np.empty((n, d), dtype=np.int64)
    stale = np.empty((n, d), dtype=np.bool_)
    unknown = np.ones(d, dtype=np.bool_)
    if n and d:
        order = None if bool(np.all(times[1:] >= times[:-1])) else np.argsort(times, kind="stable")
        moments = times if order is None else times[order]
        block = _Block(moments, max(1, BLOCK_CELLS // n))
        columns: dict[str, list[int]] = {}
        for column, name in enumerate(features):
            columns.setdefault(name, []).append(column)

        def write() -> None:
            block.write(values, age_us, stale, order)

        for name, runs in features_side_by_side(sources, _COLUMNS, features, int(moments[-1])):
            known, event, value = _winners(runs)
            for column in columns[name]:
                if block.full:
                    write()
                block.add(column, known, event, value, max_age_us[name])
                unknown[column] = False
        write()
    if unknown.any():
        values[:, unknown], age_us[:, unknown], stale[:, unknown] = np.nan, MISSING_AGE_US, True
    return FeatureMatrix(times, tuple(features), values, age_us, stale)


class _Block:
    """Some columns of the matrix, each contiguous: written to the answer together, since single columns of a row-major
    matrix touch every line of memory."""

    def __init__(self, moments: NDArray[np.int64], size: int) -> None:
        self._moments = moments
        self._size = size
        self._values = np.empty((size, len(moments)))
        self._ages = np.empty((size, len(moments)), dtype=np.int64)
        self._stale = np.empty((size, len(moments)), dtype=np.bool_)
        self._columns: list[int] = []

    @property
    def full(self) -> bool:
        return len(self._columns) == self._size

    def add(
        self,
        column: int,
        known: NDArray[np.int64],
        event: NDArray[np.int64],
        value: NDArray[np.float64],
        max_age_us: int,
    ) -> None:
        """One feature: at each moment its last winner known by then."""
        at = len(self._columns)
        self._columns.append(column)
        found = np.searchsorted(known, self._moments, side="right") - 1
        first = int(np.searchsorted(self._moments, known[0], side="left")) if len(known) else len(self._moments)
        picked = found[first:]
        np.take(value, picked, out=self._values[at, first:], mode="clip")
        np.subtract(self._moments[first:], event[picked], out=self._ages[at, first:])
        np.greater(self._ages[at], max_age_us, out=self._stale[at])
        self._values[at, :first] = np.nan
        self._ages[at, :first] = MISSING_AGE_US
        self._stale[at, :first] = True

    def write(
        self,
        values: NDArray[np.float64],
        age_us: NDArray[np.int64],
        stale: NDArray[np.bool_],
        order: NDArray[np.int64] | None,
    ) -> None:
        """Put the columns into the answer and start anew."""
        columns, count = self._columns, len(self._columns)
        consecutive = columns == list(range(columns[0], columns[0] + count)) if columns else False
        for target, source in ((values, self._values), (age_us, self._ages), (stale, self._stale)):
            if order is not None:
                for at, column in enumerate(columns):
                    target[order, column] = source[at]
            elif consecutive:
                target[:, columns[0] : columns[0] + count] = source[:count].T
            else:
                target[:, columns] = source[:count].T
        self._columns = []


def _winners(runs: Sequence[Run]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """`known_ts` (rising), `event_ts` and value of the rows of one feature that ever are the answer."""
    known, event, value = _in_order(runs)
    last = np.append(known[1:] != known[:-1], True)
    if not last.all():
        known, event, value = known[last], event[last], value[last]
    reaching = event >= np.maximum.accumulate(event)
    if reaching.all():
        return known, event, value
    return known[reaching], event[reaching], value[reaching]


def _in_order(runs: Sequence[Run]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    if len(runs) == 1:
        run = runs[0]
        return run.numbers("known_ts"), run.numbers("event_ts"), run.numbers("value")
    known, event, value = (
        np.concatenate([run.numbers(name) for run in runs]) for name in ("known_ts", "event_ts", "value")
    )
    order = order_of_rows(runs, known, event)
    return (known, event, value) if order is None else (known[order], event[order], value[order])


def order_of_rows(runs: Sequence[Run], known: NDArray[np.int64], event: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Positions that put the rows of all runs of a feature in the order of a segment; None where they are in it."""
    if len(runs) == 1:
        return None
    rising = (known[1:] > known[:-1]) | ((known[1:] == known[:-1]) & (event[1:] > event[:-1]))
    if rising.all():
        return None
    order: NDArray[np.int64] = np.lexsort((event, known))
    if _has_ties(known[order], event[order]):
        order = np.lexsort((*_tie_keys(runs), event, known))
    return order


def _has_ties(known: NDArray[np.int64], event: NDArray[np.int64]) -> bool:
    return bool(((known[1:] == known[:-1]) & (event[1:] == event[:-1])).any())


def _tie_keys(runs: Sequence[Run]) -> tuple[NDArray[Any], ...]:
    """What decides between rows of the same `known_ts` and `event_ts`, weakest first."""
    import pyarrow as pa

    value = np.concatenate([run.numbers("value") for run in runs])
    missing = np.isnan(value)
    sources = pa.chunked_array([chunk.cast(pa.string()) for run in runs for chunk in run.texts("source").chunks])
    version, recorded_ts = (np.concatenate([run.numbers(name) for run in runs]) for name in ("version", "recorded_ts"))
    return np.where(missing, 0.0, value), missing, text_ranks(sources), recorded_ts, version
