"""A linear champion in the unit of current volatility: `E[return] / volatility = weights . standardised inputs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
LARGEST_INPUT: Final = 4.0  # training standard deviations: nothing learned beyond


@dataclass(frozen=True, slots=True, eq=False)
class LinearRule:
    """`mean[d]` and `sd[d]` of the inputs in training, `weights[d]`, and the variance that is left of the scaled return
    (1 = nothing explained)."""

    model_id: str
    feature_names: tuple[str, ...]
    mean: FloatArray
    sd: FloatArray
    weights: FloatArray
    residual_variance: float

    def inputs(self, values: FloatArray, muted: BoolArray) -> FloatArray:
        """Standardised inputs[d] of repaired values; muted and missing ones count as usual (0)."""
        scored: FloatArray = (values - self.mean) / self.sd
        scored[~np.isfinite(scored) | muted] = 0.0
        np.maximum(scored, -LARGEST_INPUT, out=scored)
        return np.minimum(scored, LARGEST_INPUT, out=scored)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; floats round-trip exactly."""
        return {
            "model_id": self.model_id,
            "feature_names": list(self.feature_names),
            "mean": self.mean.tolist(),
            "sd": self.sd.tolist(),
            "weights": self.weights.tolist(),
            "residual_variance": self.residual_variance,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        return cls(
            str(state["model_id"]),
            tuple(state["feature_names"]),
            np.array(state["mean"], dtype=np.float64),
            np.array(state["sd"], dtype=np.float64),
            np.array(state["weights"], dtype=np.float64),
            float(state["residual_variance"]),
        )
