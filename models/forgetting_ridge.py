"""Ridge regression that forgets: what a model that is refitted on schedule would know, kept up to date bar by bar.

Sums of z z' and z u decay by `memory` each bar, so a bar `h` ago counts `memory**h`. The weights are the posterior mean
under a Gaussian prior around given weights: `(A + penalty I)^-1 (b + penalty * centre)` (West and Harrison, Bayesian
Forecasting and Dynamic Models, 1997, chapter 6: discount regression). With `memory` 1 it is Bayes ridge on everything
seen.

>>> fit = ForgettingRidge.around([0.0], penalty=1.0, memory=1.0)
>>> fit.add(np.array([1.0]), 2.0)
>>> fit.weights().tolist()
[1.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(slots=True)
class ForgettingRidge:
    """Sufficient statistics: `gram[d, d]`, `moment[d]`, prior `centre[d]` and `penalty` (noise variance over prior
    variance), `memory` in (0, 1]. Targets are returns in units of current volatility."""

    centre: FloatArray
    penalty: float
    memory: float
    gram: FloatArray
    moment: FloatArray

    @classmethod
    def around(cls, centre: Sequence[float] | FloatArray, *, penalty: float, memory: float) -> Self:
        """Nothing seen yet."""
        middle = np.array(centre, dtype=np.float64)
        return cls(middle, penalty, memory, np.zeros((len(middle), len(middle))), np.zeros(len(middle)))

    def add(self, inputs: FloatArray, target: float) -> None:
        """One more bar: standardised inputs[d] (0 where missing) and the return they should have told."""
        self.add_products(inputs[:, None] * inputs, inputs * target)

    def add_products(self, gram: FloatArray, moment: FloatArray) -> None:
        """The same by that bar's products gram[d, d] = z z' and moment[d] = z u, which several fits may share."""
        if self.memory < 1.0:
            self.gram *= self.memory
            self.moment *= self.memory
        self.gram += gram
        self.moment += moment

    def add_many(self, inputs: FloatArray, targets: FloatArray) -> None:
        """Many bars at once, oldest first: inputs[n, d], targets[n]."""
        ages: FloatArray = np.power(self.memory, np.arange(len(targets) - 1, -1, -1, dtype=np.float64))
        faded = float(self.memory ** len(targets))
        weighted: FloatArray = inputs * ages[:, None]
        self.gram *= faded
        self.gram += weighted.T @ inputs
        self.moment *= faded
        self.moment += weighted.T @ targets

    def weights(self) -> FloatArray:
        """Posterior mean weights[d]."""
        precision = self.gram.copy()
        precision.flat[:: len(self.centre) + 1] += self.penalty
        found = np.linalg.solve(precision, self.moment + self.penalty * self.centre)
        return np.asarray(found, dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; floats round-trip exactly."""
        return {
            "centre": self.centre.tolist(),
            "penalty": self.penalty,
            "memory": self.memory,
            "gram": self.gram.tolist(),
            "moment": self.moment.tolist(),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        return cls(
            np.array(state["centre"], dtype=np.float64),
            float(state["penalty"]),
            float(state["memory"]),
            np.array(state["gram"], dtype=np.float64).reshape(len(state["centre"]), len(state["centre"])),
            np.array(state["moment"], dtype=np.float64),
        )
