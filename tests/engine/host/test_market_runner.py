"""What a runner does with findings that cannot open a case yet, and with files that it cannot use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import SafeAct
from engine.agent.loop import AgentLoop
from engine.host.feeds import Delivery
from engine.host.market_runner import MarketRunner
from engine.host.watchman import Finding, Watchman
from engine.kernel.clock import ManualClock
from engine.kernel.errors import CalculationError
from engine.sandbox.candidate import train_first
from storage.agent_records import ExperimentRecord
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import OLD

CONFIG = small_market.settings()
REAL = CONFIG.model_copy(update={"market": CONFIG.market.model_copy(update={"simulated": False})})
TS = small_workspace.bar_at(900).known_ts
FINDING = Finding(
    Diagnosis(TS, OLD, "concept_drift", "CRITICAL", ("carry",), "retrain", TS, 0, 0.99, "lost", (), (), {}),
    (SafeAct("stand_aside", "no new risk", {}),),
    None,
)


@pytest.fixture
def stores(tmp_path: Path) -> Any:
    with Stores.open(tmp_path) as opened:
        small_workspace.crown(opened, OLD)
        yield opened


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    outcomes: list[str] = []
    monkeypatch.setattr(Watchman, "case_ended", lambda self, outcome: outcomes.append(outcome))
    return outcomes


def act_on(stores: Stores, runner: MarketRunner, found: Finding | None) -> None:
    with stores.db.transaction():
        runner._act_on(found, TS)


def stages(stores: Stores) -> list[tuple[str | None, str]]:
    return [(case.cause, case.stage) for case in stores.agent.cases.list(market=MARKET)]


def loop_of(runner: MarketRunner) -> AgentLoop:
    return runner._loop


def test_a_finding_during_another_case_lowers_risk_at_once_and_opens_its_case_later(
    stores: Stores, ended: list[str]
) -> None:
    runner = MarketRunner(stores, CONFIG, ManualClock(TS), epoch=1)
    with stores.db.transaction():
        runner.open_manual_case("retrain", "champion", {}, actor="me", reason="try", ts=TS)
    act_on(stores, runner, FINDING)
    act_on(stores, runner, None)
    assert stages(stores) == [("none", "diagnosed")]
    assert loop_of(runner).safe_acts.size_multiplier() == 0.0
    with stores.db.transaction():
        loop_of(runner).close_case(stores.agent.cases.list()[0], "rejected", "enough", TS)
    assert ended == [], "the end of an operator's case says nothing about the healer's finding"
    act_on(stores, runner, None)
    assert sorted(stages(stores)) == [("concept_drift", "diagnosed"), ("none", "closed")]
    found = next(case for case in stores.agent.cases.list() if case.cause == "concept_drift")
    with stores.db.transaction():
        loop_of(runner).close_case(found, "rejected", "no", TS)
    assert ended == ["rejected"]


def test_a_finding_while_the_agent_is_paused_is_kept(stores: Stores, ended: list[str]) -> None:
    runner = MarketRunner(stores, CONFIG, ManualClock(TS), epoch=1)
    with stores.db.transaction():
        stores.state.put("agent_paused", {"paused": True}, TS)
    act_on(stores, runner, FINDING)
    assert stages(stores) == []
    assert loop_of(runner).safe_acts.size_multiplier() == 0.0
    with stores.db.transaction():
        stores.state.put("agent_paused", {"paused": False}, TS)
    act_on(stores, runner, None)
    act_on(stores, runner, None)
    assert stages(stores) == [("concept_drift", "diagnosed")]


def test_a_file_that_cannot_be_used_is_set_aside_and_not_deleted(stores: Stores) -> None:
    small_workspace.store_bars(stores, small_workspace.BARS)
    runner = MarketRunner(stores, CONFIG, ManualClock(TS), epoch=1)
    runner.start(lambda stage, done, total: None)
    notes = stores.paths.inbox / "mynotes.csv"
    notes.write_text("my notes\nof today\n")
    runner.take(Delivery((notes,), TS, False))
    assert not notes.exists()
    assert (stores.paths.inbox / "refused" / "mynotes.csv").read_text() == "my notes\nof today\n"
    notes.write_text("other notes\n")
    runner.take(Delivery((notes,), TS, False))
    assert (stores.paths.inbox / "refused" / "mynotes.csv").read_text() == "my notes\nof today\n"
    assert (stores.paths.inbox / "refused" / "mynotes-2.csv").read_text() == "other notes\n"
    runner.close()


def test_a_market_whose_inputs_never_arrived_says_so_and_waits_for_them(stores: Stores) -> None:
    runner = MarketRunner(stores, REAL, ManualClock(TS), epoch=1)
    with stores.db.transaction():
        record = ExperimentRecord("exp-1", MARKET, {}, "finished", "exp-1", "snapshot")
        stores.agent.experiments.upsert(record)
        runner._first.crown("exp-1", {"candidate": None, "reason": "never known: cot_score"}, TS)
    alert = stores.agent.alerts.list(market=MARKET, code="no_champion")[0]
    assert (alert.level, alert.status) == ("CRITICAL", "open")
    assert "never known: cot_score" in alert.message


def test_a_first_champion_without_any_complete_bar_names_the_missing_inputs() -> None:
    history = small_market.history(400)
    values = history.values.copy()
    values[:, history.names.index("carry")] = float("nan")
    with pytest.raises(CalculationError, match=r"none of 400 bars has all inputs.*never known: carry; ingest"):
        train_first("ridge-1", "ridge", small_market.FEATURES, replace(history, values=values), CONFIG, 1)


def test_simulated_time_goes_on_after_a_restart_where_the_store_ends(stores: Stores) -> None:
    small_workspace.store_bars(stores, 900)
    runner = MarketRunner(stores, CONFIG, ManualClock(), epoch=1)
    assert runner.last_known_ts() == small_workspace.bar_at(899).known_ts
