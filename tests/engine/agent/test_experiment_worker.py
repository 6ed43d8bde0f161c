"""The experiment's own process, without the process: it reads its snapshot, writes its directory, answers in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.agent import experiment_worker
from engine.agent.experiment import ExperimentRunner
from engine.agent.experiment_worker import FIRST_CHAMPION
from engine.agent.reference import ChampionReference
from engine.sandbox.experiment_spec import CANDIDATE_FILE, CHAMPION_FILE, RESULT_FILE, ExperimentSpec
from models.champion import Champion
from models.spec import ModelSpec
from storage.snapshots import write_snapshot
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_workspace import FLIP, OLD

CONFIG = small_market.settings()
BARS = 860


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stores, Path]]:
    with Stores.open(tmp_path_factory.mktemp("experiment") / "workspace") as stores:
        small_workspace.store_bars(stores, BARS)
        folder, _ = write_snapshot(stores, small_market.MARKET, small_workspace.bar_at(BARS - 1).known_ts)
        yield stores, folder


def prepare(stores: Stores, folder: Path, directory: Path, mutation_type: str, **spec: Any) -> ExperimentSpec:
    built = ExperimentRunner(stores, CONFIG).spec(
        case_id="case-1",
        mutation_type=mutation_type,
        target="champion",
        champion=None,
        until_ts=small_workspace.bar_at(BARS - 1).known_ts,
        **spec,
    )
    document = {name: getattr(built, name) for name in built.__dataclass_fields__} | {"snapshot": str(folder)}
    if mutation_type != FIRST_CHAMPION:
        champion = small_workspace.model(OLD)
        document |= {
            "champion_id": OLD,
            "champion_spec": champion.spec.to_json(),
            "champion_reference": small_workspace.reference_document(OLD),
        }
        (directory / CHAMPION_FILE).write_bytes(champion.model.serialize())
    ready = ExperimentSpec(**document)
    ready.write(directory)
    return ready


def test_the_first_champion_is_trained_from_the_snapshot_alone(snapshot: tuple[Stores, Path], tmp_path: Path) -> None:
    stores, folder = snapshot
    prepare(stores, folder, tmp_path, FIRST_CHAMPION, cause="none", parameters={}, change_point_ts=None)
    result = experiment_worker.run(tmp_path)
    candidate = result["candidate"]
    spec = ModelSpec.from_json(json.loads(json.dumps(candidate["spec"], allow_nan=False)))
    champion = Champion.load(candidate["model_id"], spec, (tmp_path / CANDIDATE_FILE).read_bytes())
    assert spec.features == small_market.FEATURES
    assert ChampionReference.from_json(candidate["reference"]).model_id == champion.model_id
    assert result["metrics"]["training_bars"] == small_market.TRAINING_BARS
    assert experiment_worker.run(tmp_path) == result


def test_a_repair_is_judged_and_leaves_a_candidate_that_loads(snapshot: tuple[Stores, Path], tmp_path: Path) -> None:
    stores, folder = snapshot
    change_ts = small_workspace.bar_at(FLIP).known_ts
    change = {"training": {"from_ts": change_ts}}
    prepare(stores, folder, tmp_path, "retrain", cause="concept_drift", parameters=change, change_point_ts=change_ts)
    result = json.loads(json.dumps(experiment_worker.run(tmp_path), allow_nan=False))
    assert (result["outcome"], result["verdict"]["track"]) == ("passed", "repair")
    assert result["evidence"]["bars"] == result["metrics"]["bars"]
    candidate = result["candidate"]
    Champion.load(
        candidate["model_id"], ModelSpec.from_json(candidate["spec"]), (tmp_path / CANDIDATE_FILE).read_bytes()
    )


def test_what_is_not_possible_is_an_answer_with_its_sentence(
    snapshot: tuple[Stores, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores, folder = snapshot
    late_ts = small_workspace.bar_at(BARS - 5).known_ts
    change = {"training": {"from_ts": late_ts}}
    prepare(stores, folder, tmp_path, "retrain", cause="concept_drift", parameters=change, change_point_ts=late_ts)
    monkeypatch.setattr(experiment_worker, "adopt_parent", lambda **limits: None)
    assert experiment_worker.main(["--directory", str(tmp_path), "--memory-mib", "4096"]) == 0
    result = json.loads((tmp_path / RESULT_FILE).read_text())
    assert (result["outcome"], result["candidate"], result["verdict"]) == ("not_possible", None, None)
    assert "wait for more" in result["reason"]
    assert not list(tmp_path.glob("*.partial"))
