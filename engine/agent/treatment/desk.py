"""What repairs share: the rule in force, the inputs' repairs, the last bars, trial counters, and how to replace a
rule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.agent.healer import Healer
from engine.agent.reference import ChampionReference
from engine.agent.treatment.linear_rule import LinearRule
from engine.agent.treatment.prequential_edge import PrequentialEdge
from engine.agent.treatment.scaled_memory import ScaledMemory
from engine.kernel.config_models import TreatmentConfig
from engine.sandbox.statistics.alpha_spending import AlphaSpender

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
PROVEN_EDGE = 1e-3  # above 0: the deployment gate has passed
SPREAD_BARS = 300  # bars on which the spread of a new rule's forecasts is measured


@dataclass(frozen=True, slots=True)
class ScoredBar:
    """A bar whose return is known: the inputs its forecast was made from, the forecast in force and the return, both in
    units of the volatility that was expected."""

    place: int
    inputs: FloatArray
    forecast: float
    scaled_return: float


@dataclass(frozen=True, slots=True)
class RepairNote:
    """Something a repair did on this bar: `kind` is a mutation type or "stand_aside", `step` what happened."""

    kind: str
    step: str
    reason: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Promotion:
    """A rule that replaced another: its track, the trial it was, the evidence in nats and what was needed."""

    model_id: str
    replaced: str
    track: str
    trial: int
    nats: float
    threshold_nats: float
    weights: tuple[float, ...]
    reason: str


class TreatmentDesk:
    """Mutable state that repairs act on. `offset`, `scale` and `muted` are the inputs' repairs in force, and
    `input_repairs` says how often they changed."""

    def __init__(self, healer: Healer, rule: LinearRule, config: TreatmentConfig) -> None:
        width = len(rule.feature_names)
        self.healer = healer
        self.rule = rule
        self.config = config
        self.offset: FloatArray = np.zeros(width)
        self.scale: FloatArray = np.ones(width)
        self.muted: BoolArray = np.zeros(width, dtype=np.bool_)
        self.memory = ScaledMemory(width, config.memory_bars)
        self.input_repairs = 0
        self.repair_trials = 0
        self.discovery_alpha = AlphaSpender(config.discovery_alpha)
        self.models = 0
        self.former: tuple[str, FloatArray] | None = None
        self.learned_bars = 0.0
        self.notes: list[RepairNote] = []
        self.promotions: list[Promotion] = []

    @property
    def reference(self) -> ChampionReference:
        """The yardstick in force."""
        return self.healer.observer.reference

    @property
    def noise_sd(self) -> float:
        """Standard deviation of a scaled return around its forecast."""
        return math.sqrt(self.rule.residual_variance)

    def index_of(self, name: str) -> int:
        """Place of a feature."""
        return self.rule.feature_names.index(name)

    def note(self, kind: str, step: str, reason: str, **details: Any) -> None:
        """Tell what a repair did."""
        self.notes.append(RepairNote(kind, step, reason, details))

    def apply_input_repairs(self) -> None:
        """The yardstick follows the repairs of inputs; detectors begin anew with it."""
        self.input_repairs += 1
        reference = replace(
            self.reference,
            input_offset=tuple(self.offset.tolist()),
            input_scale=tuple(self.scale.tolist()),
            quarantined=tuple(bool(item) for item in self.muted),
        )
        self.healer.acknowledge_promotion(reference.model_id, reference)

    def promote(
        self,
        weights: FloatArray,
        *,
        track: str,
        trial: int,
        nats: float,
        threshold_nats: float,
        reason: str,
        learned_bars: float,
        former_may_return: bool = True,
    ) -> None:
        """Another rule is in force from the next decision on; the yardstick of its edge is measured on the last bars.
        `learned_bars` says on about how many bars it was learned."""
        former = self.rule
        self.models += 1
        model_id = f"{former.model_id.split('+')[0]}+{self.models}"
        self.former = (former.model_id, former.weights) if former_may_return else None
        self.learned_bars = learned_bars
        self.rule = replace(former, model_id=model_id, weights=weights)
        self.promotions.append(
            Promotion(model_id, former.model_id, track, trial, nats, threshold_nats, tuple(weights.tolist()), reason)
        )
        self.measure_rule()

    def refresh_rule(self, weights: FloatArray) -> None:
        """The same rule, learned from more bars: part of its recipe, no promotion. Detectors go on."""
        self.rule = replace(self.rule, weights=weights)

    def adopt(self, edge: PrequentialEdge) -> None:
        """Another way of fitting leaves another noise, and its edge is a proven one."""
        self.rule = replace(self.rule, residual_variance=edge.residual_variance)
        reference = replace(self.reference, edge_lower_bound=max(self.reference.edge_lower_bound, PROVEN_EDGE))
        self.healer.acknowledge_promotion(reference.model_id, reference)

    def measure_rule(self) -> None:
        """Yardstick of the rule in force; detectors begin anew."""
        inputs, _ = self.memory.since(self.memory.bars - SPREAD_BARS)
        unit = self.reference.training_volatility
        reference = replace(
            self.reference,
            model_id=self.rule.model_id,
            coefficients=tuple((self.rule.weights * unit).tolist()),
            prediction_sd=float(np.std(inputs @ self.rule.weights)) * unit,
            residual_sd=self.noise_sd * unit,
        )
        self.healer.acknowledge_promotion(reference.model_id, reference)
        self.healer.observer.trust_as_proven()

    def to_json(self) -> dict[str, Any]:
        """Everything but the healer and this bar's notes."""
        return {
            "rule": self.rule.to_json(),
            "offset": self.offset.tolist(),
            "scale": self.scale.tolist(),
            "muted": self.muted.tolist(),
            "memory": self.memory.to_json(),
            "input_repairs": self.input_repairs,
            "repair_trials": self.repair_trials,
            "discovery_alpha": self.discovery_alpha.to_json(),
            "models": self.models,
            "learned_bars": self.learned_bars,
            "former": None if self.former is None else [self.former[0], self.former[1].tolist()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Inverse of `to_json`."""
        self.rule = LinearRule.from_json(state["rule"])
        self.offset = np.array(state["offset"], dtype=np.float64)
        self.scale = np.array(state["scale"], dtype=np.float64)
        self.muted = np.array(state["muted"], dtype=np.bool_)
        self.memory = ScaledMemory.from_json(state["memory"])
        self.input_repairs = int(state["input_repairs"])
        self.repair_trials = int(state["repair_trials"])
        self.discovery_alpha = AlphaSpender.from_json(state["discovery_alpha"])
        self.models = int(state["models"])
        self.learned_bars = float(state["learned_bars"])
        former = state["former"]
        self.former = None if former is None else (str(former[0]), np.array(former[1], dtype=np.float64))
