"""One experiment, pure: build the candidate, replay it beside the champion on bars it never saw, judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.core.records import RawRecord
from engine.core.trading_types import Prediction, TraderState
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import CalculationError
from engine.kernel.identifiers import derived_id
from engine.kernel.timestamps import to_iso
from engine.sandbox.candidate import Candidate, build_candidate, forecast
from engine.sandbox.evaluator import Verdict, choose_reference, choose_track, evaluate
from engine.sandbox.evidence import CandidateEvidence, EvaluationConfig, StressResult
from engine.sandbox.experiment_spec import ExperimentSpec
from engine.sandbox.look_ahead import LookAheadResult, prove
from engine.sandbox.market_history import MarketHistory, as_predictions, expiry_days, history_from_records
from engine.sandbox.replay import ReplayResult, replay
from engine.sandbox.statistics.e_process import BettingEProcess
from engine.sandbox.strategy_evidence import evaluation_windows, strategy_evidence
from engine.sandbox.stress import run_stress
from engine.sandbox.utility_score import score_differences, utility_scores
from engine.sandbox.virtual_trader import warmed_state
from models.champion import Champion

DISCOVERY_BARS: Final = 300
LEAST_EVALUATION_BARS: Final = 20
LOOK_AHEAD_BARS: Final = 240


@dataclass(frozen=True, slots=True)
class ExperimentOutcome:
    """The verdict, the candidate behind it, and the figures shown beside it."""

    candidate: Candidate
    verdict: Verdict
    metrics: dict[str, Any]
    history: MarketHistory
    e_process: BettingEProcess


def run_experiment(
    spec: ExperimentSpec,
    champion: Champion,
    records: Sequence[RawRecord],
    config: HydraConfig,
    history: MarketHistory | None = None,
) -> ExperimentOutcome:
    """Run one experiment on the raw records of its snapshot; `history` holds the snapshot's own features (rebuilt from
    the records where it is not given).

    Repair track: judged on the bars since the change point; discovery: on the last 300 bars. Raises CalculationError
    where too few bars are left, which ends the experiment without a verdict.
    """
    history = history_from_records(records, config) if history is None else history
    start = _start(spec, history)
    candidate_id = candidate_name(spec)
    candidate = build_candidate(
        candidate_id, champion.spec, champion, spec.parameters, history, start, config, spec.seed
    )
    if len(history) - candidate.start < LEAST_EVALUATION_BARS:
        raise CalculationError(
            f"{len(history) - candidate.start} bars to judge on are too few, needs {LEAST_EVALUATION_BARS}"
        )
    return _judge(spec, champion, candidate, records, history, config)


def candidate_name(spec: ExperimentSpec) -> str:
    """Name of the candidate: kind and a hash of what it is made from."""
    kind = spec.parameters.get("kind", spec.champion_spec["kind"])
    return derived_id(str(kind), spec.experiment_id, spec.champion_id, spec.until_ts, length=6)


def _start(spec: ExperimentSpec, history: MarketHistory) -> int:
    if spec.change_point_ts is None:
        return max(0, len(history) - DISCOVERY_BARS)
    return int(np.searchsorted(history.known_ts, spec.change_point_ts))


def _judge(
    spec: ExperimentSpec,
    champion: Champion,
    candidate: Candidate,
    records: Sequence[RawRecord],
    history: MarketHistory,
    config: HydraConfig,
) -> ExperimentOutcome:
    start = candidate.start
    part = history.window(start, len(history))
    own = as_predictions(candidate.predictions)[start - candidate.forecast_from :]
    old = as_predictions(forecast(champion, history, start))
    before = warmed_state(history.bars[:start], config)
    own_run, old_run = _replay(part, own, config, before), _replay(part, old, config, before)
    evidence = strategy_evidence(
        candidate.champion.model_id,
        own_run.net_returns,
        _cost_fraction(own_run, config),
        own,
        part.next_return,
        candidate.champion.spec,
    )
    reference = strategy_evidence(
        champion.model_id, old_run.net_returns, _cost_fraction(old_run, config), old, part.next_return, champion.spec
    )
    proof = look_ahead_gate(candidate.champion, records, part, config, spec.seed)
    stress = tuple(
        StressResult(item.scenario, item.passed, -item.max_drawdown, -item.limit)
        for item in run_stress(part.bars, own, config, before)
    )
    settings = EvaluationConfig.of(config)
    choice = choose_track(spec.cause, champion_healthy=spec.cause == "none")
    e_process = BettingEProcess().updated_many(
        score_differences(
            own_run.net_returns,
            old_run.net_returns,
            choose_reference(reference, choice.track, settings).stands_aside,
            settings.kelly_fraction,
        ).tolist()
    )
    verdict = evaluate(
        CandidateEvidence(
            evidence,
            evaluation_windows(len(part), config),
            proof.clean,
            _proof_text(proof),
            stress,
            spec.trial_count + 1,
            None,
            None,
            e_process.peak_e_value,
            1,
            _range_text(part),
        ),
        reference,
        choice,
        settings,
        stage="experiment",
    )
    return ExperimentOutcome(candidate, verdict, _metrics(own_run, old_run, candidate, settings), history, e_process)


def look_ahead_gate(
    candidate: Champion, records: Sequence[RawRecord], part: MarketHistory, config: HydraConfig, seed: int
) -> LookAheadResult:
    """The look-ahead proof on the last bars of the snapshot: features, forecasts and decisions rebuilt from raw
    rows."""
    window = part.bars[-LOOK_AHEAD_BARS:]
    at_ts = window[len(window) // 2].known_ts
    recent = [record for record in records if record.known_ts >= window[0].event_ts]

    def decide(history: MarketHistory) -> Sequence[Prediction | None]:
        return as_predictions(forecast(candidate, history, 0))

    return prove(recent, config, decide, at_ts, seed)


def _replay(
    part: MarketHistory, predictions: Sequence[Prediction | None], config: HydraConfig, before: TraderState
) -> ReplayResult:
    return replay(
        part.bars, predictions, config, before, days_to_expiry=expiry_days(part.bars, config), resume_after_bars=1
    )


def _cost_fraction(run: ReplayResult, config: HydraConfig) -> float:
    return run.costs.total_usd / config.risk.paper_equity_usd


def _proof_text(proof: LookAheadResult) -> str:
    if proof.clean:
        return (
            f"{proof.compared} lines up to {to_iso(proof.at_ts)} byte-identical "
            f"with {proof.scrambled_records} later records scrambled"
        )
    return f"a decision changed when later records were scrambled: {proof.first_difference}"


def _range_text(part: MarketHistory) -> str:
    return f"{to_iso(part.bars[0].known_ts)} to {to_iso(part.bars[-1].known_ts)}, {len(part)} bars"


def _metrics(own: ReplayResult, old: ReplayResult, candidate: Candidate, settings: EvaluationConfig) -> dict[str, Any]:
    edge = candidate.champion.spec.edge
    return {
        "candidate_utility_per_bar": float(utility_scores(own.net_returns, settings.kelly_fraction).mean()),
        "champion_utility_per_bar": float(utility_scores(old.net_returns, settings.kelly_fraction).mean()),
        "candidate_sharpe": own.metrics.sharpe_annual,
        "champion_sharpe": old.metrics.sharpe_annual,
        "candidate_max_drawdown": own.metrics.max_drawdown,
        "champion_max_drawdown": old.metrics.max_drawdown,
        "edge_lower_bound": None if edge is None else edge.lower_bound,
        "information_coefficient": None if edge is None else edge.information_coefficient,
        "bars": len(own.net_returns),
        "refitted": candidate.refitted,
    }
