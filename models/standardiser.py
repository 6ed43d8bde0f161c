"""Standardisation learned on training rows only; a missing value becomes 0, i.e. it contributes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Standardiser:
    """Mean and standard deviation of each column over the observed training values.

    A column that never varied or was never observed keeps sd 1 and centres on its mean (0 if never observed), so that
    a linear model learns coefficient 0 for it.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]

    @classmethod
    def fit(cls, X: NDArray[np.float64], weight: NDArray[np.float64]) -> Self:
        """Learn from rows `X[n, d]` (NaN = missing) with weights[n]."""
        observed = np.isfinite(X)
        mass = np.where(observed, weight[:, None], 0.0)
        total = mass.sum(axis=0)
        safe_total = np.where(total > 0.0, total, 1.0)
        filled = np.where(observed, X, 0.0)
        mean = (mass * filled).sum(axis=0) / safe_total
        variance = (mass * np.where(observed, filled - mean, 0.0) ** 2).sum(axis=0) / safe_total
        sd = np.sqrt(variance)
        varies = sd > 1e-12 * np.maximum(np.abs(mean), np.finfo(np.float64).tiny)
        return cls(mean, np.where(varies, sd, 1.0))

    def apply(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """(X - mean) / sd, missing values as 0."""
        standardised = (X - self.mean) / self.sd
        return np.where(np.isfinite(standardised), standardised, 0.0)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready lists; floats round-trip exactly."""
        return {"mean": self.mean.tolist(), "sd": self.sd.tolist()}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        return cls(np.array(state["mean"], dtype=np.float64), np.array(state["sd"], dtype=np.float64))


def linear_combination(Z: NDArray[np.float64], coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """Z[n, d] @ coefficients[d], column by column.

    A library matrix product may add in another order for one row than for many; this one gives the same bits for a row
    alone and in a batch, which the equality of replay and live decisions rests on.
    """
    total = np.zeros(len(Z))
    for column, coefficient in enumerate(coefficients.tolist()):
        total += Z[:, column] * coefficient
    return total


def quadratic_form(Z: NDArray[np.float64], root: NDArray[np.float64]) -> NDArray[np.float64]:
    """|Z[n, d] @ root[d, d]|^2 for each row, with the same bits for a row alone and in a batch."""
    projected = np.zeros((len(Z), root.shape[1]))
    for column in range(Z.shape[1]):
        projected += Z[:, column : column + 1] * root[column]
    total = np.zeros(len(Z))
    for column in range(root.shape[1]):
        total += projected[:, column] ** 2
    return total
