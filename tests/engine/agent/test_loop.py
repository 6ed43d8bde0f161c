"""Cases through their stages with experiments that answer at once, at every level of autonomy and at every end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.agent.champions import ChampionDesk
from engine.agent.diagnosis import Diagnosis
from engine.agent.experiment import ExperimentRunner
from engine.agent.experiment_pool import ExperimentEnd
from engine.agent.healer import SafeAct
from engine.agent.loop import AgentLoop, CaseEnd
from engine.agent.promotion import promote
from engine.kernel.errors import RefusedError
from engine.sandbox.experiment_spec import CANDIDATE_FILE
from storage.agent_records import AlertRecord, CaseRecord
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import NEW, OLD

CONFIG = small_market.settings(
    agent__retry_bars=5, agent__max_trials_per_case=3, agent__rollback_watch_bars=60, evaluator__paper_trading_hours=24
)
HISTORY = small_market.history(small_workspace.BARS, 0, small_workspace.FLIP)
OPENED = 860
RETRAIN: dict[str, Any] = {
    "mutation_type": "retrain",
    "target_component": "champion",
    "parameters": {"training": {"from_ts": HISTORY.bars[600].known_ts}},
    "hypothesis_text": "the relation turned round",
    "expected_improvement": 1e-4,
    "source": "playbook",
    "wait_bars": 0,
    "reversible": False,
}
QUARANTINE: dict[str, Any] = {
    **RETRAIN,
    "mutation_type": "quarantine_feature",
    "parameters": {"adjustments": {"quarantine": ["carry"]}},
    "reversible": True,
}
DIAGNOSIS = Diagnosis(
    HISTORY.bars[OPENED].known_ts, OLD, "concept_drift", "CRITICAL", ("carry",), "retrain",
    HISTORY.bars[600].known_ts, 260, 0.99, "carry lost its sign", (), (), {},
)  # fmt: skip
STAND_ASIDE = (SafeAct("stand_aside", "no new risk", {}),)
PASSED: dict[str, Any] = {
    "reference": "standing aside",
    "gates": [
        {"name": name, "passed": True, "blocking": True, "value": 1.0, "threshold": 1.0, "explanation": "fine"}
        for name in ("lookahead", "stress")
    ],
}


class InstantPool:
    """A pool whose experiments run until the test says how they end."""

    def __init__(self) -> None:
        self.running: dict[str, int] = {}
        self.started: list[str] = []

    @property
    def has_slot(self) -> bool:
        return not self.running

    def start(self, experiment_id: str, directory: Path) -> int:
        self.started.append(experiment_id)
        self.running[experiment_id] = 4242
        return 4242


class Agent:
    """A loop on its own workspace, driven bar by bar."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.level = "semi-auto"
        self.proposals: list[dict[str, Any]] = [RETRAIN]
        self.promoted: list[str] = []
        self.ended: list[CaseEnd] = []
        self.mend: SafeAct | None = None
        self.bar = OPENED
        self.restart()

    def restart(self) -> None:
        """What a new process does."""
        self.runner = ExperimentRunner(self.stores, CONFIG)
        self.pool = InstantPool()
        self.runner.pool = self.pool  # type: ignore[assignment]
        self.loop = AgentLoop(
            self.stores,
            CONFIG,
            ChampionDesk(self.stores, MARKET),
            self.runner,
            level=lambda: self.level,  # type: ignore[arg-type,return-value]
            memory=lambda: small_market.memory_of(HISTORY.bars[: self.bar]),
            propose=lambda spec, case_id: list(self.proposals),
            mend=lambda: self.mend,
            on_promotion=self.promoted.append,
            on_case_end=self.ended.append,
        )

    @property
    def ts(self) -> int:
        return HISTORY.bars[self.bar].known_ts

    @property
    def case(self) -> CaseRecord:
        return self.stores.agent.cases.list()[-1]

    def open(self) -> None:
        with self.stores.db.transaction():
            self.loop.open_case(DIAGNOSIS, STAND_ASIDE, None, self.bar, self.ts)

    def bars(self, count: int = 1) -> None:
        for _ in range(count):
            self.bar += 1
            with self.stores.db.transaction():
                self.loop.on_bar(
                    HISTORY.bars[self.bar],
                    small_market.vector_at(HISTORY, self.bar),
                    self.bar,
                    self.ts,
                    days_to_expiry=300.0,
                )
            self.loop.start_experiments(self.bar, self.ts)

    def bars_while(self, stage: str) -> None:
        while self.case.stage == stage:
            self.bars()

    def answer(self, outcome: str | None, model_id: str = NEW) -> None:
        """End the running experiment: passed, failed with a candidate, or (None) without one."""
        experiment_id = self.pool.started[-1]
        del self.pool.running[experiment_id]
        result = None
        if outcome is not None:
            model = small_workspace.model(model_id)
            result = {
                "outcome": outcome,
                "reason": "every blocking gate passed" if outcome == "passed" else "composite",
                "verdict": PASSED,
                "metrics": {},
                "evidence": None,
                "candidate": {
                    "model_id": model_id,
                    "spec": model.spec.to_json(),
                    "reference": small_workspace.reference_document(model_id),
                },
            }
            directory = self.stores.paths.experiments / experiment_id
            (directory / CANDIDATE_FILE).write_bytes(model.model.serialize())
        status = "finished" if result else "failed"
        end = ExperimentEnd(experiment_id, status, 0, result, "" if result else "too few bars", 1.0)
        self.loop.on_experiment_end(end, self.bar, self.ts)

    def to_approval(self) -> str:
        """A case that waits for the operator's word on its promotion."""
        self.open()
        self.loop.start_experiments(self.bar, self.ts)
        self.answer("passed")
        self.bars_while("paper")
        assert self.case.stage == "awaiting_approval"
        return str(self.case.approval_id)

    def approve(self, approval_id: str) -> dict[str, Any]:
        with self.stores.db.transaction():
            return self.loop.approve(approval_id, actor="me", reason="looks right", ts=self.ts)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.stores.events.read()]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with Stores.open(tmp_path / "workspace") as stores:
        small_workspace.crown(stores, OLD)
        yield Agent(stores)


