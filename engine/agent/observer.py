"""The observer: one bar in, detector readings and alerts out, everything incremental and restorable.

It holds no judgement of causes. What is needed by several detectors (repair of inputs in force, whitening, the
volatility that scales scores) is computed here once per bar and handed over as a `BarContext`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from engine.agent.alerts import Alert, AlertBook
from engine.agent.detectability import detection_bars
from engine.agent.detectors.base import BarContext, Detector, FloatArray, Reading
from engine.agent.detectors.edge_evidence import EdgeEvidence
from engine.agent.detectors.liquidity import Liquidity
from engine.agent.detectors.registry import DETECTORS
from engine.agent.detectors.run_length import evidence_run_length
from engine.agent.detectors.staleness import Staleness
from engine.agent.detectors.volatility import Volatility
from engine.agent.even_scale import EvenRow
from engine.agent.observation import BarObservation
from engine.agent.reference import ChampionReference
from engine.agent.tick_guard import TickGuard
from engine.kernel.config_models import ObserverConfig

PROVEN_AGE_BARS = 1_000_000


@dataclass(frozen=True, slots=True)
class ObserverReport:
    """One bar's readings, alerts that began and codes that ended."""

    readings: tuple[Reading, ...]
    alerts: tuple[Alert, ...]
    cleared: tuple[str, ...]


