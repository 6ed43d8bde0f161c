"""Values of the feature store: rows to append, one reading, a matrix of readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.kernel.errors import StoreError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = Sequence[int] | NDArray[np.int64]
    Floats = Sequence[float] | NDArray[np.float64]

MISSING_AGE_US: Final = -(2**62)


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """Rows of one market, column by column, all of length n. `event_ts` = what a value is about, `known_ts` = when the
    world could first know it (UTC microseconds); NaN in `value` = missing; `quality` is "ok" or a finding."""

    market: str
    feature: Sequence[str]
    event_ts: Integers
    known_ts: Integers
    value: Floats
    quality: Sequence[str]
    source: Sequence[str]
    version: Integers

    def __post_init__(self) -> None:
        columns = (self.event_ts, self.known_ts, self.value, self.quality, self.source, self.version)
        if any(len(column) != len(self.feature) for column in columns):
            raise StoreError("the columns of feature rows differ in length")

    def __len__(self) -> int:
        return len(self.feature)


class FeatureReading(NamedTuple):
    """One feature as of a moment. `age_us` = as-of minus `event_ts`; `stale` = older than its definition allows.
    `value` is NaN where the newest fact says that the value is missing. A tuple, since one is made for every feature of
    every read, at a third of what a frozen dataclass costs."""

    name: str
    value: float
    event_ts: int
    known_ts: int
    recorded_ts: int
    age_us: int
    max_age_us: int
    stale: bool
    quality: str
    source: str


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """Readings of d features at n times; row i is as of `times[i]`, column j is `names[j]`.

    `values[n, d]` holds NaN for missing, `age_us[n, d]` holds `MISSING_AGE_US` where no row was known yet, and
    `stale[n, d]` is True where the reading is too old or nothing was known.
    """

    times: NDArray[np.int64]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    age_us: NDArray[np.int64]
    stale: NDArray[np.bool_]