def test_from_diagnosis_to_healed_in_order(agent: Agent) -> None:
    before = len(agent.kinds())
    approval_id = agent.to_approval()
    assert agent.loop.safe_acts.size_multiplier() == 0.0, "the champion stands aside until it is repaired"
    answer = agent.approve(approval_id)
    assert (answer["model_id"], answer["previous_model_id"]) == (NEW, OLD)
    assert (agent.case.stage, agent.promoted) == ("watching", [NEW])
    assert agent.stores.registry.champion_id(MARKET) == NEW
    assert agent.loop.safe_acts.size_multiplier() == 1.0
    agent.bars_while("watching")
    assert (agent.case.stage, agent.case.outcome) == ("closed", "healed")
    assert agent.ended == [CaseEnd(agent.case.case_id, "healed")]
    assert agent.kinds()[before:] == [
        "diagnosis.made", "safe_act.taken", "proposal.made", "experiment.started", "experiment.finished",
        "model.registered", "paper.started", "paper.finished", "approval.requested", "approval.decided",
        "model.promoted", "safe_act.reverted", "case.closed",
    ]  # fmt: skip
    assert agent.stores.events.verify().ok and agent.stores.journal.verify().ok
    assert agent.loop.open_cases == []


def test_the_request_shows_what_would_happen_and_that_nothing_happens_without_it(agent: Agent) -> None:
    request = agent.stores.agent.approvals.require(agent.to_approval())
    assert (request.kind, request.subject) == ("promote", NEW)
    assert request.consequences["replaces"] == request.consequences["rollback_target"] == OLD
    assert request.consequences["raises_risk"] is True
    assert request.evidence["verdict"]["outcome"] == "passed" and request.evidence["paper"]["bars"] > 20
    assert agent.stores.registry.champion_id(MARKET) == OLD


def test_the_autonomous_level_promotes_alone(agent: Agent) -> None:
    agent.level = "autonomous"
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.answer("passed")
    agent.bars_while("paper")
    assert (agent.case.stage, agent.promoted) == ("watching", [NEW])
    assert [item.actor for item in agent.stores.agent.approvals.list()] == ["autonomy"]


def test_a_request_that_waits_is_granted_when_the_level_is_raised(agent: Agent) -> None:
    agent.to_approval()
    agent.bars(2)
    assert agent.promoted == []
    agent.level = "autonomous"
    agent.bars()
    assert (agent.case.stage, agent.promoted) == ("watching", [NEW])


