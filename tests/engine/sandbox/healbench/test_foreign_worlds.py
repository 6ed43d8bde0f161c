"""Foreign worlds: a sound file is read as it is, a bad one is refused in one sentence, answers are whole or absent."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.kernel.errors import InputError
from engine.sandbox.healbench.episode_record import (
    AlertRecord,
    DiagnosisRecord,
    EpisodeRecord,
    EvidenceRecord,
    PromotionRecord,
    RepairRecord,
)
from engine.sandbox.healbench.foreign_worlds import read_foreign_worlds, write_foreign_answers

WORLDS, BARS, FEATURES = 2, 150, 3


def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "x": rng.standard_normal((WORLDS, BARS, FEATURES)),
        "y": rng.standard_normal((WORLDS, BARS)),
        "spread": rng.random((WORLDS, BARS)),
        "volume": rng.random((WORLDS, BARS)) + 0.1,
        "train_bars": np.array(120),
    }


def test_a_sound_file_is_read_as_it_is(tmp_path: Path) -> None:
    given = arrays()
    given["x"][0, 3, 1] = np.nan
    np.savez(tmp_path / "worlds.npz", **given)
    worlds = read_foreign_worlds(tmp_path / "worlds.npz")
    assert len(worlds) == WORLDS and worlds.train_bars == 120
    view = worlds.view(1)
    for name in ("x", "y", "spread", "volume"):
        assert np.array_equal(getattr(view, name), given[name][1])
    assert math.isnan(worlds.view(0).x[3, 1]) and view.train_bars == 120


def test_whole_numbers_are_read_as_real_ones(tmp_path: Path) -> None:
    given = arrays()
    given["volume"] = np.ones((WORLDS, BARS), dtype=np.int32)
    np.savez(tmp_path / "worlds.npz", **given)
    assert read_foreign_worlds(tmp_path / "worlds.npz").volume.dtype == np.float64


def with_value(array: Any, value: float) -> Any:
    changed = array.copy()
    changed[(1, 7, 2)[: array.ndim]] = value
    return changed


BAD = {
    "x missing": (lambda a: {k: v for k, v in a.items() if k != "x"}, "no array named x"),
    "x flat": (lambda a: a | {"x": a["x"][0]}, "x has 2 dimensions, 3 are needed"),
    "x empty": (lambda a: a | {"x": a["x"][:, :, :0]}, "at least one world, bar and feature"),
    "x infinite": (lambda a: a | {"x": with_value(a["x"], np.inf)}, r"x holds at \[1, 7, 2\], an infinite number"),
    "x words": (lambda a: a | {"x": np.full(a["x"].shape, "high")}, "real numbers are needed"),
    "x complex": (lambda a: a | {"x": a["x"] * 1j}, "real numbers are needed"),
    "x objects": (lambda a: a | {"x": a["x"].astype(object)}, "not a readable npz file of plain numbers"),
    "y short": (lambda a: a | {"y": a["y"][:, :-1]}, r"y has shape \(2, 149\), but x asks for \(2, 150\)"),
    "y missing value": (lambda a: a | {"y": with_value(a["y"], np.nan)}, r"y holds at \[1, 7\], not a finite number"),
    "spread negative": (lambda a: a | {"spread": with_value(a["spread"], -0.1)}, "a negative number"),
    "volume zero": (lambda a: a | {"volume": with_value(a["volume"], 0.0)}, "not above 0"),
    "train_bars array": (lambda a: a | {"train_bars": np.array([120, 120])}, "one whole number"),
    "train_bars fraction": (lambda a: a | {"train_bars": np.array(120.5)}, "one whole number"),
    "train_bars few": (lambda a: a | {"train_bars": np.array(99)}, "train_bars is 99; from 101 to 149"),
    "train_bars all": (lambda a: a | {"train_bars": np.array(150)}, "train_bars is 150"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arrays_are_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    change, message = BAD[case]
    np.savez(tmp_path / "worlds.npz", **change(arrays()))
    with pytest.raises(InputError, match=message) as caught:
        read_foreign_worlds(tmp_path / "worlds.npz")
    assert "worlds.npz" in caught.value.message and "\n" not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 half a zip"], ids=["empty", "text", "half"])
def test_files_that_are_no_npz_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "worlds.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"worlds\.npz"):
        read_foreign_worlds(path)


def test_truncated_and_absent_files_and_single_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "worlds.npz"
    np.savez(path, **arrays())
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError):
        read_foreign_worlds(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_foreign_worlds(tmp_path / "absent.npz")
    np.save(tmp_path / "single.npy", np.ones(3))
    with pytest.raises(InputError, match="not an npz file"):
        read_foreign_worlds(tmp_path / "single.npy")


def record(bars: int = BARS) -> EpisodeRecord:
    evidence = EvidenceRecord("flip", "hit_rate", 125, 140, {"weights": np.array([1.0, np.nan])}, np.float64(0.25))
    return EpisodeRecord(
        "hydra",
        np.linspace(-1.0, 1.0, bars),
        np.full(bars, np.nan),
        alerts=(AlertRecord(130, "edge", "WARNING"),),
        diagnoses=(DiagnosisRecord(141, "concept_drift", (0, 2), 124, (evidence,)),),
        repairs=(RepairRecord(142, "retrain"),),
        promotions=(PromotionRecord(149, (0.1, 0.2, 0.3), 1), PromotionRecord(149, None, 2)),
    )


def test_answers_hold_positions_and_everything_that_was_said(tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    beside = write_foreign_answers(path, [record(), record()])
    with np.load(path) as file:
        assert file.files == ["position"] and file["position"].shape == (2, BARS)
        assert np.array_equal(file["position"][1], record().position)
    assert beside == tmp_path / "out.json"
    worlds = json.loads(beside.read_text(encoding="utf-8"))["worlds"]
    assert [item["world"] for item in worlds] == [0, 1]
    assert worlds[1]["alerts"] == [{"bar": 130, "code": "edge", "level": "WARNING"}]
    (said,) = worlds[1]["diagnoses"]
    assert said["affected_features"] == [0, 2] and said["evidence"][0]["value"] == 0.25
    assert said["evidence"][0]["inputs"] == {"weights": [1.0, None]}
    assert [item["weights"] for item in worlds[1]["promotions"]] == [[0.1, 0.2, 0.3], None]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["out.json", "out.npz"]


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="as many bars"):
        write_foreign_answers(tmp_path / "out.npz", [record(), record(BARS - 1)])
    with pytest.raises(InputError, match="at least one world"):
        write_foreign_answers(tmp_path / "out.npz", [])
    with pytest.raises(InputError, match=r"ends in \.npz"):
        write_foreign_answers(tmp_path / "out.zip", [record()])
    with pytest.raises(InputError, match="cannot be written"):
        write_foreign_answers(tmp_path / "absent" / "out.npz", [record()])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out.json").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_foreign_answers(tmp_path / "out.npz", [record()])
    assert [item.name for item in tmp_path.iterdir()] == ["out.json"]
