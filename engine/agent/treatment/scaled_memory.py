"""The last bars as a learner needs them: standardised inputs and the return that followed, in units of volatility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class ScaledMemory:
    """At least the last `least` bars, in one growing block that is cut when it is full."""

    def __init__(self, width: int, least: int) -> None:
        self._least = least
        self._inputs = np.zeros((3 * least, width))
        self._returns = np.zeros(3 * least)
        self._count = 0
        self.forgotten = 0

    @property
    def bars(self) -> int:
        """Bars ever added: the place of the next one."""
        return self.forgotten + self._count

    def add(self, inputs: FloatArray, scaled_return: float) -> None:
        """One more bar."""
        if self._count == len(self._returns):
            kept = self._count - self._least
            self._inputs[: self._least] = self._inputs[kept:]
            self._returns[: self._least] = self._returns[kept:]
            self._count = self._least
            self.forgotten += kept
        self._inputs[self._count] = inputs
        self._returns[self._count] = scaled_return
        self._count += 1

    def since(self, bar: int) -> tuple[FloatArray, FloatArray]:
        """Views of inputs[n, d] and returns[n] from a place on, or from the oldest that is still there."""
        start = max(0, bar - self.forgotten)
        return self._inputs[start : self._count], self._returns[start : self._count]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "least": self._least,
            "width": self._inputs.shape[1],
            "forgotten": self.forgotten,
            "inputs": self._inputs[: self._count].tolist(),
            "returns": self._returns[: self._count].tolist(),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        memory = cls(int(state["width"]), int(state["least"]))
        memory.forgotten = int(state["forgotten"])
        memory._count = len(state["returns"])
        if memory._count:
            memory._inputs[: memory._count] = state["inputs"]
        memory._returns[: memory._count] = state["returns"]
        return memory