def test_the_supervised_level_asks_before_an_experiment_and_takes_no_act(agent: Agent) -> None:
    agent.level = "supervised"
    agent.open()
    assert agent.loop.safe_acts.size_multiplier() == 1.0
    agent.bars()
    request = agent.stores.agent.approvals.require(agent.case.approval_id)
    assert (agent.case.stage, request.kind, agent.pool.started) == ("awaiting_approval", "experiment", [])
    assert request.evidence["proposal"]["mutation_type"] == "retrain"
    agent.bars(3)
    assert len(agent.stores.agent.open_approvals(MARKET)) == 1, "it asks once"
    agent.approve(request.approval_id)
    agent.bars()
    assert agent.case.stage == "experimenting" and len(agent.pool.started) == 1


def test_an_experiment_that_is_not_allowed_ends_the_case(agent: Agent) -> None:
    agent.level = "supervised"
    agent.open()
    agent.bars()
    with agent.stores.db.transaction():
        agent.loop.reject(str(agent.case.approval_id), actor="me", reason="not now", ts=agent.ts)
    assert (agent.case.stage, agent.case.outcome, agent.pool.started) == ("closed", "rejected", [])


@pytest.mark.parametrize("how", ["pause", "lockdown"])
def test_a_paused_agent_starts_nothing(agent: Agent, how: str) -> None:
    agent.open()
    if how == "lockdown":
        agent.level = "lockdown"
    else:
        agent.stores.state.put("agent_paused", {"paused": True}, 1)
    agent.bars(3)
    assert (agent.case.stage, agent.pool.started) == ("diagnosed", [])
    agent.level = "semi-auto"
    agent.stores.state.put("agent_paused", {"paused": False}, 2)
    agent.bars()
    assert agent.case.stage == "experimenting"


def test_a_proposal_that_needs_more_bars_is_waited_for(agent: Agent) -> None:
    agent.proposals = [{**RETRAIN, "wait_bars": 4}]
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.proposals = [RETRAIN]
    assert (agent.case.stage, agent.case.data["trials"]) == ("waiting_data", 0)
    agent.bars(3)
    assert agent.case.stage == "waiting_data"
    agent.bars()
    assert (agent.case.stage, agent.case.data["trials"]) == ("experimenting", 1)


@pytest.mark.parametrize("outcome", [None, "failed"])
def test_a_failed_fit_is_tried_again_with_more_bars_and_then_given_up(agent: Agent, outcome: str | None) -> None:
    agent.proposals = [RETRAIN, QUARANTINE]
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    for trial in (1, 2, 3):
        assert (agent.case.stage, agent.case.data["trials"]) == ("experimenting", trial)
        assert agent.case.proposal is not None and agent.case.proposal["mutation_type"] == "retrain"
        agent.answer(outcome)
        assert agent.case.stage == "waiting_data"
        agent.bars(4)
        assert agent.case.stage == "waiting_data"
        agent.bars()
    assert (agent.case.stage, agent.case.outcome) == ("closed", "unhealed")
    assert len(set(agent.pool.started)) == 3
    alert = agent.stores.agent.alerts.list(code="case_unhealed")[0]
    assert (alert.level, alert.status, alert.evidence) == ("CRITICAL", "open", {"trials": 3.0})
    assert agent.loop.safe_acts.size_multiplier() == 0.0, "a champion that nobody repaired goes on standing aside"
    assert agent.ended == [CaseEnd(agent.case.case_id, "unhealed")]
    if outcome == "failed":
        assert agent.stores.registry.get(NEW).status == "graveyard"


def test_after_a_reversible_repair_the_next_proposal_has_its_turn(agent: Agent) -> None:
    agent.proposals = [QUARANTINE, RETRAIN]
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.answer("failed")
    agent.bars(5)
    assert agent.case.proposal is not None and agent.case.proposal["mutation_type"] == "retrain"
    agent.answer(None)
    agent.proposals = [QUARANTINE]
    agent.bars(5)
    assert agent.case.outcome == "unhealed", "no proposal is left"


