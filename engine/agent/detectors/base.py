"""One interface for every detector: one bar in, readings out, state as plain JSON.

Adding a detector is one file with a `Detector` subclass and one line in `registry.py`; the contract test in
`tests/engine/agent/detectors/test_contract.py` then runs on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.agent.observation import BarObservation
from engine.agent.reference import ChampionReference
from engine.kernel.config_models import ObserverConfig

AlertLevel = Literal["INFO", "WARNING", "CRITICAL"]
FloatArray = NDArray[np.float64]


class BarContext(NamedTuple):
    """One bar with everything that several detectors need, computed once.

    `bar` counts bars since this champion began. `inputs` are repaired features as normal scores of training,
    `innovations` their whitened AR(1) innovations (NaN where this or the former value is missing), in units of present
    volatility where an input is made of the market's moves (`market_units.py`). `forecast` is the
    prediction in its training standard deviations. Returns are judged in units of current volatility and predictions in
    units of training volatility, since an edge scales with volatility: `residual` is their difference in standard
    deviations, `forecast_shift` the prediction in that unit; all three are NaN on a bar that is not scored.
    `volatility` is the filtered volatility per bar known *before* this bar. `refused` are the inputs whose value the
    tick guard replaced, `returned` those that came back after it.
    """

    bar: int
    observation: BarObservation
    inputs: FloatArray
    innovations: FloatArray
    forecast: float
    residual: float
    forecast_shift: float
    volatility: float
    refused: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()


class Reading(NamedTuple):
    """What a detector says about one subject (a feature, or "champion", "market", "account") at one bar.

    `breached` compares `value` with `threshold` in the detector's own unit; `since_ts` is its estimate of when the
    condition began. Only `decisive` readings may open a case. WARNING and CRITICAL are alarms: they say that something
    is wrong, and `hydra bench heal` counts how often that is false. What chance shows now and then is INFO, there to be
    read beside an alarm. `information` carries further numbers for the message and the evidence.
    """

    detector: str
    subject: str
    value: float
    threshold: float
    breached: bool
    level: AlertLevel
    since_ts: int
    decisive: bool = False
    information: tuple[tuple[str, float], ...] = ()

    @property
    def code(self) -> str:
        """Key of the alert: one open alert per detector and subject."""
        return f"{self.detector}:{self.subject}"

    @property
    def fullness(self) -> float:
        """How much of the threshold is used, 1 = at the threshold."""
        return self.value / self.threshold if self.threshold > 0.0 else 0.0


class Detector(ABC):
    """A watcher of one aspect of the champion's health."""

    name: ClassVar[str]

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        self.reference = reference
        self.config = config

    @abstractmethod
    def update(self, context: BarContext) -> tuple[Reading, ...]:
        """Take one bar, in order of time, and say what is seen. Missing numbers leave the state as it was."""

    @abstractmethod
    def describe(self, reading: Reading) -> str:
        """One sentence for the operator: what, number, unit, limit, since when."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything the detector carries from bar to bar, as plain JSON."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""

    def false_alarm_bars(self) -> float | None:
        """Mean bars to a false alarm at the configured threshold, where it can be computed."""
        return None
