"""One benchmark market: what an agent sees bar by bar, and the truth that only the grader sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BARS: Final = 3000
TRAIN_BARS: Final = 1000
HORIZON_BARS: Final = 1200
CORRELATION: Final = 0.35
"""Correlation rho of the best forecast with the return of one bar; a bench effect, far above a real daily one."""


@dataclass(frozen=True, slots=True, eq=False)
class HealWorld:
    """A market of T bars and D features with its hidden truth. All arrays are read-only.

    Seen by an agent: `x[t]` (features as delivered) and `spread[t]` (half-spread per unit of position) when the
    position of bar t is decided; `y[t]` (return of bar t) and `volume[t]` only after bar t. Bars below `train_bars`
    train the champion.

    Hidden: `onset_bars` first bar of each fault (empty without one) and `faults` the family of each, in that order;
    `heal_bar` the first bar without the fault where it heals; `faulty_features` indices of the features at fault;
    `clean_x` the unfaulted features; `x = feed_shift + feed_scale clean_x` what the feed makes of them (single bad
    ticks and leaking bars apart); `beta[t]` weights with E[y_t] = sigma_t beta_t . clean_x_t; `sigma[t]` volatility
    and `sigma_level[t]` the level about which it moves (1 but for a volatility fault); `scored[t]` the bars whose
    utility counts; `variant` the form of the fault where a family has several.
    """

    family: str
    seed: int
    severity: float
    x: FloatArray
    y: FloatArray
    spread: FloatArray
    volume: FloatArray
    train_bars: int
    onset_bars: tuple[int, ...]
    faults: tuple[str, ...]
    variant: str
    heal_bar: int | None
    faulty_features: tuple[int, ...]
    clean_x: FloatArray
    feed_shift: FloatArray
    feed_scale: FloatArray
    beta: FloatArray
    sigma: FloatArray
    sigma_level: FloatArray
    scored: BoolArray

    @property
    def bars(self) -> int:
        """Number of bars T."""
        return len(self.y)

    @property
    def features(self) -> int:
        """Number of features D."""
        return int(self.x.shape[1])

    @property
    def fault_bar(self) -> int | None:
        """First bar of the first fault; None in a world without one."""
        return self.onset_bars[0] if self.onset_bars else None

    @property
    def expected_return(self) -> FloatArray:
        """E[y_t | clean features], shape [T]: what the best forecast would say."""
        expected: FloatArray = self.sigma * np.einsum("td,td->t", self.beta, self.clean_x)
        return expected