def test_a_rejected_candidate_goes_to_the_graveyard(agent: Agent) -> None:
    approval_id = agent.to_approval()
    with agent.stores.db.transaction():
        agent.loop.reject(approval_id, actor="me", reason="too soon", ts=agent.ts)
    assert (agent.case.stage, agent.case.outcome) == ("closed", "rejected")
    assert agent.stores.registry.get(NEW).status == "graveyard"
    assert agent.stores.agent.ab_tests.require(NEW).status == "failed"
    assert agent.stores.registry.champion_id(MARKET) == OLD
    with pytest.raises(RefusedError):
        agent.approve(approval_id)


def test_a_request_that_nobody_answers_expires(agent: Agent) -> None:
    request = agent.stores.agent.approvals.require(agent.to_approval())
    with pytest.raises(RefusedError, match="expired"), agent.stores.db.transaction():
        agent.loop.approve(request.approval_id, actor="me", reason="late", ts=request.expires_ts)
    assert agent.stores.registry.champion_id(MARKET) == OLD
    agent.stores.agent.approvals.change(request.approval_id, expires_ts=agent.ts + 1)
    agent.bars()
    assert (agent.case.stage, agent.case.outcome) == ("closed", "expired")
    assert agent.stores.agent.approvals.require(request.approval_id).status == "expired"
    assert agent.stores.registry.get(NEW).status == "graveyard"


def test_a_candidate_that_fails_on_paper_is_buried_and_the_case_goes_on(agent: Agent) -> None:
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.answer("passed")
    agent.loop.paper.verdict = lambda model_id, case: {  # type: ignore[method-assign]
        "outcome": "failed",
        "gates": [{"name": "drawdown", "blocking": True, "passed": False}],
    }
    agent.bars_while("paper")
    assert agent.case.stage == "waiting_data"
    assert agent.case.data["last_failure"] == "paper gates failed: drawdown"
    assert agent.stores.registry.get(NEW).status == "graveyard"
    assert agent.stores.events.read(kinds=["paper.finished"])[-1].payload["outcome"] == "decided"


