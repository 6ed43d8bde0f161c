"""Paper trials live in their rows: a restart in the middle changes no later figure, and the verdict is the gates'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.agent.champions import ChampionDesk
from engine.agent.paper_desk import PaperDesk
from engine.sandbox.statistics.e_process import BettingEProcess
from storage.agent_records import CaseRecord
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_workspace import NEW, OLD

CONFIG = small_market.settings()
HISTORY = small_market.history(small_workspace.BARS, 0, small_workspace.FLIP)
BEGIN = 900
GATES = [
    {"name": "lookahead", "passed": True, "blocking": True, "value": 1.0, "threshold": 1.0, "explanation": "clean"},
    {"name": "stress", "passed": True, "blocking": True, "value": 3.0, "threshold": 3.0, "explanation": "held"},
]
CASE = CaseRecord("case-1", small_market.MARKET, 1, 1, "paper", cause="concept_drift", verdict={"gates": GATES})


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        small_workspace.crown(opened, OLD)
        small_workspace.register(opened, NEW)
        opened.journal.write("experiment", "exp-1", {"sentence": "passed"}, ts=1, market=small_market.MARKET)
        yield opened


def desk_of(stores: Stores) -> PaperDesk:
    return PaperDesk(stores, CONFIG, ChampionDesk(stores, small_market.MARKET))


def begin(stores: Stores, evidence: dict[str, Any] | None = None) -> PaperDesk:
    desk = desk_of(stores)
    memory = small_market.memory_of(HISTORY.bars[:BEGIN])
    desk.begin(NEW, OLD, "aside", "case-1", 1, memory, HISTORY.bars[BEGIN - 1].known_ts, evidence)
    return desk


def trade(desk: PaperDesk, first: int, last: int) -> None:
    for index in range(first, last):
        desk.on_bar(HISTORY.bars[index], 300.0, small_market.vector_at(HISTORY, index))


def test_a_trial_gathers_evidence_in_its_row(stores: Stores) -> None:
    desk = begin(stores)
    assert stores.events.read(kinds=["paper.started"])[-1].payload["candidate_id"] == NEW
    assert (desk.status(NEW), desk.champion_of(NEW)) == ("running", OLD)
    trade(desk, BEGIN, BEGIN + 150)
    row = stores.agent.ab_tests.require(NEW)
    assert (row.status, row.case_id, row.bars, row.champion_id) == ("running", "case-1", 150, OLD)
    assert row.e_value is not None and row.e_value > 20.0
    assert row.hours == pytest.approx((HISTORY.bars[BEGIN + 149].known_ts - row.started_ts) / 3.6e9)
    assert desk.status(NEW) == "decided"
    figures = desk.statistics(NEW)
    assert figures["candidate_return"] > 0.0 > figures["champion_return"]


def test_a_restart_in_the_middle_changes_nothing(stores: Stores) -> None:
    trade(begin(stores), BEGIN, BEGIN + 60)
    straight = stores.agent.ab_tests.require(NEW)
    stores.agent.ab_tests.delete(NEW)
    begin(stores)
    for first in range(BEGIN, BEGIN + 60, 20):
        trade(desk_of(stores), first, first + 20)
    assert stores.agent.ab_tests.require(NEW) == straight


def test_the_verdict_judges_the_paper_bars_and_carries_what_only_the_experiment_knows(stores: Stores) -> None:
    desk = begin(stores)
    trade(desk, BEGIN, BEGIN + 150)
    verdict = desk.verdict(NEW, CASE)
    gates = {gate["name"]: gate for gate in verdict["gates"]}
    assert (verdict["outcome"], verdict["track"]) == ("passed", "repair")
    assert gates["lookahead"]["explanation"] == "clean"
    assert gates["e_process"]["blocking"] and gates["e_process"]["value"] > gates["e_process"]["threshold"]
    assert "paper, " in gates["composite"]["data_range"] and "150 bars" in gates["composite"]["data_range"]


def test_a_failed_gate_of_the_experiment_stays_failed(stores: Stores) -> None:
    desk = begin(stores)
    trade(desk, BEGIN, BEGIN + 40)
    leaky = CaseRecord(
        "case-1", small_market.MARKET, 1, 1, "paper", cause="concept_drift",
        verdict={"gates": [{**GATES[0], "passed": False}, GATES[1]]},
    )  # fmt: skip
    assert desk.verdict(NEW, leaky)["outcome"] == "failed"


def test_carried_evidence_is_where_betting_begins(stores: Stores) -> None:
    carried = BettingEProcess().updated_many([0.001, -0.0005] * 10)
    begin(stores, carried.to_json())
    assert stores.agent.ab_tests.require(NEW).e_value == carried.peak_e_value


def test_a_finished_trial_no_longer_trades_and_is_not_taken_up_again(stores: Stores) -> None:
    desk = begin(stores)
    trade(desk, BEGIN, BEGIN + 5)
    desk.finish(NEW, "failed", 9)
    trade(desk, BEGIN + 5, BEGIN + 10)
    row = stores.agent.ab_tests.require(NEW)
    assert (row.status, row.bars, row.case_id) == ("failed", 5, "case-1")
    trade(desk_of(stores), BEGIN + 5, BEGIN + 10)
    assert stores.agent.ab_tests.require(NEW) == row
    desk.finish(NEW, "passed", 10)
    assert stores.agent.ab_tests.require(NEW) == row, "the first end stands"
