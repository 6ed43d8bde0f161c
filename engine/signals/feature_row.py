"""What the feature pipeline says: one value of one feature, about one moment, known since another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One reading of a feature. `event_ts` is the moment it speaks about (the oldest of its inputs), `known_ts` the
    earliest moment at which it could be computed. `value` is NaN where the feature is missing; `quality` says why, or
    what is special about the value ("ok" where nothing is)."""

    market: str
    feature: str
    event_ts: int
    known_ts: int
    value: float
    quality: str
    source: str
    version: int


class Reading(NamedTuple):
    """A family's answer before the pipeline stamps market, known time and version on it."""

    feature: str
    event_ts: int
    value: float
    quality: str
    source: str


GOOD = "ok"
MISSING = float("nan")