def watched(agent: Agent, monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    """A promotion whose watch says at the next bar that it must be undone."""
    agent.approve(agent.to_approval())
    agent.level = level
    monkeypatch.setattr(agent.loop.watch, "on_bar", lambda *bar: "roll_back")
    agent.bars()


@pytest.mark.parametrize("level", ["semi-auto", "autonomous"])
def test_a_promotion_that_does_worse_is_undone(agent: Agent, monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    watched(agent, monkeypatch, level)
    assert (agent.case.stage, agent.case.outcome) == ("closed", "rolled_back")
    assert agent.stores.registry.champion_id(MARKET) == OLD
    assert agent.promoted == [NEW, OLD]
    assert agent.stores.events.read(kinds=["model.rolled_back"])[-1].payload["automatic"] is True


@pytest.mark.parametrize("level", ["supervised", "lockdown"])
def test_where_the_operator_decides_a_rollback_is_asked_for(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    watched(agent, monkeypatch, level)
    request = agent.stores.agent.approvals.require(agent.case.approval_id)
    assert (agent.case.stage, request.kind, request.subject) == ("awaiting_approval", "rollback", OLD)
    assert agent.stores.registry.champion_id(MARKET) == NEW
    answer = agent.approve(request.approval_id)
    assert (answer["model_id"], answer["previous_model_id"]) == (OLD, NEW)
    assert (agent.case.outcome, agent.promoted) == ("rolled_back", [NEW, OLD])


def test_a_rollback_that_is_refused_or_expires_leaves_the_new_champion(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched(agent, monkeypatch, "supervised")
    agent.stores.agent.approvals.change(agent.case.approval_id, expires_ts=agent.ts + 1)
    agent.bars()
    assert (agent.case.stage, agent.case.outcome) == ("closed", "expired")
    assert agent.stores.registry.champion_id(MARKET) == NEW


@pytest.mark.parametrize("stage", ["watching", "awaiting_approval"])
def test_the_operators_own_rollback_ends_the_watch_and_its_request(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    if stage == "watching":
        agent.approve(agent.to_approval())
    else:
        watched(agent, monkeypatch, "supervised")
    assert agent.case.stage == stage
    with agent.stores.db.transaction():
        agent.stores.registry.rollback(MARKET, actor="me", reason="mine", ts=agent.ts)
        agent.loop.on_manual_change(agent.ts)
    assert (agent.case.stage, agent.case.outcome) == ("closed", "rolled_back")
    assert agent.stores.agent.open_approvals(MARKET) == []
    agent.bars(2)
    assert agent.stores.registry.champion_id(MARKET) == OLD


def test_a_fault_that_vanishes_by_itself_ends_its_case_and_risk_comes_back(agent: Agent) -> None:
    agent.open()
    assert agent.loop.safe_acts.size_multiplier() == 0.0
    with agent.stores.db.transaction():
        agent.loop.on_recovery(agent.ts)
    assert (agent.case.stage, agent.case.outcome) == ("closed", "cleared")
    assert agent.loop.safe_acts.size_multiplier() == 1.0
    assert agent.ended == [CaseEnd(agent.case.case_id, "cleared")]


def test_a_repair_under_test_is_not_dropped_by_a_recovery(agent: Agent) -> None:
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.loop.on_recovery(agent.ts)
    assert agent.case.stage == "experimenting"


def test_an_experiment_that_died_with_the_engine_is_started_again_and_counts_once(agent: Agent) -> None:
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    first = agent.pool.started[-1]
    agent.restart()
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.loop.start_experiments(agent.bar, agent.ts)
    assert (agent.case.stage, agent.pool.started) == ("experimenting", [first])
    assert (agent.case.data["trials"], agent.case.data["next"]) == (1, 1)


@pytest.mark.parametrize("stage", ["paper", "watching"])
def test_a_restart_goes_on_where_the_case_stood(agent: Agent, stage: str) -> None:
    if stage == "watching":
        agent.approve(agent.to_approval())
    else:
        agent.open()
        agent.loop.start_experiments(agent.bar, agent.ts)
        agent.answer("passed")
    agent.bars(3)
    agent.restart()
    agent.bars_while(stage)
    assert agent.case.stage == ("awaiting_approval" if stage == "paper" else "closed")


def test_an_operators_own_idea_is_tested_on_the_discovery_track(agent: Agent) -> None:
    case_id = agent.loop.open_manual_case(
        "retrain", "champion", RETRAIN["parameters"], actor="me", reason="I wonder", bars=agent.bar, ts=agent.ts
    )
    agent.loop.start_experiments(agent.bar, agent.ts)
    record = agent.stores.agent.experiments.require(agent.pool.started[-1])
    assert (record.case_id, record.spec["cause"], record.spec["change_point_ts"]) == (case_id, "none", None)
    assert agent.loop.safe_acts.size_multiplier() == 1.0
    with pytest.raises(RefusedError, match=case_id):
        agent.loop.open_manual_case(
            "retrain", "champion", RETRAIN["parameters"], actor="me", reason="again", bars=agent.bar, ts=agent.ts
        )
    assert agent.stores.agent.cases.require(case_id).stage == "experimenting"


def test_on_schedule_a_refit_is_tested_on_the_discovery_track_if_nothing_else_is_open(agent: Agent) -> None:
    with agent.stores.db.transaction():
        case_id = agent.loop.open_scheduled_case(agent.bar, agent.ts)
        assert case_id is not None and agent.loop.open_scheduled_case(agent.bar, agent.ts) is None
    agent.bars()
    spec = agent.stores.agent.experiments.require(agent.pool.started[-1]).spec
    assert spec["mutation_type"] == "window_adjust" and spec["cause"] == "none"
    assert spec["parameters"]["training"]["window_bars"] == 500


def test_a_paused_agent_proposes_nothing_on_schedule(agent: Agent) -> None:
    agent.level = "lockdown"
    with agent.stores.db.transaction():
        assert agent.loop.open_scheduled_case(agent.bar, agent.ts) is None
    assert agent.stores.agent.cases.list() == []


def test_an_answer_that_no_case_waits_for_is_only_recorded(agent: Agent) -> None:
    agent.open()
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.loop.close_case(agent.case, "rejected", "the operator said so", agent.ts)
    agent.answer("passed")
    assert agent.stores.agent.experiments.list()[0].status == "finished"
    assert [model.model_id for model in agent.stores.registry.list(MARKET)] == [OLD]


@pytest.mark.parametrize("row", ['"x"', "{broken"])
def test_a_safe_act_that_cannot_be_read_means_standing_aside(agent: Agent, row: str) -> None:
    assert agent.loop.safe_acts.size_multiplier() == 1.0
    agent.stores.db.execute("INSERT INTO state VALUES (?, ?, 1, 1)", (f"safe_act:{MARKET}", row))
    assert agent.loop.safe_acts.size_multiplier() == 0.0


@pytest.mark.parametrize(("act", "share"), [("reduce_size", 0.4), ("trade_slower", 0.8)])
def test_a_smaller_safe_act_leaves_its_share(agent: Agent, act: Any, share: float) -> None:
    with agent.stores.db.transaction():
        acts = (SafeAct(act, "less risk", {"size_multiplier": share}),)
        agent.loop.open_case(DIAGNOSIS, acts, None, agent.bar, agent.ts)
    assert agent.loop.safe_acts.size_multiplier() == share


@pytest.mark.parametrize("how", ["operator", "watch", "after the watch"])
def test_a_broken_champion_returns_as_it_was_held(agent: Agent, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "watch":
        watched(agent, monkeypatch, "semi-auto")
    else:
        agent.approve(agent.to_approval())
        assert agent.loop.safe_acts.size_multiplier() == 1.0
        if how == "after the watch":
            monkeypatch.setattr(agent.loop.watch, "on_bar", lambda *bar: "settled")
            agent.bars()
            assert agent.case.outcome == "healed"
        with agent.stores.db.transaction():
            agent.stores.registry.rollback(MARKET, actor="me", reason="mine", ts=agent.ts)
            agent.loop.on_manual_change(agent.ts)
    assert agent.stores.registry.champion_id(MARKET) == OLD
    assert agent.loop.safe_acts.size_multiplier() == 0.0
    assert "returns as it was held" in agent.stores.events.read(kinds=["safe_act.taken"])[-1].payload["reason"]


def roll_back(agent: Agent) -> None:
    agent.approve(agent.to_approval())
    with agent.stores.db.transaction():
        agent.stores.registry.rollback(MARKET, actor="me", reason="mine", ts=agent.ts)
        agent.loop.on_manual_change(agent.ts)


def test_a_returned_champion_without_a_fault_gets_its_size_back_after_a_cool_down(agent: Agent) -> None:
    roll_back(agent)
    agent.bars(CONFIG.agent.cooldown_bars - 1)
    assert agent.loop.safe_acts.size_multiplier() == 0.0
    agent.bars(2)
    assert agent.loop.safe_acts.size_multiplier() == 1.0


def test_a_returned_champion_stays_held_while_another_fault_is_open(agent: Agent) -> None:
    roll_back(agent)
    agent.proposals = []
    agent.open()
    agent.bars(CONFIG.agent.cooldown_bars + 2)
    assert agent.loop.safe_acts.size_multiplier() == 0.0


def test_a_request_measured_against_another_champion_is_refused(agent: Agent) -> None:
    approval_id = agent.to_approval()
    small_workspace.register(agent.stores, "ridge-third")
    with agent.stores.db.transaction():
        promote(agent.stores, MARKET, "ridge-third", actor="me", reason="mine", ts=agent.ts)
    with pytest.raises(RefusedError, match="measured against ridge-old, and ridge-third is champion now"):
        agent.approve(approval_id)
    assert agent.stores.registry.champion_id(MARKET) == "ridge-third"
    assert agent.stores.agent.approvals.require(approval_id).status == "open"


def test_an_operators_idea_that_fails_ends_without_a_false_alarm(agent: Agent) -> None:
    with agent.stores.db.transaction():
        agent.loop.open_manual_case(
            "retrain", "champion", RETRAIN["parameters"], actor="me", reason="try", bars=agent.bar, ts=agent.ts
        )
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.answer(None)
    agent.bars(40)
    assert (agent.case.stage, agent.case.outcome) == ("closed", "unhealed")
    assert agent.stores.events.read(kinds=["alert.raised"]) == []


def test_a_trading_rate_of_a_safe_act_is_in_force_until_it_is_reverted(agent: Agent) -> None:
    assert agent.loop.safe_acts.trading_rate() == 1.0
    act = SafeAct("trade_slower", "expensive", {"trading_rate": 0.15, "size_multiplier": 0.8})
    with agent.stores.db.transaction():
        agent.loop.safe_acts.take("case-1", (act,), agent.ts)
        agent.loop.safe_acts.take("case-1", (act,), agent.ts)
    assert (agent.loop.safe_acts.trading_rate(), agent.loop.safe_acts.size_multiplier()) == (0.15, 0.8)
    assert agent.kinds().count("safe_act.taken") == 1
    with agent.stores.db.transaction():
        agent.loop.safe_acts.revert("case-1", "over", agent.ts)
    assert (agent.loop.safe_acts.trading_rate(), agent.loop.safe_acts.size_multiplier()) == (1.0, 1.0)


MEND = SafeAct(
    "mend_inputs",
    "carry re-scaled",
    {
        "size_multiplier": 0.5,
        "adjustments": {"restandardise": {"carry": {"offset": 0.0, "scale": 2.0}}},
        "model_id": OLD,
    },
)
DRIFT = replace(DIAGNOSIS, cause="feature_drift", recommended="restandardise_feature", bars_since_change=10)


def open_mended(agent: Agent) -> None:
    with agent.stores.db.transaction():
        agent.loop.open_case(DRIFT, (MEND,), None, agent.bar, agent.ts)


def mended_to_approval(agent: Agent) -> str:
    open_mended(agent)
    agent.loop.start_experiments(agent.bar, agent.ts)
    agent.answer("passed")
    agent.mend = MEND
    agent.bars_while("paper")
    assert agent.case.stage == "awaiting_approval"
    return str(agent.case.approval_id)


def act_in_force(agent: Agent) -> str | None:
    held = agent.loop.safe_acts.in_force()
    return None if held is None else str(held["act"])


def test_a_mended_champion_trades_half_until_its_candidate_is_promoted(agent: Agent) -> None:
    approval_id = mended_to_approval(agent)
    assert (act_in_force(agent), agent.loop.safe_acts.size_multiplier()) == ("mend_inputs", 0.5)
    request = agent.stores.agent.approvals.require(approval_id)
    assert request.consequences["safe_default"] == "nothing is promoted; the champion stands aside"
    agent.approve(approval_id)
    assert (act_in_force(agent), agent.loop.safe_acts.size_multiplier()) == (None, 1.0)


@pytest.mark.parametrize("how", ["rejected", "expired", "unhealed"])
def test_a_case_without_a_repair_leaves_the_champion_aside(agent: Agent, how: str) -> None:
    if how == "unhealed":
        agent.proposals = []
        open_mended(agent)
        agent.bars()
        alert = agent.stores.agent.alerts.list(code="case_unhealed")[0]
        assert alert.message.endswith("the champion stands aside")
    else:
        approval_id = mended_to_approval(agent)
        if how == "rejected":
            with agent.stores.db.transaction():
                agent.loop.reject(approval_id, actor="me", reason="no", ts=agent.ts)
        else:
            agent.stores.agent.approvals.change(approval_id, expires_ts=agent.ts + 1)
            agent.bars()
    assert (agent.case.stage, agent.case.outcome) == ("closed", how)
    assert (act_in_force(agent), agent.loop.safe_acts.size_multiplier()) == ("stand_aside", 0.0)


def test_a_champion_that_is_rolled_back_returns_mended_as_it_was_held(agent: Agent) -> None:
    agent.approve(mended_to_approval(agent))
    with agent.stores.db.transaction():
        agent.stores.registry.rollback(MARKET, actor="me", reason="mine", ts=agent.ts)
        agent.loop.on_manual_change(agent.ts)
    assert (act_in_force(agent), agent.loop.safe_acts.size_multiplier()) == ("mend_inputs", 0.5)
    with agent.stores.db.transaction():
        agent.loop.safe_acts.end_mend("its feed died", agent.ts)
    assert agent.loop.safe_acts.size_multiplier() == 0.0
    agent.bars(CONFIG.agent.cooldown_bars + 2)
    assert agent.loop.safe_acts.size_multiplier() == 1.0, "a returned champion without a fault gets its size back"


def test_another_champion_never_trades_through_a_mend(agent: Agent) -> None:
    open_mended(agent)
    small_workspace.register(agent.stores, "ridge-third")
    with agent.stores.db.transaction():
        promote(agent.stores, MARKET, "ridge-third", actor="me", reason="mine", ts=agent.ts)
        assert agent.loop.safe_acts.size_multiplier() == 0.0
        agent.loop.on_manual_change(agent.ts)
    assert act_in_force(agent) == "stand_aside"


@pytest.mark.parametrize("how", ["pause", "lockdown"])
def test_a_mend_is_taken_and_refined_while_the_agent_is_paused(agent: Agent, how: str) -> None:
    if how == "lockdown":
        agent.level = "lockdown"
    else:
        agent.stores.state.put("agent_paused", {"paused": True}, 1)
    open_mended(agent)
    exact = {"restandardise": {"carry": {"offset": 0.0, "scale": 2.1}}}
    agent.mend = SafeAct("mend_inputs", "carry re-scaled", {**MEND.parameters, "adjustments": exact})
    agent.bars(8)
    held = agent.loop.safe_acts.in_force() or {}
    assert (held["adjustments"], agent.loop.safe_acts.size_multiplier()) == (exact, 0.5)
    assert (agent.case.stage, agent.pool.started) == ("diagnosed", [])


def test_alerts_that_are_no_alarm_do_not_keep_a_returned_champion_held(agent: Agent) -> None:
    roll_back(agent)
    for level, code in (("INFO", "psi"), ("WARNING", "ks")):
        agent.stores.agent.alerts.upsert(
            AlertRecord(f"alert-{code}", MARKET, code, level, "c", "m", {}, "open", agent.ts, agent.ts)  # type: ignore[arg-type]
        )
    agent.bars(CONFIG.agent.cooldown_bars + 2)
    assert agent.loop.safe_acts.size_multiplier() == 0.0, "a warning is an alarm"
    agent.stores.agent.alerts.delete("alert-ks")
    agent.bars(CONFIG.agent.cooldown_bars + 2)
    assert agent.loop.safe_acts.size_multiplier() == 1.0


@pytest.mark.parametrize("stage", ["diagnosed", "experimenting", "waiting_data", "paper", "awaiting_approval"])
def test_another_fault_ends_a_case_at_any_stage_and_nothing_of_it_is_promoted(agent: Agent, stage: str) -> None:
    agent.open()
    first = agent.case.case_id
    if stage != "diagnosed":
        agent.loop.start_experiments(agent.bar, agent.ts)
    if stage == "waiting_data":
        agent.proposals = [RETRAIN, QUARANTINE]
        agent.answer(None)
    if stage in ("paper", "awaiting_approval"):
        agent.answer("passed")
    if stage == "awaiting_approval":
        agent.bars_while("paper")
    assert agent.case.stage == stage
    approval_id = agent.case.approval_id
    with agent.stores.db.transaction():
        agent.loop.supersede("carry stands still", agent.ts)
        agent.loop.open_case(DRIFT, (MEND,), None, agent.bar + 1, agent.ts + 1)
    case = agent.stores.agent.cases.require(first)
    assert (case.stage, case.outcome) == ("closed", "superseded")
    assert [item.cause for item in agent.loop.open_cases] == ["feature_drift"]
    assert act_in_force(agent) == "stand_aside", "what the first case left is not raised by the second"
    if stage == "experimenting":
        agent.answer("passed")
    if stage == "awaiting_approval":
        assert agent.stores.agent.approvals.require(approval_id).status == "withdrawn"
        with pytest.raises(RefusedError):
            agent.approve(str(approval_id))
    if stage in ("paper", "awaiting_approval"):
        assert agent.stores.registry.get(NEW).status == "graveyard"
    assert agent.stores.registry.champion_id(MARKET) == OLD
    assert CaseEnd(first, "superseded") in agent.ended


def test_what_is_watched_or_wished_for_is_not_superseded(agent: Agent) -> None:
    agent.approve(agent.to_approval())
    with agent.stores.db.transaction():
        agent.loop.open_manual_case(
            "retrain", "champion", RETRAIN["parameters"], actor="me", reason="try", bars=agent.bar, ts=agent.ts
        )
        agent.loop.supersede("carry stands still", agent.ts)
    assert [item.stage for item in agent.loop.open_cases] == ["watching", "diagnosed"]
