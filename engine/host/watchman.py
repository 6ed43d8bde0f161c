"""The healer at work: feeds it each closed bar, records what it says, keeps its state in the store."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.agent.alert_desk import AlertDesk
from engine.agent.healer import CaseOutcome, Healer, StateVersionError
from engine.agent.hypothesis import PastExperiment, ProposalContext
from engine.agent.observation import BarObservation
from engine.host.operations.diagnosis import READINGS_VIEW
from engine.kernel.identifiers import derived_id
from engine.kernel.timestamps import MICROS_PER_SECOND

if TYPE_CHECKING:
    from engine.agent.diagnosis import Diagnosis
    from engine.agent.healer import HealerDecision, SafeAct
    from engine.agent.reference import ChampionReference
    from engine.core.records import FuturesBar
    from engine.core.trading_types import Prediction, TraderState
    from engine.kernel.config_models import HydraConfig
    from engine.signals.features import FeatureVector
    from storage.stores import Stores

HEALER_KEY = "healer"
_SEED = 17
RECENT_COOLDOWNS = 4
WHOLE_EVERY_BARS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnosis with what should be done at once, and the alert that led to it. `supersedes`: it takes the place of a
    case that was open."""

    diagnosis: Diagnosis
    safe_acts: tuple[SafeAct, ...]
    alert_id: str | None
    supersedes: bool = False


