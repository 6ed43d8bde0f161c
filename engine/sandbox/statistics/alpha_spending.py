"""Alpha spending: how strong the evidence of the m-th candidate ever tried must be, so that luck is promoted rarely.

One spender per registry. Every candidate is charged when its experiment starts, whether or not it is promoted, dropped
or forgotten later; candidate m then needs an e-value of 1 / level(m), at any time. By Ville's inequality and a union
bound the chance of *any* false promotion among the first m is at most level(1) + ... + level(m) = `spent(m)`, however
the candidates depend on each other and on earlier decisions.

Schedules, with alpha = .05:

- "blocks" (the one that promotion uses). The first `block` candidates share .8 alpha equally, the next 2 x block share
  .1 alpha, the next 4 x block .05 alpha, and so on: the sum is alpha for ever, and near the start, where nearly all
  promotions happen, a candidate pays hardly more than it would in a closed family (400 against 320 for block = 16).
- "square": alpha 6 / (pi^2 m^2), summable as well. Cheap for the first few candidates, dear later: 8,422 at m = 16.
- "equal": alpha / block for a closed family of `block` candidates; raises beyond. Threshold block / alpha, the cheapest
  where the number is known beforehand.
- "place": alpha / m, threshold m / alpha. *Not* summable: after m candidates the bound is alpha (1 + 1/2 + ... + 1/m),
  .17 after 16. It bounds the false promotions per candidate, not per family; offered because it is often quoted.

The guarantee is per spender: whoever opens a new one (say, each year) holds alpha per year.

>>> spender = AlphaSpender(alpha=0.05)
>>> round(spender.threshold(1)), round(spender.threshold(17)), round(AlphaSpender(0.05, "square").threshold(16))
(400, 6400, 8422)
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, Self, get_args

from engine.kernel.errors import CalculationError

Schedule = Literal["blocks", "square", "equal", "place"]
FIRST_BLOCK_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True)
class AlphaSpender:
    """Levels of significance by place in the registry; `charged` = candidates charged so far. JSON-ready."""

    alpha: float
    schedule: Schedule = "blocks"
    block: int = 16
    charged: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0 or self.block < 1 or self.charged < 0:
            raise CalculationError(
                "alpha spending needs alpha in (0, 1), a block of 1 or more and a count of 0 or more"
            )
        if self.schedule not in get_args(Schedule):
            raise CalculationError(f"alpha spending knows {', '.join(get_args(Schedule))}, not {self.schedule}")

    def level(self, m: int) -> float:
        """Share of alpha that the m-th candidate (from 1) may spend; raises beyond a closed family."""
        if m < 1:
            raise CalculationError("candidates are counted from 1")
        if self.schedule == "square":
            return self.alpha * 6.0 / (math.pi * m) ** 2
        if self.schedule == "place":
            return self.alpha / m
        if self.schedule == "equal":
            if m > self.block:
                raise CalculationError(f"candidate {m} is beyond the closed family of {self.block}")
            return self.alpha / self.block
        if m <= self.block:
            return self.alpha * FIRST_BLOCK_SHARE / self.block
        doubling = ((m - 1) // self.block + 1).bit_length() - 1
        return self.alpha * (1.0 - FIRST_BLOCK_SHARE) / (self.block * 4.0**doubling)

    def threshold(self, m: int) -> float:
        """E-value that the m-th candidate must reach: 1 / level(m)."""
        return 1.0 / self.level(m)

    def spent(self, m: int) -> float:
        """Bound on the chance of any false promotion among the first m candidates: the sum of their levels."""
        return math.fsum(self.level(place) for place in range(1, m + 1))

    def charge(self) -> tuple[Self, int]:
        """The spender after one more candidate, and that candidate's place m; raises beyond a closed family."""
        self.level(self.charged + 1)
        return replace(self, charged=self.charged + 1), self.charged + 1

    def to_json(self) -> dict[str, Any]:
        """JSON-ready state."""
        return asdict(self)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        return cls(**state)
