"""The story of a demo against a known truth: right and wrong causes, delay, and the score against a frozen twin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.agent.promotion import promote
from engine.host.operations.demo_report import demo_report, report_lines
from storage.agent_records import CaseRecord
from storage.performance import EquityRecord
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import FLIP, NEW, OLD

CONFIG = small_market.settings()
PROMOTED, BARS = 900, 1000


def ts_of(index: int) -> int:
    return small_workspace.bar_at(index).known_ts


def truth(family: str) -> dict[str, Any]:
    return {
        "family": family,
        "fault_bar": FLIP,
        "fault_at": "2024-01-15",
        "features": ["carry"],
        "feed": None,
        "severity": 1.0,
        "fault_known_ts": ts_of(FLIP) if family not in ("none", "no-edge") else None,
        "planted_information_coefficient": 0.5,
    }


@pytest.fixture(scope="module")
def healed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """The market turned at bar 600, the case was opened at 640 and the repair promoted at 900."""
    with Stores.open(tmp_path_factory.mktemp("demo") / "workspace") as stores:
        small_workspace.store_bars(stores, BARS)
        small_workspace.crown(stores, OLD)
        small_workspace.register(stores, NEW, ts=ts_of(PROMOTED))
        promote(stores, MARKET, NEW, actor="autonomy", reason="every gate passed", ts=ts_of(PROMOTED))
        stores.agent.cases.upsert(
            CaseRecord(
                "case-1", MARKET, ts_of(640), 1, "closed", cause="concept_drift", candidate_id=NEW, outcome="healed",
                diagnosis={"sentence": "carry lost its sign", "affected": ["carry"], "change_ts": ts_of(601)},
                proposal={
                    "mutation_type": "retrain", "target_component": "champion", "parameters": {},
                    "hypothesis_text": "x",
                },
            )
        )  # fmt: skip
        for index in range(FLIP - 20, BARS):
            stores.performance.record_equity(EquityRecord(MARKET, ts_of(index), 1e6, index % 2, 0.0, 0.0))
        yield stores


def test_a_healed_fault_is_a_success_with_its_delay_and_score(healed: Stores) -> None:
    document = demo_report(healed, CONFIG, truth("concept"), 90)
    assert document["success"] and document["right_cause"]
    assert document["detection_delay_bars"] == 40
    assert (document["live_bars"], document["bars_in_market"]) == (420, 210)
    score = document["score_after_promotion"]
    assert (score["model_id"], score["frozen_twin"], score["bars"]) == (NEW, OLD, 90)
    assert score["return"] > 0.0 > score["twin_return"]
    assert score["difference"]["low"] > 0.0
    assert score["difference"]["mean"] == pytest.approx(score["score"] - score["twin_score"])
    assert [(row["model_id"], row["previous_model_id"]) for row in document["promotions"]] == [(NEW, OLD)]
    json.dumps(document, allow_nan=False)


@pytest.mark.parametrize("family", ["feature", "volatility", "stale"])
def test_a_repair_for_another_cause_than_the_true_one_is_no_success(healed: Stores, family: str) -> None:
    document = demo_report(healed, CONFIG, truth(family), 90)
    assert not document["success"] and not document["right_cause"]
    assert document["detection_delay_bars"] is None


@pytest.mark.parametrize("family", ["none", "no-edge"])
def test_a_promotion_where_nothing_was_broken_is_no_success(healed: Stores, family: str) -> None:
    document = demo_report(healed, CONFIG, truth(family), 90)
    assert not document["success"] and not document["right_cause"]


def test_a_case_before_the_fault_is_not_its_detection(healed: Stores) -> None:
    late = {**truth("concept"), "fault_known_ts": ts_of(700)}
    document = demo_report(healed, CONFIG, late, 90)
    assert not document["right_cause"] and document["detection_delay_bars"] is None and not document["success"]


def test_too_few_bars_after_the_promotion_give_no_score(healed: Stores) -> None:
    document = demo_report(healed, CONFIG, truth("concept"), 19)
    assert document["score_after_promotion"] is None and not document["success"]


def test_a_demo_without_a_fault_and_without_an_act_is_a_success(tmp_path: Path) -> None:
    with Stores.open(tmp_path / "workspace") as stores:
        small_workspace.crown(stores, OLD)
        quiet = demo_report(stores, CONFIG, truth("none"), 90)
        broken = demo_report(stores, CONFIG, truth("concept"), 90)
    assert quiet["success"] and quiet["right_cause"] and quiet["cases"] == []
    assert not broken["success"] and broken["score_after_promotion"] is None


def test_the_story_for_people_names_fault_case_and_score(healed: Stores) -> None:
    document = {**demo_report(healed, CONFIG, truth("concept"), 90), "seed": 7, "wall_seconds": 3, "workspace": None}
    text = "\n".join(report_lines(document))
    for told in ("seed 7", "concept", "carry lost its sign", "retrain", NEW, "frozen twin", "success True"):
        assert told in text
