"""`hydra bench heal` at its smallest: tables, JSON, picture, foreign worlds; bad input is refused before anything is
played."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.program import answer, check_one_sentence, hydra

SMALL = ("bench", "heal", "--seeds", "1", "--seed-base", "3", "--families", "stale,null", "--severities", "1")


def test_it_plays_scores_draws_and_leaves_no_workspace(tmp_path: Path) -> None:
    workspace, scores, picture = tmp_path / "w", tmp_path / "scores.json", tmp_path / "severity.svg"
    done = hydra(workspace, *SMALL, "--json", str(scores), "--picture", str(picture), "--label", "a trial")
    assert done.returncode == 0, done.stderr
    assert "HealBench: a trial" in done.stdout and "stale" in done.stdout and "HEAL" in done.stdout
    assert json.loads(scores.read_text())["families"] == ["stale", "null"]
    assert picture.read_text().startswith("<?xml") and not workspace.exists()
    printed = answer(hydra(workspace, *SMALL, "--json", "-", "--label", "a trial", "--jobs", "1"))
    assert printed == json.loads(scores.read_text())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--families", "flood"), ("flood", "concept")),
        (("--severities", "half"), ("--severities", "half")),
        (("--severities", "0"), ("severities", "above 0")),
        (("--seeds", "0"), ("--seeds",)),
        (("--jobs", "0"), ("--jobs",)),
        (("--picture", "x.png"), (".svg", "x.png")),
        (("--json", "nowhere/x.json"), ("nowhere", "folder")),
        (("--worlds", "a.npz"), ("--worlds", "--out")),
        (("--out", "a.npz"), ("--worlds", "--out")),
        (("--worlds", "a.npz", "--out", "b.npz", "--families", "null"), ("--worlds", "--seed-base")),
    ],
    ids=lambda value: "-".join(value).replace("/", "_") if value[0].startswith("--") else "",
)
def test_bad_options_are_refused_in_one_sentence(
    tmp_path: Path, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    check_one_sentence(hydra(tmp_path / "w", "bench", "heal", *options), 2, *words)
    assert list(tmp_path.iterdir()) == []


def foreign(path: Path, **changes: object) -> Path:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 260, 3))
    y = 0.5 * x[:, :, 0] + rng.standard_normal((2, 260))
    arrays = {"x": x, "y": y, "spread": np.full((2, 260), 0.01), "volume": np.ones((2, 260)), "train_bars": 200}
    np.savez(path, **{**arrays, **changes})
    return path


def test_foreign_worlds_are_answered_with_positions_and_a_json_beside_them(tmp_path: Path) -> None:
    worlds, out = foreign(tmp_path / "worlds.npz"), tmp_path / "answers.npz"
    done = hydra(tmp_path / "w", "bench", "heal", "--worlds", str(worlds), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "2 worlds" in done.stdout and "answers.json" in done.stdout
    with np.load(out) as answers:
        position = answers["position"]
    assert position.shape == (2, 260) and not position[:, :200].any() and position[:, 200:].any()
    told = json.loads((tmp_path / "answers.json").read_text())["worlds"]
    assert [item["world"] for item in told] == [0, 1] and {"alerts", "diagnoses", "repairs", "promotions"} <= set(
        told[0]
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_bars": 50}, ("train_bars", "101")),
        ({"y": np.zeros((2, 260))}, ("world 0", "never moves")),
        ({"spread": np.full((2, 260), -1.0)}, ("spread", "negative")),
    ],
    ids=["training", "still", "spread"],
)
def test_bad_foreign_worlds_are_refused_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, object], words: tuple[str, ...]
) -> None:
    worlds, out = foreign(tmp_path / "worlds.npz", **changes), tmp_path / "answers.npz"
    check_one_sentence(hydra(tmp_path / "w", "bench", "heal", "--worlds", str(worlds), "--out", str(out)), 3, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["worlds.npz"]


@pytest.mark.parametrize("out", ["answers.txt", "nowhere/answers.npz"])
def test_answers_that_cannot_be_written_are_refused_before_playing(tmp_path: Path, out: str) -> None:
    worlds = foreign(tmp_path / "worlds.npz")
    done = hydra(tmp_path / "w", "bench", "heal", "--worlds", str(worlds), "--out", str(tmp_path / out))
    check_one_sentence(done, 2, Path(out).name)
    assert [path.name for path in tmp_path.iterdir()] == ["worlds.npz"]
