"""Candidates that trade on paper beside the champion: predictions side by side, evidence bar by bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.kernel.timestamps import to_iso
from engine.sandbox.ab_test import PaperStatus, PaperTrial, Reference
from engine.sandbox.evaluator import choose_track, evaluate
from engine.sandbox.evidence import CandidateEvidence, EvaluationConfig, StrategyEvidence, StressResult
from engine.sandbox.market_history import to_prediction
from engine.sandbox.statistics.calibration_scores import excess_calibration_error
from engine.sandbox.statistics.e_process import BettingEProcess
from engine.sandbox.strategy_evidence import complexity, evaluation_windows
from storage.agent_records import AbTestRecord

if TYPE_CHECKING:
    from engine.agent.champions import ChampionDesk
    from engine.core.records import FuturesBar
    from engine.core.trading_types import MarketMemory, Prediction
    from engine.kernel.config_models import HydraConfig
    from engine.signals.features import FeatureVector
    from storage.agent_records import CaseRecord
    from storage.stores import Stores

TRIAL_KEY = "trial"
_SEED = 11


class PaperDesk:
    """All running paper trials of one market. State lives in `ab_tests`, so a restart continues where it stood."""

    def __init__(self, stores: Stores, config: HydraConfig, desk: ChampionDesk) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        self._desk = desk
        self._trials: dict[str, PaperTrial] = {}
        for record in stores.agent.ab_tests.list(market=self._market, status="running"):
            self._trials[record.candidate_id] = PaperTrial.from_json(dict(record.statistics[TRIAL_KEY]))

    def begin(
        self,
        candidate_id: str,
        champion_id: str,
        reference: Reference,
        case_id: str,
        candidates_charged: int,
        memory: MarketMemory,
        ts: int,
        evidence: dict[str, Any] | None = None,
    ) -> None:
        """Begin a trial, with out-of-sample evidence of the experiment if there is any; inside the caller's
        transaction."""
        carried = None if evidence is None else BettingEProcess.from_json(evidence)
        trial = PaperTrial.begin(
            candidate_id, champion_id, reference, ts, candidates_charged, memory, self._config, carried
        )
        self._trials[candidate_id] = trial
        self._save(trial, case_id, "running", ts)
        self._stores.events.append(
            "paper.started",
            candidate_id,
            {
                "candidate_id": candidate_id,
                "champion_id": champion_id,
                "case_id": case_id,
                "required_hours": self._config.evaluator.paper_trading_hours,
            },
            ts=ts,
            market=self._market,
        )

    def on_bar(self, bar: FuturesBar, days_to_expiry: float | None, vector: FeatureVector) -> None:
        """Trade one bar in every trial with forecasts made at this bar's close for the next; inside the transaction."""
        for candidate_id, trial in list(self._trials.items()):
            own = self._predict(candidate_id, vector)
            old = self._predict(trial.champion_id, vector)
            after = trial.on_bar(bar, own, old, self._config, days_to_expiry=days_to_expiry)
            self._trials[candidate_id] = after
            self._save(after, None, "running", bar.known_ts)

    def status(self, candidate_id: str) -> PaperStatus:
        """Where a trial stands."""
        return self._trials[candidate_id].status(self._config)

    def statistics(self, candidate_id: str) -> dict[str, Any]:
        """Figures of a trial."""
        return self._trials[candidate_id].statistics(self._config)

    def champion_of(self, candidate_id: str) -> str:
        """Whom a candidate trades beside."""
        return self._trials[candidate_id].champion_id

    def verdict(self, candidate_id: str, case: CaseRecord) -> dict[str, Any]:
        """The evaluator's verdict on the paper bars; gates that only the experiment can answer are carried over."""
        trial = self._trials[candidate_id]
        settings = EvaluationConfig.of(self._config)
        gates = {gate["name"]: gate for gate in (case.verdict or {}).get("gates", [])}
        own = self._desk.get(candidate_id).champion.spec
        bars = len(trial.candidate_returns)
        calibration = None
        if len(trial.confidences) >= 10:
            calibration = excess_calibration_error(
                np.array(trial.confidences), np.array(trial.outcomes_up) > 0.5, seed=_SEED
            )
        evidence = CandidateEvidence(
            StrategyEvidence(candidate_id, np.array(trial.candidate_returns), calibration, 0.0, complexity(own)),
            evaluation_windows(bars, self._config),
            bool(gates["lookahead"]["passed"]),
            str(gates["lookahead"]["explanation"]),
            (
                StressResult(
                    "all scenarios of the experiment",
                    bool(gates["stress"]["passed"]),
                    float(gates["stress"]["value"]),
                    float(gates["stress"]["threshold"]),
                ),
            ),
            self._stores.journal.trial_count(self._market),
            None,
            None,
            trial.e_process.peak_e_value,
            trial.candidates_charged,
            f"paper, {to_iso(trial.started_ts)} to {to_iso(trial.now_ts)}, {bars} bars",
        )
        champion = StrategyEvidence(
            trial.champion_id,
            np.array(trial.champion_returns),
            calibration,
            0.0,
            complexity(self._desk.get(trial.champion_id).champion.spec),
        )
        choice = choose_track(case.cause or "none", champion_healthy=(case.cause or "none") == "none")
        return evaluate(evidence, champion, choice, settings, stage="paper").to_json()

    def finish(self, candidate_id: str, status: str, ts: int) -> None:
        """End a trial as passed or failed; inside the caller's transaction."""
        trial = self._trials.pop(candidate_id, None)
        if trial is not None:
            self._save(trial, None, status, ts)

    def _predict(self, model_id: str, vector: FeatureVector) -> Prediction:
        champion = self._desk.get(model_id).champion
        row = champion.predict_vector(
            vector.names, vector.values, vector.stale, vector.value("volatility_ewma"), ts=vector.ts
        )
        return to_prediction(row)

    def _save(self, trial: PaperTrial, case_id: str | None, status: str, ts: int) -> None:
        known = self._stores.agent.ab_tests.get(trial.candidate_id)
        figures = trial.statistics(self._config)
        self._stores.agent.ab_tests.upsert(
            AbTestRecord(
                candidate_id=trial.candidate_id,
                champion_id=trial.champion_id,
                market=self._market,
                started_ts=trial.started_ts,
                required_hours=self._config.evaluator.paper_trading_hours,
                hours=trial.hours,
                bars=len(trial.candidate_returns),
                statistics={**figures, TRIAL_KEY: trial.to_json()},
                status=status,  # type: ignore[arg-type]
                updated_ts=ts,
                case_id=case_id if known is None else known.case_id,
                e_value=trial.e_process.peak_e_value,
            )
        )
