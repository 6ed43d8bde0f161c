"""Point-in-time reads over sorted rows: the winning row of each feature as of a moment, and the last rows that ever
were the answer. The same question as `storage/feature_matrix.py` answers for many moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from storage.feature_matrix import Sources, order_of_rows
from storage.sorted_runs import FAR_FUTURE, Run, features_side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS: Final = ("feature", "event_ts", "known_ts", "value")
_FIELDS: Final = ("event_ts", "known_ts", "recorded_ts", "value", "quality", "source", "version")


def readings_as_of(
    sources: Sources, as_of_ts: int, recorded_as_of_ts: int | None, features: Sequence[str] | None = None
) -> Iterator[dict[str, Any]]:
    """The winning row of each feature as of a moment, with what this system had recorded by then if asked."""
    for feature, runs in features_side_by_side(sources, _COLUMNS, features, as_of_ts):
        allowed = _joined(runs, "known_ts") <= as_of_ts
        if recorded_as_of_ts is not None:
            allowed &= _joined(runs, "recorded_ts") <= recorded_as_of_ts
        left = np.flatnonzero(allowed)
        for name in ("event_ts", "known_ts"):
            if len(left) > 1:
                column = _joined(runs, name)[left]
                left = left[column == column.max()]
        if len(left):
            yield max((_row(feature, runs, at) for at in left.tolist()), key=_rank)


def newest_winners(sources: Sources, per_feature: int) -> Iterator[dict[str, Any]]:
    """For each feature the last `per_feature` rows that ever were the answer, in order of known time."""
    for feature, runs in features_side_by_side(sources, _COLUMNS, None, FAR_FUTURE):
        known, event = _joined(runs, "known_ts"), _joined(runs, "event_ts")
        order = order_of_rows(runs, known, event)
        if order is not None:
            known, event = known[order], event[order]
        last = np.flatnonzero(np.append(known[1:] != known[:-1], True))
        winners = last[event[last] >= np.maximum.accumulate(event[last])][-per_feature:]
        for at in (winners if order is None else order[winners]).tolist():
            yield _row(feature, runs, at)


def _joined(runs: Sequence[Run], name: str) -> NDArray[np.int64]:
    parts = [run.numbers(name) for run in runs]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _row(feature: str, runs: Sequence[Run], at: int) -> dict[str, Any]:
    """Row number `at` of the rows of all runs, one after the other."""
    for run in runs:
        size = run.stop - run.start
        if at < size:
            return {"feature": feature, **{name: run.group.column(name)[run.start + at].as_py() for name in _FIELDS}}
        at -= size
    raise IndexError(at)


def _rank(row: dict[str, Any]) -> tuple[Any, ...]:
    missing = row["value"] != row["value"]
    return row["version"], row["recorded_ts"], row["source"], missing, 0.0 if missing else row["value"]
