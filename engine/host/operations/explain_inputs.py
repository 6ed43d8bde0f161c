"""A champion's inputs at past bars, from the feature store: values, what moment each is about, which were stale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from storage.feature_rows import FeatureMatrix
    from storage.performance import PredictionRecord
    from storage.stores import Stores

_Reading = tuple[float, int, bool]
_MISSING: Final[_Reading] = (math.nan, 0, True)


@dataclass(frozen=True, slots=True)
class StoredInputs:
    """Parallel tuples in the champion's order; a missing value is NaN with `event_ts` 0 (UTC microseconds), stale."""

    values: tuple[float, ...]
    event_ts: tuple[int, ...]
    stale: tuple[bool, ...]


def stored_inputs(
    stores: Stores, market: str, names: Sequence[str], predictions: Mapping[int, PredictionRecord]
) -> dict[int, StoredInputs]:
    """Inputs as known at every bar with a prediction, by the bar's known time.

    Rows that reached the store after a bar had been stepped (a late file, features built again) are left out where they
    would tell another value than the champion's stored vector.
    """
    times = sorted(predictions)
    known = [name for name in names if name in stores.features.definitions()]
    if not times or not known:
        return {ts: _in_order({}, names) for ts in times}
    matrix = stores.features.matrix(market, np.array(times, dtype=np.int64), known)
    found = {}
    for place, ts in enumerate(times):
        readings = _readings(matrix, place, ts)
        vector = predictions[ts].features
        if any(name in vector and not is_same(number_of(vector[name]), readings[name][0]) for name in known):
            then = stores.features.latest(market, ts, known, recorded_as_of_ts=ts)
            readings = {name: (item.value, item.event_ts, item.stale) for name, item in then.items()}
        found[ts] = _in_order(readings, names)
    return found


def _readings(matrix: FeatureMatrix, place: int, ts: int) -> dict[str, _Reading]:
    from storage.feature_rows import MISSING_AGE_US

    found = {}
    for column, name in enumerate(matrix.names):
        age = int(matrix.age_us[place, column])
        event_ts = 0 if age == MISSING_AGE_US else ts - age
        found[name] = (float(matrix.values[place, column]), event_ts, bool(matrix.stale[place, column]))
    return found


def _in_order(readings: Mapping[str, _Reading], names: Sequence[str]) -> StoredInputs:
    picked = [readings.get(name, _MISSING) for name in names]
    return StoredInputs(
        tuple(item[0] for item in picked), tuple(item[1] for item in picked), tuple(item[2] for item in picked)
    )


def number_of(value: float | None) -> float:
    """A stored number; missing is NaN."""
    return math.nan if value is None else float(value)


def is_same(one: Any, other: Any) -> bool:
    """Equal, where a missing number equals a missing number; tuples item by item."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(is_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return bool(one == other)
