"""The point-in-time feature vector: registered order, ages, staleness; missing stays missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.feature_rows import FeatureReading


@dataclass(frozen=True, slots=True)
class FeatureVector:
    """Features of one market as known at `ts` (UTC microseconds). Parallel tuples in the order of `names`.

    A missing value is NaN with `event_ts` 0 and `stale` True; `age_us` is the time since `event_ts`.
    """

    ts: int
    names: tuple[str, ...]
    values: tuple[float, ...]
    event_ts: tuple[int, ...]
    age_us: tuple[int, ...]
    stale: tuple[bool, ...]

    def value(self, name: str) -> float:
        """One value; NaN where the feature is missing or not in the vector."""
        return self.values[self.names.index(name)] if name in self.names else math.nan

    def select(self, names: Sequence[str]) -> FeatureVector:
        """The same moment with other names; a name that is not here is missing."""
        index = {name: position for position, name in enumerate(self.names)}
        picked = [index.get(name) for name in names]
        return FeatureVector(
            self.ts,
            tuple(names),
            tuple(math.nan if item is None else self.values[item] for item in picked),
            tuple(0 if item is None else self.event_ts[item] for item in picked),
            tuple(0 if item is None else self.age_us[item] for item in picked),
            tuple(True if item is None else self.stale[item] for item in picked),
        )


def vector_from_readings(ts: int, names: Sequence[str], readings: Mapping[str, FeatureReading]) -> FeatureVector:
    """Assemble a vector from what the feature store returned for `ts`."""
    found = [readings.get(name) for name in names]
    return FeatureVector(
        ts,
        tuple(names),
        tuple(math.nan if item is None else item.value for item in found),
        tuple(0 if item is None else item.event_ts for item in found),
        tuple(0 if item is None else item.age_us for item in found),
        tuple(True if item is None else item.stale for item in found),
    )
