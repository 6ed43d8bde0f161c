"""The decision core with a linear champion: a bar in; target position, alerts, diagnosis, repair and promotion out.

It drives the same `Healer` (observer, diagnostician) as the live loop and acts on it: repairs of inputs and sizes work
at once, since they restore what was learned or lower risk; a new relation is learned in a trial and put in force by a
likelihood-ratio gate alone. Deterministic and incremental; everything it needs to resume is JSON.

Sizes: `E[return] / volatility = weights . inputs`, held as the growth-optimal fraction f / (sigma (v + f^2)), limited
to `largest_position`, times the share of the edge that is expected to be there still, times what repairs allow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.agent.alerts import Alert
from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import Healer, HealerDecision
from engine.agent.observation import BarObservation
from engine.agent.reference import ChampionReference
from engine.agent.treatment.desk import Promotion, RepairNote, ScoredBar, TreatmentDesk
from engine.agent.treatment.linear_rule import LinearRule
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.repairs.interface import Repair
from engine.agent.treatment.repairs.refit_from_change import RefitFromChange
from engine.agent.treatment.repairs.registry import REPAIRS
from engine.agent.treatment.repairs.scheduled_challenge import ScheduledChallenge
from engine.agent.treatment.repairs.simpler_model import SimplerModel
from engine.kernel.config_models import HydraConfig

FloatArray = NDArray[np.float64]
LARGEST_RETURN = 6.0  # in expected volatilities: what a learner sees of a wild bar
STATE_VERSION = 3


@dataclass(frozen=True, slots=True)
class TradeDecision:
    """What one bar led to. `position` is held over the coming bar (in equity per unit of return), after going
    `trading_rate` of the way to `target`; `forecast` is the expected return of the coming bar."""

    position: float
    target: float
    trading_rate: float
    forecast: float
    alerts: tuple[Alert, ...]
    diagnoses: tuple[Diagnosis, ...]
    repairs: tuple[RepairNote, ...]
    promotions: tuple[Promotion, ...]


class HealingTrader:
    """Create, `reset` with a champion and the bars that taught it, then `step` once per bar."""

    def __init__(self) -> None:
        self._desk: TreatmentDesk | None = None

    def reset(
        self,
        config: HydraConfig,
        seed: int,
        rule: LinearRule,
        reference: ChampionReference,
        inputs: FloatArray,
        scaled_returns: FloatArray,
    ) -> None:
        """Begin with a champion, its yardstick, and its training bars as inputs[n, d] and scaled returns[n]."""
        healer = Healer()
        healer.reset(config, seed, reference)
        self._config = config
        self._desk = TreatmentDesk(healer, rule, config.treatment)
        for row, scaled in zip(inputs, scaled_returns.tolist(), strict=True):
            self._desk.memory.add(row, scaled)
        self._repairs: tuple[Repair, ...] = tuple(kind() for kind in REPAIRS)
        self._refit = next(item for item in self._repairs if isinstance(item, RefitFromChange))
        self._simpler = next(item for item in self._repairs if isinstance(item, SimplerModel))
        self._challenge = next(item for item in self._repairs if isinstance(item, ScheduledChallenge))
        self._challenge.prepare(self._desk)
        self._former: tuple[FloatArray, float, float] | None = None  # inputs, forecast, volatility of the last decision
        self._position = 0.0
        self._promised = 0.0

    @property
    def desk(self) -> TreatmentDesk:
        """Shared state of the repairs."""
        assert self._desk is not None, "reset first"
        return self._desk

    @property
    def is_deployed(self) -> bool:
        """Whether the champion has a proven edge: without one nothing is held and nothing is healed."""
        return self.desk.reference.has_edge

    def step(self, bar: MarketBar) -> TradeDecision:
        """Decide the position of the coming bar."""
        desk = self.desk
        observer = desk.healer.observer
        decision = desk.healer.step(self._observation(bar), with_metrics=False)
        scored = self._score(bar)
        diagnoses: list[Diagnosis] = []
        if self.is_deployed:
            self._work(bar, scored, decision.diagnosis, decision, diagnoses)
        values = (observer.guarded_values - desk.offset) / desk.scale
        inputs = desk.rule.inputs(values, desk.muted)
        expected = float(desk.rule.weights.dot(inputs))
        volatility = observer.volatility
        self._former = (inputs, expected, volatility)
        self._promised = expected * desk.reference.training_volatility
        target, rate = self._target(expected, volatility)
        self._position += rate * (target - self._position)
        notes, promotions = tuple(desk.notes), tuple(desk.promotions)
        desk.notes.clear()
        desk.promotions.clear()
        return TradeDecision(
            self._position,
            target,
            rate,
            self._promised,
            decision.alerts,
            tuple(diagnoses),
            notes,
            promotions,
        )

    def _observation(self, bar: MarketBar) -> BarObservation:
        reference = self.desk.reference
        return BarObservation(
            ts=bar.ts,
            event_ts_by_feature=bar.event_ts_by_feature,
            values=bar.values,
            stale=bar.stale,
            expected_return=self._promised,
            return_sd=reference.residual_sd,
            realised_return=bar.realised_return,
            spread=bar.spread,
            volume=bar.volume,
            position_lots=0,
            net_return=self._position * bar.realised_return,
            usable=self._former is not None,
        )

    def _score(self, bar: MarketBar) -> ScoredBar | None:
        desk = self.desk
        if self._former is None or not math.isfinite(bar.realised_return):
            return None
        inputs, expected, volatility = self._former
        scaled = max(-LARGEST_RETURN, min(LARGEST_RETURN, bar.realised_return / volatility))
        scored = ScoredBar(desk.memory.bars, inputs, expected, scaled)
        desk.memory.add(inputs, scaled)
        return scored

    def _work(
        self,
        bar: MarketBar,
        scored: ScoredBar | None,
        found: Diagnosis | None,
        decision: HealerDecision,
        diagnoses: list[Diagnosis],
    ) -> None:
        desk = self.desk
        if found is not None:
            diagnoses.append(found)
            answering = next((repair for repair in self._repairs if repair.wants(found)), None)
            if answering is not None:
                answering.begin(found, desk)
        in_case = self._refit.is_open or self._simpler.is_open
        for repair in self._repairs:
            if repair is self._challenge and in_case:
                self._challenge.pause(scored, desk)
                continue
            promoted = len(desk.promotions)
            repair.on_bar(bar, scored, decision, desk)
            if len(desk.promotions) > promoted:
                self._after_promotion(repair, diagnoses)

    def _after_promotion(self, repair: Repair, diagnoses: list[Diagnosis]) -> None:
        desk = self.desk
        if repair is self._challenge:
            self._refit.rule_was_replaced()
            if self._challenge.explained is not None:
                diagnoses.append(self._challenge.explained)
        else:
            self._challenge.rule_was_replaced(desk)

    def _target(self, expected: float, volatility: float) -> tuple[float, float]:
        desk = self.desk
        if not self.is_deployed:
            return 0.0, 1.0
        limit = desk.config.largest_position
        fraction = expected / (volatility * (desk.rule.residual_variance + expected * expected))
        rules = [repair.size_rule() for repair in self._repairs]
        share = min([rule.share for rule in rules])
        rate = min([rule.trading_rate for rule in rules])
        if share > 0.0:
            share *= desk.healer.edge_share
        return share * max(-limit, min(limit, fraction)), rate

    def to_json(self) -> dict[str, Any]:
        """Everything that is carried from bar to bar."""
        former = self._former
        return {
            "version": STATE_VERSION,
            "healer": self.desk.healer.to_json(),
            "desk": self.desk.to_json(),
            "repairs": {repair.kind: repair.state() for repair in self._repairs},
            "former": None if former is None else [former[0].tolist(), former[1], former[2]],
            "position": self._position,
            "promised": self._promised,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], config: HydraConfig) -> Self:
        """Inverse of `to_json`. ValueError for another version."""
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"trader state of version {state.get('version')}, this program reads {STATE_VERSION}")
        trader = cls()
        healer = Healer.from_json(state["healer"], config)
        rule = LinearRule.from_json(state["desk"]["rule"])
        nothing = np.zeros((0, len(rule.feature_names)))
        trader.reset(config, healer.seed, rule, healer.observer.reference, nothing, np.zeros(0))
        trader.desk.healer = healer
        trader.desk.restore(state["desk"])
        for repair in trader._repairs:
            repair.restore(state["repairs"][repair.kind])
        former = state["former"]
        if former is not None:
            trader._former = (np.array(former[0], dtype=np.float64), float(former[1]), float(former[2]))
        trader._position, trader._promised = float(state["position"]), float(state["promised"])
        return trader
