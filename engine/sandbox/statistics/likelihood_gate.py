"""May a candidate replace what rules now? A likelihood-ratio e-process on their forecasts, valid at every look.

Idea. On each bar both forecasts are made before the return is known. If the incumbent's density is right, the ratio
`f(u - candidate) / f(u - incumbent)` has mean 1, so its running product reaches `1 / alpha` with probability at most
`alpha` (Ville 1939; Shafer, Testing by betting, JRSS A 2021), however often one looks. Several candidates share an
alpha: `candidates` of them need `candidates / alpha` each, so that any of them passes by luck with probability at most
alpha. An endless row of candidates takes its levels from `alpha_spending` instead. Noise is Student t, so that one wild
bar says little, and forecasts are held to `LARGEST_FORECAST` standard deviations. An incumbent that errs a little is
not exactly "right": a candidate that errs in its direction gains on it (`scheduled_challenge` compares with a fit that
goes on learning for that reason).

>>> gate = LikelihoodGate(alpha=0.05, candidates=1)
>>> for _ in range(60):
...     gate.add(residual_of_incumbent=0.3, advantage=0.3)
>>> gate.passed, round(gate.threshold_nats, 3)
(True, 2.996)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Self

TAIL: Final = 5.0
LARGEST_FORECAST: Final = 1.6


def log_likelihood_ratio(residual: float, advantage: float) -> float:
    """Nats by which one bar speaks for the candidate. `residual` is return minus the incumbent's forecast, `advantage`
    the candidate's forecast minus the incumbent's, both in standard deviations of the noise."""
    shift = max(-LARGEST_FORECAST, min(LARGEST_FORECAST, advantage))
    spread = TAIL - 2.0
    other = residual - shift
    return -0.5 * (TAIL + 1.0) * math.log((spread + other * other) / (spread + residual * residual))


@dataclass(slots=True)
class LikelihoodGate:
    """State of one trial: `log_capital` now, `log_peak` so far (the start counts), bars seen."""

    alpha: float
    candidates: int
    log_capital: float = 0.0
    log_peak: float = 0.0
    bars: int = 0

    @property
    def threshold_nats(self) -> float:
        """ln(candidates / alpha)."""
        return math.log(self.candidates / self.alpha)

    @property
    def passed(self) -> bool:
        """Whether the evidence ever reached the threshold."""
        return self.log_peak >= self.threshold_nats

    def add(self, residual_of_incumbent: float, advantage: float) -> None:
        """One more bar, scored by forecasts made before it."""
        self.add_nats(log_likelihood_ratio(residual_of_incumbent, advantage))

    def add_nats(self, nats: float) -> None:
        """One more bar whose log likelihood ratio is known."""
        self.log_capital += nats
        self.log_peak = max(self.log_peak, self.log_capital)
        self.bars += 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; floats round-trip exactly."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        return cls(**state)