class Observer:
    """Runs every registered detector on one champion.

    `update` must be called once per closed bar in order of time. `state()` and `restore()` carry it across restarts;
    continuing after a restore gives the same readings to the last bit. An observation whose width differs from the
    reference raises ValueError.
    """

    def __init__(self, reference: ChampionReference, config: ObserverConfig) -> None:
        self.config = config
        self.history: deque[BarObservation] = deque(maxlen=config.history_bars)
        self._history_rows: deque[list[Any]] = deque(maxlen=config.history_bars)  # as JSON, each bar written once
        self._unwritten_bars = 0
        self.alert_book = AlertBook(config.dwell_bars, config.alert_deadband)
        self.age_bars = 0  # of the champion's rule; `bars` counts since its detectors last began anew
        self._begin(reference)

    def _begin(self, reference: ChampionReference) -> None:
        self.reference = reference
        self.bars = 0
        self.detectors: tuple[Detector, ...] = tuple(kind(reference, self.config) for kind in DETECTORS)
        self._volatility = next(item for item in self.detectors if isinstance(item, Volatility))
        self._liquidity = next(item for item in self.detectors if isinstance(item, Liquidity))
        self._edge = next(item for item in self.detectors if isinstance(item, EdgeEvidence))
        self._staleness = next(item for item in self.detectors if isinstance(item, Staleness))
        self._even_row = EvenRow(reference.even_scale)
        self._guard = TickGuard(reference)
        self._held = np.full(len(reference.feature_names), math.nan)
        self.last_context: BarContext | None = None
        self._ar1 = np.array(reference.feature_ar1)
        self._innovation_sd = np.array(reference.innovation_sd)
        self._volatility_power = np.array(reference.volatility_power)
        self.innovation_units: FloatArray = np.ones(len(reference.feature_names))
        """What each input's innovation of the last bar was measured in, in training's."""
        self._follows_volatility = any(power != 0.0 for power in reference.volatility_power)
        self._offset = np.array(reference.input_offset)
        self._scale = np.array(reference.input_scale)
        self._former = np.full(len(reference.feature_names), math.nan)
        self._residual_share = math.sqrt(max(1.0 - reference.correlation**2, 1e-6))

    @property
    def staleness(self) -> Staleness:
        """The detector of dead feeds, which alone knows what fell still together."""
        return self._staleness

    @property
    def liquidity_strain(self) -> float:
        """Smoothed tightness of the market, in training standard deviations."""
        return self._liquidity.level

    @property
    def guarded_values(self) -> FloatArray:
        """The last bar's values[d] as delivered, wrong ticks replaced by the last good value."""
        return self._held

    def trust_as_proven(self) -> None:
        """The champion in force passed a gate on bars that it had not seen: it is not suspected of learned noise."""
        self.age_bars += PROVEN_AGE_BARS

    def rescale_input(self, index: int, offset: float, scale: float) -> None:
        """A repair of one input in force grew more exact: read it so from the next bar on; detectors go on."""
        self._offset[index], self._scale[index] = offset, scale
        self.reference = replace(
            self.reference, input_offset=tuple(self._offset.tolist()), input_scale=tuple(self._scale.tolist())
        )

    @property
    def volatility_evidence(self) -> float:
        """Evidence that volatility jumped at some past bar, nats."""
        return self._volatility.filter.evidence()

    def expected_edge_share(self, hazard_bars: float) -> float:
        """Share of the champion's edge that is expected to be there still, in [0, 1], with one loss per `hazard_bars`
        bars expected."""
        return self._edge.expected_share(hazard_bars)

    @property
    def volatility(self) -> float:
        """Filtered volatility of the next bar, known after the last one."""
        return self._volatility.filter.volatility(self.config.volatility_jump_bars)

    @property
    def champion_window(self) -> list[BarObservation]:
        """The observations at hand that this champion is answerable for, oldest first."""
        return list(self.history)[-self.bars :] if self.bars else []

    def change_champion(self, reference: ChampionReference, *, forget_jumps: bool = False) -> tuple[str, ...]:
        """Begin anew with another champion's yardstick; the volatility stays, and the history where the inputs are the
        same ones. Returns the codes of ended alerts. With `forget_jumps`
        evidence of a volatility jump that was already acted upon is not counted again."""
        former, held = self._volatility.filter, self._held
        if reference.model_id != self.reference.model_id:
            self.age_bars = 0
        ended = self.alert_book.clear_all()
        if reference.feature_names != self.reference.feature_names:
            self.history.clear()
            self._history_rows.clear()
            self._unwritten_bars = 0
        self._begin(reference)
        self._volatility.filter.continue_from(former)
        if forget_jumps:
            self._volatility.filter.forget_jumps()
        if self.history and len(self.history[-1].values) == len(reference.feature_names):
            self._held = held
            self._former = self._standardise(held)
            self._guard.refuse(self._former.tolist())
        return tuple(ended)

    def update(self, observation: BarObservation) -> ObserverReport:
        """Take one closed bar."""
        if len(observation.values) != len(self.reference.feature_names):
            raise ValueError(
                f"the observation has {len(observation.values)} values, the champion "
                f"{len(self.reference.feature_names)} features"
            )
        context = self.last_context = self._context(observation)
        readings: list[Reading] = []
        for detector in self.detectors:
            readings += detector.update(context)
        raised, cleared = self.alert_book.update(readings)
        alerts = tuple(self._alert(reading, observation.ts) for reading in raised)
        self.history.append(observation)
        self._unwritten_bars += 1
        self.bars += 1
        self.age_bars += 1
        return ObserverReport(tuple(readings), alerts, tuple(cleared))

    def _alert(self, reading: Reading, ts: int) -> Alert:
        owner = next(detector for detector in self.detectors if detector.name == reading.detector)
        return Alert(
            code=reading.code,
            detector=reading.detector,
            subject=reading.subject,
            level=reading.level,
            message=owner.describe(reading),
            value=reading.value,
            threshold=reading.threshold,
            since_ts=reading.since_ts,
            first_ts=ts,
        )

    def _standardise(self, values: FloatArray) -> FloatArray:
        return self._even_row.scores((values - self._offset) / self._scale)

    def _innovation_units(self) -> FloatArray:
        """What each input's innovation of the coming bar is measured in, in training's."""
        ratio = self.volatility / self.reference.innovation_volatility
        units: FloatArray = ratio**self._volatility_power
        return units

    def _context(self, observation: BarObservation) -> BarContext:
        values = np.array(observation.values)
        inputs = self._standardise(values)
        innovations = (inputs - self._ar1 * self._former) / self._innovation_sd
        if self._follows_volatility:
            units = self.innovation_units = self._innovation_units()
            innovations /= units
            self._guard.widen(units.tolist())
        refused = self._guard.refuse(inputs.tolist())
        if refused:
            places = list(refused)
            inputs[places] = self._former[places]
            values[places] = self._held[places]
            innovations[places] = math.nan
        self._held = values
        self._former = inputs
        volatility = self.volatility
        forecast = residual = shift = math.nan
        if observation.scored and self.reference.prediction_sd > 0.0:
            forecast = observation.expected_return / self.reference.prediction_sd
            scaled = self.reference.volatility_mode == "ewma_scaled" and observation.return_sd > 0.0
            unit = observation.return_sd / self._residual_share if scaled else self.reference.training_volatility
            promised = observation.expected_return / unit
            residual = (observation.realised_return / volatility - promised) / self._residual_share
            shift = promised / self._residual_share
        return BarContext(
            self.bars,
            observation,
            inputs,
            innovations,
            forecast,
            residual,
            shift,
            volatility,
            refused,
            self._guard.returned(),
        )

    def metrics(self, readings: tuple[Reading, ...]) -> dict[str, float]:
        """What the performance database keeps of this bar: every statistic by code, and the detectability horizon."""
        values = {reading.code: reading.value for reading in readings if math.isfinite(reading.value)}
        values["volatility_ratio"] = self.volatility / self.reference.training_volatility
        horizon = detection_bars(self.reference.correlation, 1.0, evidence_run_length(self.config.edge_evidence_h))
        if math.isfinite(horizon):
            values["detectability_horizon_bars"] = horizon
        return values

    def false_alarm_bars(self) -> dict[str, float]:
        """Mean bars to a false alarm of each detector whose threshold it can be computed for."""
        found = {detector.name: detector.false_alarm_bars() for detector in self.detectors}
        return {name: value for name, value in found.items() if value is not None}

    def state(self) -> dict[str, Any]:
        """Plain JSON of everything but configuration."""
        return {
            "reference": self.reference.to_json(),
            "bars": self.bars,
            "age_bars": self.age_bars,
            "former": [None if not math.isfinite(item) else item for item in self._former.tolist()],
            "held": [None if not math.isfinite(item) else item for item in self._held.tolist()],
            "guard": self._guard.state(),
            "detectors": {detector.name: detector.state() for detector in self.detectors},
            "alerts": self.alert_book.state(),
            "history": self._written_history(),
        }

    def _written_history(self) -> list[list[Any]]:
        fresh = min(self._unwritten_bars, len(self.history))
        self._history_rows.extend(item.to_list() for item in islice(self.history, len(self.history) - fresh, None))
        self._unwritten_bars = 0
        return list(self._history_rows)

    @classmethod
    def from_state(cls, state: dict[str, Any], config: ObserverConfig) -> Observer:
        """Inverse of `state`."""
        observer = cls(ChampionReference.from_json(state["reference"]), config)
        observer.bars = int(state["bars"])
        observer.age_bars = int(state["age_bars"])
        observer._former = np.array([math.nan if item is None else item for item in state["former"]], dtype=np.float64)
        observer._held = np.array([math.nan if item is None else item for item in state["held"]], dtype=np.float64)
        observer._guard.restore(state["guard"])
        for detector in observer.detectors:
            detector.restore(state["detectors"][detector.name])
        observer.alert_book.restore(state["alerts"])
        observer.history.extend(BarObservation.from_list(row) for row in state["history"])
        observer._history_rows.extend(state["history"])
        return observer
