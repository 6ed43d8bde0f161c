"""What the healer sees of one bar: nothing else reaches it, live or in a benchmark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.kernel.canonical import finite_or_none


@dataclass(frozen=True, slots=True)
class BarObservation:
    """One closed bar, known at `ts` (UTC microseconds).

    `values` are the champion's features as stored (before any repair), in registered order, NaN where missing;
    `event_ts_by_feature` says what moment each value is about and `stale` whether the store calls it too old.
    `expected_return` and `return_sd` are the champion's prediction made at the *previous* bar for this bar's return;
    `realised_return` is this bar's log return within one contract (NaN across a roll or a gap). `net_return` is the
    equity return after costs, `spread` the quoted spread in price units, `volume` and `position_lots` lots.
    `usable` is False where the prediction must not be judged (missing inputs, first bar, no prediction).
    """

    ts: int
    event_ts_by_feature: tuple[int, ...]
    values: tuple[float, ...]
    stale: tuple[bool, ...]
    expected_return: float
    return_sd: float
    realised_return: float
    spread: float
    volume: float
    position_lots: int
    net_return: float
    usable: bool

    @property
    def scored(self) -> bool:
        """True where prediction and outcome are both there."""
        return self.usable and math.isfinite(self.expected_return) and math.isfinite(self.realised_return)

    def to_list(self) -> list[Any]:
        """Compact JSON form: event times as ages, missing numbers as null."""
        return [
            self.ts,
            [self.ts - event_ts for event_ts in self.event_ts_by_feature],
            [finite_or_none(value) for value in self.values],
            [int(flag) for flag in self.stale],
            *(
                finite_or_none(number)
                for number in (self.expected_return, self.return_sd, self.realised_return, self.spread, self.volume)
            ),
            self.position_lots,
            finite_or_none(self.net_return),
            int(self.usable),
        ]

    @classmethod
    def from_list(cls, row: Sequence[Any]) -> BarObservation:
        """Inverse of `to_list`."""
        expected, sd, realised, spread, volume = (_number(item) for item in row[4:9])
        return cls(
            ts=int(row[0]),
            event_ts_by_feature=tuple(int(row[0]) - int(age) for age in row[1]),
            values=tuple(_number(item) for item in row[2]),
            stale=tuple(bool(item) for item in row[3]),
            expected_return=expected,
            return_sd=sd,
            realised_return=realised,
            spread=spread,
            volume=volume,
            position_lots=int(row[9]),
            net_return=_number(row[10]),
            usable=bool(row[11]),
        )


def _number(item: float | None) -> float:
    return math.nan if item is None else float(item)
