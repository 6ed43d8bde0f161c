"""What every registered triage rule must do, whatever it explains."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from world import make_world

import engine.agent.triage as triage
from engine.agent.detectors.base import Reading
from engine.agent.detectors.registry import DETECTORS
from engine.agent.diagnosis import CAUSES, Diagnosis
from engine.agent.evidence import recompute
from engine.agent.observer import Observer
from engine.agent.triage.conclusion import LOOKED_AT
from engine.agent.triage.interface import RuleState, TriageRule
from engine.agent.triage.registry import TRIAGE_RULES
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config.observer
WORLD = make_world("concept", 1, live=200)
NOT_BY_READINGS = {"external_event", "none"}
INFORMATION = {
    "staleness": (("natural", 1.0), ("kind", 0.0)),
    "volatility": (("multiple", 2.0),),
}


@cache
def _observer() -> Observer:
    """120 sound bars: enough for every rule to measure something."""
    observer = Observer(WORLD.reference, CONFIG)
    for bar in WORLD.observations[:120]:
        observer.update(bar)
    return observer


def _breach(detector: str) -> Reading:
    subject = WORLD.reference.feature_names[0]
    since = WORLD.observations[60].ts
    return Reading(detector, subject, 20.0, 10.0, True, "CRITICAL", since, True, INFORMATION.get(detector, ()))


BREACHES = [_breach(kind.name) for kind in DETECTORS]
ALL_RULES = pytest.mark.parametrize("rule", TRIAGE_RULES, ids=lambda rule: rule.name)


def test_names_are_unique_and_a_treatment_silences_one_rule() -> None:
    assert len({rule.name for rule in TRIAGE_RULES}) == len(TRIAGE_RULES)
    held = [rule.held_as for rule in TRIAGE_RULES if rule.held_as is not None]
    assert len(set(held)) == len(held)


def test_every_cause_that_readings_can_show_has_a_rule() -> None:
    assert set().union(*(rule.causes for rule in TRIAGE_RULES)) == set(CAUSES) - NOT_BY_READINGS


def test_every_rejected_cause_is_refused_by_a_reading_of_its_own_rule() -> None:
    for cause, detector, _ in LOOKED_AT:
        assert any(cause in rule.causes and rule.detectors[0] == detector for rule in TRIAGE_RULES)


def test_every_detector_that_may_open_a_case_opens_a_rule() -> None:
    observer = Observer(WORLD.reference, CONFIG)
    decisive: set[str] = set()
    for index, bar in enumerate(WORLD.observations[:80]):
        if index % 10 == 9:  # a lone wild value: bad ticks speak of inputs that had one
            bar = replace(bar, values=(bar.values[0] + 100.0 * WORLD.reference.feature_sd[0], *bar.values[1:]))
        decisive |= {item.detector for item in observer.update(bar).readings if item.decisive}
    assert decisive == {rule.detectors[0] for rule in TRIAGE_RULES}


@ALL_RULES
def test_detectors_exist(rule: TriageRule) -> None:
    assert rule.detectors
    assert set(rule.detectors) <= {kind.name for kind in DETECTORS}


@ALL_RULES
@pytest.mark.parametrize("waited", [0, 100])
def test_a_rule_never_judges_without_its_detectors_readings(rule: TriageRule, waited: int) -> None:
    others = [item for item in BREACHES if item.detector not in rule.detectors]
    assert rule.judge(others, others, _observer(), RuleState(waited)) == "not mine"
    assert rule.judge([], [], _observer(), RuleState(waited)) == "not mine"


@ALL_RULES
def test_readings_that_only_weigh_in_do_not_make_a_bar_its_business(rule: TriageRule) -> None:
    beside = [item for item in BREACHES if item.detector != rule.detectors[0]]
    assert rule.judge(beside, beside, _observer(), RuleState(100)) == "not mine"


@ALL_RULES
def test_a_reading_that_a_treatment_silences_makes_no_bar_its_business(rule: TriageRule) -> None:
    heard = [item for item in BREACHES if item.detector != rule.detectors[0]]
    assert rule.judge(BREACHES, heard, _observer(), RuleState(100)) == "not mine"


@ALL_RULES
def test_waiting_ends(rule: TriageRule) -> None:
    own = [item for item in BREACHES if item.detector in rule.detectors]
    verdict = rule.judge(own, own, _observer(), RuleState(1_000))
    assert verdict == "not mine" or isinstance(verdict, Diagnosis)


@ALL_RULES
def test_a_verdict_depends_on_nothing_but_what_is_handed_over(rule: TriageRule) -> None:
    own = [item for item in BREACHES if item.detector in rule.detectors]
    first = rule.judge(own, own, _observer(), RuleState(100))
    rule.judge(BREACHES, BREACHES, _observer(), RuleState())
    assert rule.judge(own, own, _observer(), RuleState(100)) == first
    if isinstance(first, Diagnosis):
        assert first.cause in rule.causes
        assert first.ts == _observer().history[-1].ts
        json.dumps(first.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    "rule", [rule for rule in TRIAGE_RULES if rule.name != "leaking_feed"], ids=lambda rule: rule.name
)
def test_a_breach_that_has_waited_long_enough_is_diagnosed(rule: TriageRule) -> None:
    own = [item for item in BREACHES if item.detector in rule.detectors]
    found = rule.judge(own, own, _observer(), RuleState(1_000))
    assert isinstance(found, Diagnosis)
    assert len(found.evidence) >= 2
    for item in found.evidence:
        assert recompute(item, WORLD.observations) == pytest.approx(item.value, rel=1e-9, abs=1e-12)


def test_a_sound_input_is_not_called_a_leak() -> None:
    leaking = next(rule for rule in TRIAGE_RULES if rule.name == "leaking_feed")
    own = [item for item in BREACHES if item.detector in leaking.detectors]
    assert leaking.judge(own, own, _observer(), RuleState(1_000)) == "not mine"


@pytest.mark.parametrize("bars", [0, 1, 37])
def test_waiting_survives_json(bars: int) -> None:
    state = RuleState(bars)
    assert RuleState.from_json(json.loads(json.dumps(state.to_json()))) == state
    assert state.after_waiting().waited_bars == bars + 1
    assert state.waited_bars == bars


@pytest.mark.parametrize("module", ["interface", "evidence_building"])
def test_documented_examples_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"engine.agent.triage.{module}"))
    assert result.attempted >= 1
    assert result.failed == 0


def test_every_rule_on_disk_is_registered() -> None:
    folder = Path(triage.__path__[0])
    written = {
        node.name
        for path in folder.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "TriageRule" for base in node.bases)
    }
    assert written == {type(rule).__name__ for rule in TRIAGE_RULES}
