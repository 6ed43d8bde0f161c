"""E-detectors: sequential change detection whose false alarms are bounded without any model of dependence.

Idea. Let each bar's increment `L_t` be a likelihood ratio, or anything else that is never negative and whose mean,
given the past, is at most 1 while nothing is wrong. Then `e-CUSUM M = max(M, 1) L` and `e-SR M = (M + 1) L` are
e-detectors: the first bar on which M reaches `1 / alpha` comes after `1 / alpha` bars or more on average, for every
sample size and whatever the past does to the next bar. Weighted means of e-detectors (several sizes of change) are
e-detectors. Everything is in logarithms, so that no sum overflows.

>>> detector = EDetector(alpha=0.001)
>>> for bar in range(8):
...     detector = detector.updated([1.0])
>>> round(detector.log_evidence, 3), detector.alarmed, round(least_run_length(detector.threshold))
(8.458, True, 1000)

Source: Shin, Ramdas, Rinaldo, E-detectors: a nonparametric framework for sequential change detection, NEJSDS 2023;
Pollak, Optimal detection of a change in distribution, Ann. Stat. 1985.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError

FloatArray = NDArray[np.float64]
Recursion = Literal["shiryaev_roberts", "cusum"]


def shiryaev_roberts_step(log_sum: float, log_increment: float) -> float:
    """`log((M + 1) L)` from `log M` (minus infinity at the start) and `log L`."""
    if log_sum > 0.0:
        return log_sum + math.log1p(math.exp(-log_sum)) + log_increment
    return math.log1p(math.exp(log_sum)) + log_increment


def e_cusum_step(log_sum: float, log_increment: float) -> float:
    """`log(max(M, 1) L)`."""
    return max(log_sum, 0.0) + log_increment


def log_mixture(log_sums: Sequence[float], weights: Sequence[float]) -> float:
    """Log of the weighted mean of several e-detectors; weights are positive and sum to 1."""
    top = max(log_sums)
    if top == -math.inf:
        return top
    return top + math.log(sum(w * math.exp(item - top) for item, w in zip(log_sums, weights, strict=True)))


def least_run_length(log_threshold: float) -> float:
    """Least mean bars to a false alarm at this threshold in nats: `exp(threshold)`; infinity beyond 709 nats."""
    return math.exp(log_threshold) if log_threshold < 709.0 else math.inf


@dataclass(frozen=True, slots=True)
class EDetector:
    """State of a mixture of e-detectors, one component per weight; `updated` gives the next state.

    `alpha` bounds the false-alarm rate per bar. `begins` are, per component, the positions of the bar after the last
    one on which starting afresh was no worse: the maximum-likelihood start of the change.
    """

    alpha: float
    recursion: Recursion = "shiryaev_roberts"
    weights: tuple[float, ...] = (1.0,)
    log_sums: tuple[float, ...] = ()
    log_suffixes: tuple[float, ...] = ()
    begins: tuple[int, ...] = ()
    bars: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0:
            raise CalculationError("an e-detector needs alpha in (0, 1)")
        if not self.weights or min(self.weights) <= 0.0 or abs(math.fsum(self.weights) - 1.0) > 1e-9:
            raise CalculationError("an e-detector's weights must be positive and sum to 1")
        width = len(self.weights)
        if not self.log_sums:
            object.__setattr__(self, "log_sums", (-math.inf,) * width)
            object.__setattr__(self, "log_suffixes", (0.0,) * width)
            object.__setattr__(self, "begins", (0,) * width)

    def updated(self, log_increments: Sequence[float]) -> Self:
        """State after one more bar, `log L` per component; CalculationError for another width or NaN."""
        if len(log_increments) != len(self.weights) or any(item != item for item in log_increments):
            raise CalculationError(f"an e-detector of {len(self.weights)} components needs as many increments")
        step = shiryaev_roberts_step if self.recursion == "shiryaev_roberts" else e_cusum_step
        suffixes = tuple(item + more for item, more in zip(self.log_suffixes, log_increments, strict=True))
        return replace(
            self,
            log_sums=tuple(step(item, more) for item, more in zip(self.log_sums, log_increments, strict=True)),
            log_suffixes=tuple(max(item, 0.0) for item in suffixes),
            begins=tuple(
                self.bars + 1 if item <= 0.0 else begin for item, begin in zip(suffixes, self.begins, strict=True)
            ),
            bars=self.bars + 1,
        )

    @property
    def log_evidence(self) -> float:
        """Log of the mixture in nats; minus infinity before the first bar."""
        return log_mixture(self.log_sums, self.weights)

    @property
    def threshold(self) -> float:
        """`log(1 / alpha)`, in nats."""
        return -math.log(self.alpha)

    @property
    def alarmed(self) -> bool:
        """True where the evidence reaches the threshold."""
        return self.log_evidence >= self.threshold

    @property
    def change_bar(self) -> int:
        """Position of the first bar of the change, by the component that speaks loudest (`bars` where none does)."""
        loudest = max(range(len(self.weights)), key=lambda index: self.log_sums[index] + math.log(self.weights[index]))
        return self.begins[loudest]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready state (minus infinity as null); floats round-trip exactly."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        sums = [None if item == -math.inf else item for item in self.log_sums]
        lists = {name: list(fields[name]) for name in ("weights", "log_suffixes", "begins")}
        return {**fields, **lists, "log_sums": sums}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        sums = tuple(-math.inf if item is None else float(item) for item in state["log_sums"])
        tuples = {name: tuple(state[name]) for name in ("weights", "log_suffixes", "begins")}
        return cls(**{**state, **tuples, "log_sums": sums})


def e_detector_path(log_increments: FloatArray, recursion: Recursion) -> FloatArray:
    """`log M` after each bar; time runs along the first axis, further axes are separate streams.

    >>> e_detector_path(np.array([-2.0, 1.0, 1.5]), "cusum").tolist()
    [-2.0, 1.0, 2.5]
    """
    path = np.empty_like(np.asarray(log_increments, dtype=np.float64))
    former = np.full(path.shape[1:], -math.inf)
    for bar, increment in enumerate(log_increments):
        grown = np.logaddexp(former, 0.0) if recursion == "shiryaev_roberts" else np.maximum(former, 0.0)
        former = path[bar] = grown + increment
    return path
