"""The newest vector of a market, in memory: for each feature the last rows that ever were the answer.

Live reads ask for the present, which the last few winners answer without touching a file. A moment before the first
row kept here is not answered; the store then asks the files.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

KEPT_PER_FEATURE: Final = 32


@dataclass(frozen=True, slots=True)
class Winner:
    """A row that is the answer from its `known_ts` on until a later winner."""

    event_ts: int
    known_ts: int
    recorded_ts: int
    value: float
    quality: str
    source: str
    version: int

    def rank(self) -> tuple[Any, ...]:
        """Of two rows known at the same moment the one with the greater rank wins."""
        missing = math.isnan(self.value)
        return self.event_ts, self.version, self.recorded_ts, self.source, missing, 0.0 if missing else self.value


@dataclass(slots=True)
class _History:
    winners: list[Winner] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    complete: bool = True


class NewestVector:
    """Winners of all features of one market, valid for one generation of its rows."""

    def __init__(self, generation: int, rows: Iterable[Mapping[str, Any]]) -> None:
        """`rows`: for each feature its last `KEPT_PER_FEATURE` winners in order of known time."""
        self.generation = generation
        self._histories: dict[str, _History] = {}
        for row in rows:
            history = self._histories.setdefault(row["feature"], _History())
            names = ("event_ts", "known_ts", "recorded_ts", "value", "quality", "source", "version")
            history.winners.append(Winner(*(row[name] for name in names)))
            history.known.append(row["known_ts"])
            history.complete = len(history.winners) < KEPT_PER_FEATURE

    def features(self) -> list[str]:
        """Every feature with at least one row."""
        return list(self._histories)

    def winners(self, features: Iterable[str], as_of_ts: int) -> list[tuple[str, Winner]] | None:
        """The answers as of a moment, without the features of which nothing was known; None if one is not kept here."""
        found = []
        for feature in features:
            history = self._histories.get(feature)
            if history is None:
                continue
            at = -1 if as_of_ts >= history.known[-1] else bisect_right(history.known, as_of_ts) - 1
            if at >= 0 or as_of_ts >= history.known[0]:
                found.append((feature, history.winners[at]))
            elif not history.complete:
                return None
        return found

    def add(self, feature: str, row: Winner) -> bool:
        """Take in a new row; False if it became known before the last winner (late data: read the files again)."""
        history = self._histories.setdefault(feature, _History())
        if not history.winners:
            history.winners.append(row)
            history.known.append(row.known_ts)
            return True
        last = history.winners[-1]
        if row.known_ts < last.known_ts:
            return False
        if row.known_ts == last.known_ts:
            if row.rank() > last.rank():
                history.winners[-1] = row
            return True
        if row.event_ts >= last.event_ts:
            history.winners.append(row)
            history.known.append(row.known_ts)
            if len(history.winners) > 2 * KEPT_PER_FEATURE:
                del history.winners[:KEPT_PER_FEATURE], history.known[:KEPT_PER_FEATURE]
                history.complete = False
        return True