class Watchman:
    """Drives one healer. What it has seen is written with each bar, so a restart goes on as if nothing had been."""

    def __init__(self, stores: Stores, config: HydraConfig) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        self._alerts = AlertDesk(stores, self._market)
        self._key = f"{HEALER_KEY}:{self._market}"
        self._tail_key = f"{HEALER_KEY}_tail:{self._market}"
        self._tail: list[list[Any]] = []
        self._healer: Healer | None = None
        self.recovered = False
        self.second_finding: Diagnosis | None = None
        self._last_ts = 0
        self.readings: dict[str, float] = {}

    def start(self, reference: ChampionReference, now_ts: int = 0) -> None:
        """Continue from the store where it holds a state for this champion, else begin anew.

        A state of another version of the program is not read: the detectors begin anew, and an event says so. The
        state is written whole every few bars; the bars since then are stepped again, which gives the same state. A
        case that the loop has closed meanwhile is closed here too.
        """
        stored, tail = self._stores.state.get(self._key), self._stores.state.get(self._tail_key)
        if not isinstance(stored, dict) or stored.get("model_id") != reference.model_id:
            self.use(reference, 0)
            return
        try:
            self._healer = Healer.from_json(stored["state"], self._config)
        except StateVersionError as error:
            self._stores.events.append(
                "engine.error",
                "healer",
                {"stage": "healer", "error": f"{error}; its detectors begin anew"},
                ts=now_ts,
                market=self._market,
            )
            self.use(reference, 0)
            return
        for row in tail if isinstance(tail, list) else []:
            self._healer.step(BarObservation.from_list(row))
            self._tail.append(row)
        open_cases = [case for case in self._stores.agent.cases.list(market=self._market) if case.stage != "closed"]
        if self._healer.open_case is not None and not open_cases:
            self._healer.close_case("unhealed")

    def use(self, reference: ChampionReference, ts: int) -> None:
        """Another champion rules; alerts about the former one end."""
        if self._healer is None:
            self._healer = Healer()
            self._healer.reset(self._config, _SEED, reference)
            self._save_whole(ts)
            return
        self._clear(self._healer.acknowledge_promotion(reference.model_id, reference), ts)
        self._save_whole(ts)

    @property
    def edge_share(self) -> float:
        """Share of the champion's edge that is expected to be there still; 1 without a champion."""
        return 1.0 if self._healer is None else self._healer.edge_share

    def case_ended(self, outcome: CaseOutcome) -> None:
        """The loop ended a case; the healer may look for causes again."""
        if self._healer is not None and self._healer.open_case is not None:
            self._healer.close_case(outcome)
            self._save_whole(self._last_ts)

    def on_bar(
        self,
        vector: FeatureVector,
        bar: FuturesBar,
        predicted: Prediction | None,
        realised: float,
        net_return: float,
        state: TraderState,
    ) -> Finding | None:
        """One closed bar; inside its transaction. Returns a finding on the bar on which a cause was found."""
        if self._healer is None:
            return None
        self._last_ts = bar.known_ts
        observation = self._observation(vector, bar, predicted, realised, net_return, state)
        decision = self._healer.step(observation)
        alert_ids = self._record_alerts(decision, bar.known_ts)
        self.recovered, self.second_finding = decision.recovered, decision.second_finding
        self._tail.append(observation.to_list())
        if len(self._tail) >= WHOLE_EVERY_BARS or decision.diagnosis is not None:
            self._save_whole(bar.known_ts)
        else:
            self._stores.state.put_view(self._tail_key, self._tail, bar.known_ts)
        shown = {**decision.metrics, "expected_edge_share": self._healer.edge_share}
        readings = self.readings = {name: value for name, value in shown.items() if math.isfinite(value)}
        self._stores.state.put_view(
            f"{READINGS_VIEW}:{self._market}", {"ts": bar.known_ts, "readings": readings}, bar.known_ts
        )
        if decision.diagnosis is None or not self._healer.observer.reference.has_edge:
            return None
        alert_id = alert_ids[0] if alert_ids else None
        return Finding(decision.diagnosis, decision.safe_acts, alert_id, decision.supersedes)

    def proposals(self, champion_spec: dict[str, Any], case_id: str) -> list[dict[str, Any]]:
        """Ranked proposals for the open case now, with repairs estimated from all bars so far."""
        if self._healer is None or self._healer.open_case is None:
            return []
        round_ = self._healer.propose(
            ProposalContext(
                spec=champion_spec,
                past=self._past(case_id),
                bar_us=self._config.market.bar_seconds * MICROS_PER_SECOND,
                seed=_SEED,
            )
        )
        return [proposal.to_json() for proposal in round_.proposals]

    def refined_mend(self) -> SafeAct | None:
        """The mend of the open case's inputs, estimated from all bars so far."""
        return None if self._healer is None else self._healer.refined_mend()

    def _save_whole(self, ts: int) -> None:
        assert self._healer is not None
        self._tail.clear()
        self._stores.state.put_view(self._tail_key, [], ts)
        self._stores.state.put_view(
            self._key, {"model_id": self._healer.observer.reference.model_id, "state": self._healer.to_json()}, ts
        )

    def _observation(
        self,
        vector: FeatureVector,
        bar: FuturesBar,
        predicted: Prediction | None,
        realised: float,
        net_return: float,
        state: TraderState,
    ) -> BarObservation:
        spread = 2.0 * self._config.costs.half_spread_ticks * self._config.market.contract.tick_size
        return BarObservation(
            ts=bar.known_ts,
            event_ts_by_feature=vector.event_ts,
            values=vector.values,
            stale=vector.stale,
            expected_return=math.nan if predicted is None else predicted.expected_return,
            return_sd=math.nan if predicted is None else predicted.return_sd,
            realised_return=realised,
            spread=spread,
            volume=bar.volume,
            position_lots=state.position_lots,
            net_return=net_return,
            usable=predicted is not None and predicted.usable,
        )

    def _record_alerts(self, decision: HealerDecision, ts: int) -> list[str]:
        alert_ids = []
        for alert in decision.alerts:
            alert_id = derived_id("alert", self._market, alert.code, alert.first_ts, length=8)
            evidence = {"value": alert.value, "threshold": alert.threshold, "since_ts": alert.since_ts}
            self._alerts.raise_alert(alert_id, alert.code, alert.level, alert.subject, alert.message, evidence, ts)
            alert_ids.append(alert_id)
        self._clear(decision.cleared, ts)
        return alert_ids

    def _clear(self, codes: tuple[str, ...], ts: int) -> None:
        for code in codes:
            self._alerts.clear(code, ts)

    def _past(self, case_id: str) -> tuple[PastExperiment, ...]:
        """Recent experiments of earlier cases; a case's own tries are limited by its trial budget."""
        bar_us = self._config.market.bar_seconds * MICROS_PER_SECOND
        since_ts = self._last_ts - RECENT_COOLDOWNS * self._config.agent.cooldown_bars * bar_us
        outcomes = {case.case_id: case.outcome for case in self._stores.agent.cases.list(market=self._market)}
        return tuple(
            PastExperiment(
                record.spec["mutation_type"],
                record.spec["cause"],
                record.spec["parameters"],
                record.started_ts or 0,
                _healed(outcomes.get(record.case_id or "")),
            )
            for record in self._stores.agent.experiments.list(market=self._market)
            if record.case_id and record.case_id != case_id and (record.started_ts or 0) >= since_ts
        )


def _healed(outcome: str | None) -> bool | None:
    return None if outcome is None else outcome == "healed"
