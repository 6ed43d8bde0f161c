"""Betting e-process: evidence that paired differences have a mean above 0, valid however often one looks.

Idea. Start with capital 1 and bet a share of it on every bar's difference; under "mean at most 0" no strategy is
expected to gain, so capital that ever reaches 1/alpha has probability at most alpha (Ville; Waudby-Smith and Ramdas
2024, "Estimating means of bounded random variables by betting"). Here the capital is the average of fixed bets of .05,
.1 and .2 per unit of scale, a mixture that needs no tuning.

Scale and clipping. A difference is divided by the root mean square of the differences *before* it and held to +-4. The
upper clip can only lose evidence. A lower clip would forgive large losses, so what is cut off below is carried into the
following bars. The process is exactly valid while no difference falls below -4 scales; for differences that never fall
below some amount L, `scale_floor = L / 4` makes it exact (no test can be exact without a bound: a rare disaster that
has not happened yet is invisible to every one).

Differences must be martingale differences under the null (per-bar scores of forecasts, not smoothed equity). Measured
at threshold 20 (nominal 5 %) over 250 bars: 1.8 % for independent bars, 4.9 % at AR(1) .2; published for AR(1) .5:
22 %. For promotion see `promotion_gate`, which also holds for skewed tails.

>>> BettingEProcess(initial_scale=1.0).updated_many([0.5] * 100).peak_e_value > 20.0
True
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from engine.kernel.errors import CalculationError

BETS: Final = (0.05, 0.1, 0.2)
CLIP: Final = 4.0
WARM_UP_BARS: Final = 10


@dataclass(frozen=True, slots=True)
class BettingEProcess:
    """State after `bars` differences; `updated` gives the next state. JSON-ready through `to_json` / `from_json`.

    `initial_scale` (standard deviation of differences known beforehand, e.g. from the experiment's replay) starts the
    betting on the first bar; without it (0) the first ten bars only measure the scale and are not bet on.
    """

    initial_scale: float = 0.0
    scale_floor: float = 0.0
    bars: int = 0
    sum_of_squares: float = 0.0
    carried_loss: float = 0.0
    log_capitals: tuple[float, ...] = (0.0,) * len(BETS)
    log_peak: float = 0.0

    def updated(self, difference: float) -> Self:
        """State after one more difference (any unit, the same on every bar); raises CalculationError if not finite."""
        if not math.isfinite(difference):
            raise CalculationError("an e-process needs finite differences; leave bars without both scores out")
        scale = self.scale
        carried, capitals = self.carried_loss, self.log_capitals
        if scale > 0.0:
            owed = difference / scale + carried
            stake = min(max(owed, -CLIP), CLIP)
            carried = min(owed - stake, 0.0)
            capitals = tuple(
                capital + math.log1p(bet * stake) for bet, capital in zip(BETS, self.log_capitals, strict=True)
            )
        return type(self)(
            initial_scale=self.initial_scale,
            scale_floor=self.scale_floor,
            bars=self.bars + 1,
            sum_of_squares=self.sum_of_squares + difference**2,
            carried_loss=carried,
            log_capitals=capitals,
            log_peak=max(self.log_peak, _log_mean_exp(capitals)),
        )

    def updated_many(self, differences: Iterable[float]) -> Self:
        """State after several differences, in time order."""
        state = self
        for difference in differences:
            state = state.updated(difference)
        return state

    @property
    def scale(self) -> float:
        """Scale that the next difference is divided by: from past differences only; 0 = still measuring."""
        if self.initial_scale > 0.0:
            weight = WARM_UP_BARS
            pooled = (self.initial_scale**2 * weight + self.sum_of_squares) / (weight + self.bars)
            return max(math.sqrt(pooled), self.scale_floor)
        if self.bars < WARM_UP_BARS or self.sum_of_squares == 0.0:
            return 0.0
        return max(math.sqrt(self.sum_of_squares / self.bars), self.scale_floor)

    @property
    def e_value(self) -> float:
        """Present capital: the evidence now."""
        return math.exp(min(_log_mean_exp(self.log_capitals), 700.0))

    @property
    def peak_e_value(self) -> float:
        """Largest capital so far: what the promotion threshold is compared with (it may be looked at on every bar)."""
        return math.exp(min(self.log_peak, 700.0))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready state; floats round-trip exactly."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**fields, "log_capitals": list(self.log_capitals)}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        if len(state["log_capitals"]) != len(BETS):
            raise CalculationError("this e-process was stored with other bets; start it again")
        return cls(**{**state, "log_capitals": tuple(state["log_capitals"])})


def promotion_threshold(candidates: int, alpha: float) -> float:
    """E-value that a candidate must reach so that *all* `candidates` together falsely promote with at most alpha.

    `candidates` counts every candidate alive or ever charged to this budget (Bonferroni for e-values: m / alpha).
    """
    if candidates < 1 or not 0.0 < alpha < 1.0:
        raise CalculationError("a promotion threshold needs one candidate or more and alpha in (0, 1)")
    return candidates / alpha


def _log_mean_exp(values: tuple[float, ...]) -> float:
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values) / len(values))
