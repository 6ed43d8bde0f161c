"""The agent's loop: connects stages and holds no judgement of its own.

diagnosed -> waiting_data -> experimenting -> paper -> awaiting_approval -> watching -> closed

Each stage reads what the one before it left in the case (`cases` row), acts, and moves the case on inside the
transaction of the bar. After a crash the loop reads the open cases and goes on where each one stood; an experiment
whose process died with the engine is started again, since nothing of it had taken effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.agent.alert_desk import AlertDesk
from engine.agent.approvals import ApprovalDesk, promotion_consequences, promotion_evidence
from engine.agent.autonomy import Act, may_act_alone, needs_approval
from engine.agent.case_opening import open_diagnosed_case, open_refit_case, open_wished_case
from engine.agent.champions import ChampionDesk
from engine.agent.experiment import ExperimentRunner
from engine.agent.experiment_pool import ExperimentEnd
from engine.agent.paper_desk import PaperDesk
from engine.agent.promotion import promote, roll_back
from engine.agent.rollback_watch import RollbackWatch
from engine.agent.safe_act_words import words_without_repair
from engine.agent.safe_acts import SafeActDesk
from engine.kernel.errors import RefusedError
from engine.kernel.identifiers import derived_id
from engine.sandbox.ab_test import Reference
from storage.agent_records import CaseRecord
from storage.state_store import AGENT_PAUSED

if TYPE_CHECKING:
    from engine.agent.diagnosis import Diagnosis
    from engine.agent.healer import CaseOutcome, SafeAct
    from engine.core.records import FuturesBar
    from engine.core.trading_types import MarketMemory
    from engine.kernel.config_models import AutonomyLevel, HydraConfig
    from engine.signals.features import FeatureVector
    from storage.model_registry import ModelRecord
    from storage.stores import Stores

CLOSED = "closed"
_WORSE_THAN_BEFORE = "the new champion did worse than its predecessor would have, beyond chance"


@dataclass(frozen=True, slots=True)
class CaseEnd:
    """How a case ended, for the healer."""

    case_id: str
    outcome: CaseOutcome


class AgentLoop:
    """Moves cases through their stages. `on_case_end` tells the healer that it may look for causes again."""

    def __init__(
        self,
        stores: Stores,
        config: HydraConfig,
        desk: ChampionDesk,
        runner: ExperimentRunner,
        *,
        level: Callable[[], AutonomyLevel],
        memory: Callable[[], MarketMemory],
        propose: Callable[[dict[str, Any], str], list[dict[str, Any]]],
        mend: Callable[[], SafeAct | None],
        on_promotion: Callable[[str], None],
        on_case_end: Callable[[CaseEnd], None],
    ) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        self._desk = desk
        self._runner = runner
        self._level = level
        self._memory = memory
        self._propose = propose
        self._mend = mend
        self._on_promotion = on_promotion
        self._on_case_end = on_case_end
        self._alerts = AlertDesk(stores, self._market)
        self.safe_acts = SafeActDesk(stores, config, level)
        self.paper = PaperDesk(stores, config, desk)
        self.approvals = ApprovalDesk(stores, config)
        self.watch = RollbackWatch(stores, config, desk)

    @property
    def open_cases(self) -> list[CaseRecord]:
        """Cases that are not closed, oldest first."""
        return [case for case in self._stores.agent.cases.list(market=self._market) if case.stage != CLOSED]

    def is_paused(self) -> bool:
        """Whether the operator paused the agent, or its autonomy is lockdown."""
        row = self._stores.state.get(AGENT_PAUSED)
        return self._level() == "lockdown" or bool(isinstance(row, dict) and row.get("paused"))

    def open_case(
        self, diagnosis: Diagnosis, safe_acts: tuple[SafeAct, ...], alert_id: str | None, bars: int, ts: int
    ) -> str:
        """A diagnosis begins a case; inside the transaction of the bar."""
        case_id = open_diagnosed_case(self._stores, self._market, diagnosis, alert_id, bars, ts)
        self.safe_acts.take(case_id, safe_acts, ts, waited_as=diagnosis.cause)
        return case_id

    def open_manual_case(
        self,
        mutation_type: str,
        target: str,
        parameters: dict[str, Any],
        *,
        actor: str,
        reason: str,
        bars: int,
        ts: int,
    ) -> str:
        """An operator's own idea, on the discovery track; RefusedError for one asked twice at the same bar."""
        return open_wished_case(
            self._stores, self._market, mutation_type, target, parameters, actor=actor, reason=reason, bars=bars, ts=ts
        )

    def open_scheduled_case(self, bars: int, ts: int) -> str | None:
        """A refit on recent bars that nothing asked for: slow decay is invisible for long to whoever only waits for
        alarms. It takes the discovery track with all its gates. None while a case is open, the agent is paused, or no
        champion rules."""
        if self.is_paused() or self.open_cases or self._desk.champion() is None:
            return None
        return open_refit_case(self._stores, self._market, self._config.market.bar_seconds, bars, ts)

    def on_bar(
        self, bar: FuturesBar, vector: FeatureVector, bars: int, ts: int, *, days_to_expiry: float | None
    ) -> None:
        """Move every open case as far as this bar allows; inside the transaction of the bar."""
        self.paper.on_bar(bar, days_to_expiry, vector)
        self.safe_acts.release_restored(ts)
        self.safe_acts.refine_mend(self._mend, bars, ts)
        for case in self.open_cases:
            if case.stage == "waiting_data" and bars >= int(case.data["retry_bar"]):
                self._move(case, ts, stage="diagnosed")
            elif case.stage == "paper":
                self._judge_paper(case, bars, ts)
            elif case.stage == "awaiting_approval":
                self._check_approval(case, ts)
            elif case.stage == "watching":
                self._watch_promotion(case, self.watch.on_bar(bar, days_to_expiry, vector), ts)

    def start_experiments(self, bars: int, ts: int) -> None:
        """Start the next experiment of every case that waits for one; outside the transaction of the bar."""
        if self.is_paused():
            return
        for case in self.open_cases:
            if case.stage == "diagnosed" and self._runner.pool.has_slot:
                if may_act_alone(self._level(), Act.RUN_EXPERIMENT) or case.data.get("allowed"):
                    self._start_next(case, bars, ts)
                elif needs_approval(self._level(), Act.RUN_EXPERIMENT):
                    self._ask_for_experiment(case, ts)
            elif case.stage == "experimenting" and case.experiment_id not in self._runner.pool.running:
                again = {name: max(0, int(case.data[name]) - 1) for name in ("next", "trials")}
                self._move(case, ts, stage="diagnosed", data={**case.data, **again})

    def on_experiment_end(self, end: ExperimentEnd, bars: int, ts: int) -> None:
        """Take an experiment's answer: to paper, to the graveyard, or to the next try."""
        with self._stores.db.transaction("agent"):
            result = self._runner.finish(end, ts)
            cases = [case for case in self.open_cases if case.experiment_id == end.experiment_id]
            if not cases:
                return
            case = replace(cases[0], verdict=result["verdict"])
            if result["candidate"] is None:
                self._retry(case, bars, ts, result["reason"])
                return
            record = self._stores.agent.experiments.require(end.experiment_id)
            model = self._desk.register(
                result,
                self._runner.artifact(end.experiment_id),
                parent_id=record.spec["champion_id"],
                snapshot_hash=record.snapshot_hash,
                ts=ts,
                reason=result["reason"],
            )
            if result["outcome"] != "passed":
                self._stores.registry.retire(model.model_id, actor="evaluator", reason=result["reason"], ts=ts)
                self._retry(case, bars, ts, f"experiment failed: {result['reason']}")
                return
            self._stores.registry.set_paper(model.model_id, reason="passed the experiment's gates", ts=ts)
            reference: Reference = (
                "aside" if (result["verdict"] or {}).get("reference") == "standing aside" else "champion"
            )
            self.paper.begin(
                model.model_id,
                str(record.spec["champion_id"]),
                reference,
                case.case_id,
                int(case.data["trials"]),
                self._memory(),
                ts,
                result.get("evidence"),
            )
            self._move(case, ts, stage="paper", candidate_id=model.model_id, verdict=result["verdict"])

    def approve(self, approval_id: str, *, actor: str, reason: str, ts: int) -> dict[str, Any]:
        """Approve a request and do what it asks for; inside the caller's transaction."""
        approval = self.approvals.decide(approval_id, "approved", actor=actor, reason=reason, ts=ts)
        case = self._stores.agent.cases.require(approval.case_id)
        if approval.kind == "experiment":
            self._move(case, ts, stage="diagnosed", data={**case.data, "allowed": True})
            return {"subject": approval.subject, "case_id": case.case_id}
        previous = self._stores.registry.champion_id(self._market)
        replaces = approval.consequences.get("replaces")
        if approval.kind == "promote" and replaces is not None and replaces != previous:
            raise RefusedError(
                f"request {approval_id} was measured against {replaces}, and {previous} is champion now; reject it, "
                "the agent will test again if a repair is still needed"
            )
        if approval.kind == "rollback":
            record = self._undo_promotion(case, actor, reason, ts)
            return {"model_id": record.model_id, "previous_model_id": previous, "subject": approval.subject}
        record = promote(
            self._stores,
            self._market,
            approval.subject,
            actor=actor,
            reason=reason,
            ts=ts,
            approval_id=approval_id,
            experiment_id=case.experiment_id,
        )
        undone = {"promoted_ts": ts, "replaced": previous, "safe_act": self.safe_acts.in_force()}
        self.safe_acts.revert(case.case_id, "the champion is repaired", ts)
        self.paper.finish(approval.subject, "passed", ts)
        self._move(case, ts, stage="watching", data={**case.data, **undone})
        self.watch.begin(case.case_id, record.model_id, str(previous), self._memory(), ts)
        self._on_promotion(record.model_id)
        return {"model_id": record.model_id, "previous_model_id": previous, "subject": approval.subject}

    def reject(self, approval_id: str, *, actor: str, reason: str, ts: int) -> dict[str, Any]:
        """Reject a request: the candidate goes to the graveyard, the case ends."""
        approval = self.approvals.decide(approval_id, "rejected", actor=actor, reason=reason, ts=ts)
        case = self._stores.agent.cases.require(approval.case_id)
        if approval.kind == "promote":
            self._bury(case, approval.subject, f"rejected by {actor}: {reason}", ts)
        self.close_case(case, "rejected", reason, ts)
        return {"approval_id": approval_id, "subject": approval.subject}

    def on_manual_change(self, ts: int) -> None:
        """The operator moved the champion pointer: a watched promotion is no longer watched."""
        champion = self._stores.registry.champion_id(self._market)
        for case in self.open_cases:
            waits = case.stage == "awaiting_approval" and self._asks_for_rollback(case)
            if (waits or case.stage == "watching") and case.candidate_id != champion:
                if waits:
                    self.approvals.decide(
                        str(case.approval_id), "withdrawn", actor="engine", reason="the operator rolled back", ts=ts
                    )
                self.watch.end(ts)
                self.close_case(case, "rolled_back", "the operator rolled back", ts)
        held = self.safe_acts.in_force()
        if held is not None and held.get("restored_for", champion) != champion:
            self.safe_acts.revert(str(held["case_id"]), "another champion rules", ts)
        self.safe_acts.end_mend("another champion rules", ts, unless_of=str(champion))
        self.safe_acts.restore(str(champion), ts)

    def close_case(self, case: CaseRecord, outcome: CaseOutcome, reason: str, ts: int) -> None:
        """End a case with its outcome; inside the caller's transaction."""
        self._move(case, ts, stage=CLOSED, outcome=outcome)
        if outcome not in ("healed", "cleared"):
            self.safe_acts.end_mend(f"the case is {outcome}: {reason}", ts, case_id=case.case_id)
        event = self._stores.events.append(
            "case.closed",
            case.case_id,
            {"case_id": case.case_id, "outcome": outcome, "reason": reason},
            ts=ts,
            market=self._market,
        )
        self._stores.journal.write(
            "case",
            case.case_id,
            {"sentence": f"case {case.case_id} ({case.cause}) {outcome}: {reason}"},
            ts=ts,
            market=self._market,
            outcome=outcome,
            tags=[case.cause or "none"],
            event_seq=event.seq,
        )
        self._on_case_end(CaseEnd(case.case_id, outcome))

    def _ask_for_experiment(self, case: CaseRecord, ts: int) -> None:
        proposals = self._proposals(case)
        proposal = proposals[min(int(case.data["next"]), len(proposals) - 1)] if proposals else {}
        stays = words_without_repair(self.safe_acts.in_force())
        with self._stores.db.transaction("agent"):
            approval = self.approvals.request(
                case,
                "experiment",
                str(proposal.get("mutation_type", "none")),
                {"cause": case.cause, "sentence": (case.diagnosis or {}).get("sentence", ""), "proposal": proposal},
                {"raises_risk": False, "safe_default": f"no experiment runs; the champion {stays}"},
                ts,
            )
            self._move(case, ts, stage="awaiting_approval", approval_id=approval.approval_id)

    def _start_next(self, case: CaseRecord, bars: int, ts: int) -> None:
        proposals, index = self._proposals(case), int(case.data["next"])
        if index >= len(proposals) or int(case.data["trials"]) >= self._config.agent.max_trials_per_case:
            with self._stores.db.transaction("agent"):
                self._give_up(case, ts)
            return
        proposal = proposals[index]
        change_point_ts = case.data.get("change_point_ts")
        wait = int(proposal["wait_bars"])
        if wait > 0:
            with self._stores.db.transaction("agent"):
                self._move(case, ts, stage="waiting_data", data={**case.data, "retry_bar": bars + wait})
            return
        champion = self._desk.champion()
        if champion is None:
            return
        spec = self._runner.spec(
            case_id=case.case_id,
            cause=case.cause or "none",
            mutation_type=proposal["mutation_type"],
            target=proposal["target_component"],
            parameters=proposal["parameters"],
            champion=champion,
            change_point_ts=change_point_ts,
            until_ts=ts,
        )
        record = self._stores.registry.get(champion.model_id)
        with self._stores.db.transaction("agent"):
            self._stores.events.append(
                "proposal.made",
                case.case_id,
                {
                    "case_id": case.case_id,
                    "mutation_type": proposal["mutation_type"],
                    "target": proposal["target_component"],
                    "parameters": proposal["parameters"],
                    "hypothesis": proposal["hypothesis_text"],
                    "source": proposal["source"],
                    "expected_improvement": proposal["expected_improvement"],
                },
                ts=ts,
                market=self._market,
            )
            self._move(
                case,
                ts,
                stage="experimenting",
                proposal=proposal,
                experiment_id=spec.experiment_id,
                data={**case.data, "next": index + 1, "trials": int(case.data["trials"]) + 1},
            )
        self._runner.start(spec, self._stores.registry.load_artifact(record.artifact_hash), ts)

    def _retry(self, case: CaseRecord, bars: int, ts: int, reason: str) -> None:
        """The same proposal again with more data, or the next one."""
        data = dict(case.data)
        if not (case.proposal or {}).get("reversible", True):
            data["next"] = max(0, int(data["next"]) - 1)
        data["retry_bar"] = bars + self._config.agent.retry_bars
        data["last_failure"] = reason
        self._move(case, ts, stage="waiting_data", data=data, candidate_id=None, verdict=case.verdict)

    def _give_up(self, case: CaseRecord, ts: int) -> None:
        if "manual" in case.data:
            reason = str(case.data.get("last_failure") or "the operator's idea was not tested")
            self.close_case(case, "unhealed", reason, ts)
            return
        alert_id = derived_id("alert", case.case_id, "unhealed")
        stays = words_without_repair(self.safe_acts.in_force())
        message = f"no repair of {case.cause} passed its gates after {case.data['trials']} tries; the champion {stays}"
        evidence = {"trials": float(case.data["trials"])}
        self._alerts.raise_alert(alert_id, "case_unhealed", "CRITICAL", case.case_id, message, evidence, ts)
        self.close_case(case, "unhealed", str(case.data.get("last_failure") or "no proposal is left"), ts)

    def _judge_paper(self, case: CaseRecord, bars: int, ts: int) -> None:
        status = self.paper.status(str(case.candidate_id))
        if status == "running":
            return
        verdict = self.paper.verdict(str(case.candidate_id), case) if status == "decided" else None
        failed = [gate["name"] for gate in (verdict or {}).get("gates", []) if gate["blocking"] and not gate["passed"]]
        passed = verdict is not None and not failed
        statistics = self.paper.statistics(str(case.candidate_id))
        self._stores.events.append(
            "paper.finished",
            str(case.candidate_id),
            {
                "candidate_id": case.candidate_id,
                "champion_id": self.paper.champion_of(str(case.candidate_id)),
                "hours": statistics["hours"],
                "bars": statistics["bars"],
                "outcome": "passed" if passed else status,
                "statistics": statistics,
                "case_id": case.case_id,
            },
            ts=ts,
            market=self._market,
        )
        if not passed:
            reason = f"paper trading {status}" if verdict is None else f"paper gates failed: {', '.join(failed)}"
            self._bury(case, str(case.candidate_id), reason, ts)
            self._retry(replace(case, verdict=verdict or case.verdict), bars, ts, reason)
            return
        approval = self.approvals.request(
            case,
            "promote",
            str(case.candidate_id),
            promotion_evidence(case, verdict or {}, statistics),
            promotion_consequences(
                case,
                self._stores.registry.champion_id(self._market),
                self._config.risk.max_position_lots,
                words_without_repair(self.safe_acts.in_force()),
            ),
            ts,
        )
        self._move(case, ts, stage="awaiting_approval", approval_id=approval.approval_id, verdict=verdict)
        if may_act_alone(self._level(), _promotion_act(case)):
            self.approve(approval.approval_id, actor="autonomy", reason="autonomous level: every gate passed", ts=ts)

    def _check_approval(self, case: CaseRecord, ts: int) -> None:
        approval = self._stores.agent.approvals.require(case.approval_id)
        if (
            approval.status == "open"
            and approval.kind == "promote"
            and may_act_alone(self._level(), _promotion_act(case))
        ):
            self.approve(approval.approval_id, actor="autonomy", reason="autonomous level: every gate passed", ts=ts)
        elif approval.status == "open" and ts >= approval.expires_ts:
            self.approvals.decide(
                approval.approval_id, "expired", actor="engine", reason="nobody decided in time", ts=ts
            )
            if approval.kind == "promote":
                self._bury(case, approval.subject, "the request expired", ts)
            stays = words_without_repair(self.safe_acts.in_force())
            self.close_case(case, "expired", f"the request expired; the champion {stays}", ts)

    def _asks_for_rollback(self, case: CaseRecord) -> bool:
        return self._stores.agent.approvals.require(case.approval_id).kind == "rollback"

    def _watch_promotion(self, case: CaseRecord, decision: str, ts: int) -> None:
        if decision == "settled":
            self.close_case(case, "healed", "the new champion held over the watch", ts)
        elif decision == "roll_back" and may_act_alone(self._level(), Act.ROLL_BACK):
            self._undo_promotion(case, "rollback watch", _WORSE_THAN_BEFORE, ts, automatic=True)
        elif decision == "roll_back":
            approval = self.approvals.request(
                case,
                "rollback",
                str(self._stores.registry.predecessor(self._market)),
                {"cause": case.cause, "sentence": _WORSE_THAN_BEFORE, "proposal": case.proposal},
                {"raises_risk": False, "safe_default": "nothing happens; the new champion keeps trading"},
                ts,
            )
            self._move(case, ts, stage="awaiting_approval", approval_id=approval.approval_id)

    def _undo_promotion(
        self, case: CaseRecord, actor: str, reason: str, ts: int, *, automatic: bool = False
    ) -> ModelRecord:
        record = roll_back(self._stores, self._market, actor=actor, reason=reason, ts=ts, automatic=automatic)
        self.close_case(case, "rolled_back", f"the promotion was undone by {actor}", ts)
        self._on_promotion(record.model_id)
        self.safe_acts.restore(record.model_id, ts)
        return record

    def _bury(self, case: CaseRecord, model_id: str, reason: str, ts: int) -> None:
        self.paper.finish(model_id, "failed", ts)
        self._stores.registry.retire(model_id, actor="agent", reason=reason, ts=ts)

    def _proposals(self, case: CaseRecord) -> list[dict[str, Any]]:
        if "manual" in case.data:
            return [case.data["manual"]]
        champion = self._desk.champion()
        return [] if champion is None else self._propose(champion.champion.spec.to_json(), case.case_id)

    def on_recovery(self, ts: int) -> None:
        """The condition of a case vanished by itself before a repair was tested: it ends, risk comes back."""
        for case in self.open_cases:
            if case.stage in ("diagnosed", "waiting_data") and "manual" not in case.data:
                self.safe_acts.give_back(case.case_id, "the fault vanished by itself", ts)
                self.close_case(case, "cleared", "the fault vanished by itself", ts)

    def supersede(self, reason: str, ts: int) -> None:
        """A fault that weighs more shows while a diagnosed case is open: that case ends, and what it had on trial goes;
        its safe act stays until another takes its place. Inside the transaction of the bar."""
        for case in self.open_cases:
            waits = case.stage == "awaiting_approval"
            if case.stage == "watching" or "manual" in case.data or (waits and self._asks_for_rollback(case)):
                continue
            why = f"another fault shows: {reason}"
            if waits:
                approval = self._stores.agent.approvals.require(case.approval_id)
                if approval.status == "open":
                    self.approvals.decide(approval.approval_id, "withdrawn", actor="engine", reason=why, ts=ts)
            if case.candidate_id is not None and case.stage in ("paper", "awaiting_approval"):
                self._bury(case, case.candidate_id, why, ts)
            self.close_case(case, "superseded", why, ts)

    def _move(self, case: CaseRecord, ts: int, **changes: Any) -> None:
        self._stores.agent.cases.upsert(replace(case, updated_ts=ts, **changes))


def _promotion_act(case: CaseRecord) -> Act:
    return Act.PROMOTE_DISCOVERY if (case.cause or "none") == "none" else Act.PROMOTE_REPAIR
