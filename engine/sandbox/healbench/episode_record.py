"""What an agent leaves behind after one episode: everything that is graded, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.sandbox.healbench.heal_world import FloatArray

AlertLevel = Literal["INFO", "WARNING", "CRITICAL"]
ForecastUnit = Literal["volatility", "return"]


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert raised at the decision of bar `bar`; INFO does not count as an alarm."""

    bar: int
    code: str
    level: AlertLevel


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """One cited number. Rows `from_bar` to `to_bar` (both included) are decision rows: row k holds the features and
    the spread of bar k and the return, volume, forecast and net profit of bar k - 1, which is what is known then."""

    name: str
    formula: str
    from_bar: int
    to_bar: int
    inputs: Mapping[str, Any]
    value: float


@dataclass(frozen=True, slots=True)
class DiagnosisRecord:
    """A named cause, the indices of the features it blames, its estimate of the first bad bar, and its evidence."""

    bar: int
    cause: str
    affected_features: tuple[int, ...]
    change_bar: int
    evidence: tuple[EvidenceRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class RepairRecord:
    """A repair put in force at `bar`: a mutation type or a reversible act."""

    bar: int
    kind: str


@dataclass(frozen=True, slots=True)
class PromotionRecord:
    """A new rule in charge from `bar` on. Its forecast is `intercept + weights . z`, z being the repaired features
    standardised by the mean and standard deviation of the training bars; weights None stands aside. `unit` says whether
    it forecasts the return in units of the volatility expected, or the return itself.

    `trial_number` counts every candidate ever put to the test in the episode, this one included. Repairs of inputs in
    force at the promotion: a feature is read as (delivered - offset) / scale (None: as delivered), and those of
    `muted_inputs` (indices) count as their training mean.
    """

    bar: int
    weights: tuple[float, ...] | None
    trial_number: int
    intercept: float = 0.0
    unit: ForecastUnit = "volatility"
    input_offset: tuple[float, ...] | None = None
    input_scale: tuple[float, ...] | None = None
    muted_inputs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeRecord:
    """One agent's episode. `position[T]` is held over each bar (0 before the first live bar); `forecast[T]` is the
    forecast of each bar's return that it acted on, NaN where it made none; `deployed` says whether it ever traded its
    champion."""

    agent: str
    position: FloatArray
    forecast: FloatArray
    alerts: tuple[AlertRecord, ...] = ()
    diagnoses: tuple[DiagnosisRecord, ...] = ()
    repairs: tuple[RepairRecord, ...] = ()
    promotions: tuple[PromotionRecord, ...] = ()
    deployed: bool = True
