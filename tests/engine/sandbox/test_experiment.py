"""One experiment from raw records to verdict: a broken champion is repaired, a healthy one is left in peace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.core.records import RawRecord
from engine.kernel.errors import CalculationError
from engine.sandbox.experiment import DISCOVERY_BARS, ExperimentOutcome, candidate_name, run_experiment
from engine.sandbox.experiment_spec import ExperimentSpec
from models.champion import Champion
from tests.engine import small_market

CONFIG = small_market.settings()
BARS, FLIP = 860, 600


def spec_of(cause: str, parameters: dict[str, Any], change_point_ts: int | None, champion: Champion) -> ExperimentSpec:
    until_ts = small_market.history(BARS).bars[-1].known_ts
    return ExperimentSpec(
        experiment_id="exp-1",
        case_id="case-1",
        market=small_market.MARKET,
        cause=cause,
        mutation_type="retrain",
        target_component="champion",
        parameters=parameters,
        champion_id=champion.model_id,
        champion_spec=champion.spec.to_json(),
        champion_reference={},
        change_point_ts=change_point_ts,
        until_ts=until_ts,
        trial_count=2,
        seed=5,
        config={},
        snapshot="",
    )


def run(
    records: tuple[RawRecord, ...], cause: str, parameters: dict[str, Any], change_point_ts: int | None
) -> ExperimentOutcome:
    champion = small_market.champion()
    return run_experiment(spec_of(cause, parameters, change_point_ts, champion), champion, records, CONFIG)


@pytest.fixture(scope="module")
def repaired() -> ExperimentOutcome:
    change_ts = small_market.history(BARS, 0, FLIP).bars[FLIP].known_ts
    records = small_market.records(BARS, 0, FLIP)
    return run(records, "concept_drift", {"training": {"from_ts": change_ts}}, change_ts)


def test_a_champion_whose_signal_turned_round_is_repaired_by_a_new_fit(repaired: ExperimentOutcome) -> None:
    verdict = repaired.verdict
    assert verdict.outcome == "passed", verdict.failed_gates
    assert (verdict.track, verdict.reference) == ("repair", "standing aside")
    metrics = repaired.metrics
    assert metrics["candidate_utility_per_bar"] > 0.0 > metrics["champion_utility_per_bar"]
    assert metrics["champion_max_drawdown"] > metrics["candidate_max_drawdown"]
    assert metrics["refitted"] and metrics["bars"] == BARS - repaired.candidate.start
    assert repaired.e_process.bars == metrics["bars"]


def test_the_candidate_is_never_judged_on_bars_before_the_change(repaired: ExperimentOutcome) -> None:
    assert repaired.candidate.start > FLIP
    assert repaired.candidate.champion.spec.training.from_ts == repaired.history.bars[FLIP].known_ts


def test_the_verdict_and_its_numbers_are_plain_json(repaired: ExperimentOutcome) -> None:
    document = json.loads(json.dumps({**repaired.verdict.to_json(), **repaired.metrics}, allow_nan=False))
    gates = {gate["name"]: gate for gate in document["gates"]}
    assert gates["lookahead"]["passed"] and "byte-identical" in gates["lookahead"]["explanation"]
    assert gates["stress"]["passed"]
    assert f"{document['bars']} bars" in gates["composite"]["data_range"]


def test_the_same_experiment_again_gives_the_same_answer(repaired: ExperimentOutcome) -> None:
    change_ts = repaired.history.bars[FLIP].known_ts
    again = run(small_market.records(BARS, 0, FLIP), "concept_drift", {"training": {"from_ts": change_ts}}, change_ts)
    assert again.verdict.to_json() == repaired.verdict.to_json()
    assert again.candidate.champion.model.serialize() == repaired.candidate.champion.model.serialize()
    assert again.candidate.champion.model_id == repaired.candidate.champion.model_id


def test_features_read_from_a_store_give_the_same_answer_as_a_rebuild(repaired: ExperimentOutcome) -> None:
    change_ts = repaired.history.bars[FLIP].known_ts
    champion = small_market.champion()
    spec = spec_of("concept_drift", {"training": {"from_ts": change_ts}}, change_ts, champion)
    read = small_market.history(BARS, 0, FLIP)
    outcome = run_experiment(spec, champion, small_market.records(BARS, 0, FLIP), CONFIG, read)
    assert outcome.verdict.to_json() == repaired.verdict.to_json()


def test_a_needless_change_of_a_healthy_champion_fails() -> None:
    outcome = run(small_market.records(BARS), "none", {"adjustments": {"quarantine": ["carry"]}}, None)
    assert outcome.verdict.outcome == "failed"
    assert (outcome.verdict.track, outcome.verdict.reference) == ("discovery", small_market.champion().model_id)
    assert {"composite", "sharpe_improvement"} <= set(outcome.verdict.failed_gates)
    assert outcome.metrics["bars"] == DISCOVERY_BARS


def test_a_champion_does_not_beat_itself() -> None:
    outcome = run(small_market.records(BARS), "none", {"adjustments": {"size_multiplier": 1.0}}, None)
    assert outcome.verdict.outcome == "failed"
    assert outcome.metrics["candidate_utility_per_bar"] == outcome.metrics["champion_utility_per_bar"]
    assert not outcome.metrics["refitted"]


def test_too_few_bars_end_it_without_a_verdict() -> None:
    late_ts = small_market.history(BARS).bars[BARS - 10].known_ts
    with pytest.raises(CalculationError, match="too few"):
        run(small_market.records(BARS), "data_feed", {"adjustments": {"quarantine": ["carry"]}}, late_ts)


def test_what_an_experiment_is_told_survives_its_file(tmp_path: Path) -> None:
    spec = spec_of("none", {"adjustments": {"quarantine": ["carry"]}}, None, small_market.champion())
    spec.write(tmp_path)
    assert ExperimentSpec.read(tmp_path) == spec


def test_a_candidate_is_named_by_kind_and_content() -> None:
    first = small_market.champion()
    plain = spec_of("none", {}, None, first)
    other = spec_of("none", {"kind": "logistic"}, None, first)
    assert candidate_name(plain).startswith("ridge-") and candidate_name(other).startswith("logistic-")
    assert candidate_name(plain) == candidate_name(spec_of("none", {}, None, first))
    assert np.unique([candidate_name(plain), candidate_name(other)]).size == 2
