"""A tick that is wrong is not believed: values that stand alone far away are replaced by the last good one.

A value is refused where it jumped from the last good one by more than `LIMIT_JUMP` of the input's own innovation
standard deviations, or half as far again as training ever did. After `PATIENCE` refusals in a row the level is taken
for real: a change of units is another detector's business, and a market that moved must not be looked away from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from engine.agent.reference import ChampionReference

LIMIT_JUMP: Final = 8.0
TRAINING_FACTOR: Final = 1.5
PATIENCE: Final = 3


def refusal_limits(reference: ChampionReference) -> tuple[float, ...]:
    """Per input, the innovation beyond which a lone value is refused, in training sd of innovations."""
    return tuple(max(LIMIT_JUMP, TRAINING_FACTOR * largest) for largest in reference.largest_innovation)


class TickGuard:
    """Per input: the last good score and the refusals in a row."""

    def __init__(self, reference: ChampionReference) -> None:
        self.limits = self._limits_now = refusal_limits(reference)
        self._ar1, self._sd = reference.feature_ar1, reference.innovation_sd
        self._good = [math.nan] * len(self.limits)
        self._refused = [0] * len(self.limits)
        self._returned: tuple[int, ...] = ()

    def widen(self, units: Sequence[float]) -> None:
        """What innovations of the coming bar are measured in, in training's: the limit of an input that is made of the
        market's moves grows with a wild market, and never shrinks."""
        self._limits_now = tuple(limit * max(unit, 1.0) for limit, unit in zip(self.limits, units, strict=True))

    def refuse(self, scores: Sequence[float]) -> tuple[int, ...]:
        """Indices of the scores (training sd, NaN missing) that are refused on this bar."""
        found: list[int] = []
        returned: list[int] = []
        rows = zip(scores, self._good, self._ar1, self._sd, self._limits_now, self._refused, strict=True)
        for index, (score, good, ar1, sd, limit, refused) in enumerate(rows):
            if score != score:
                continue
            jump = abs((score - ar1 * good) / sd)
            if jump > limit and refused < PATIENCE:
                self._refused[index] += 1
                found.append(index)
                continue
            if refused:
                self._refused[index] = 0
                if jump <= limit:
                    returned.append(index)
            self._good[index] = score
        self._returned = tuple(returned)
        return tuple(found)

    def returned(self) -> tuple[int, ...]:
        """Inputs that on this bar came back to where they had been before they were refused: those values were
        wrong."""
        return self._returned

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "good": [None if math.isnan(value) else value for value in self._good],
            "refused": list(self._refused),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        self._good = [math.nan if value is None else float(value) for value in state["good"]]
        self._refused = [int(count) for count in state["refused"]]
