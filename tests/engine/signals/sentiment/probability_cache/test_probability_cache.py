from __future__ import annotations

from pathlib import Path

import pytest

from engine.kernel.errors import StoreError
from engine.signals.sentiment.probability_cache import ProbabilityCache

ANSWER = (0.1, 0.2, 0.7)


def test_answers_are_kept_by_model_and_text(tmp_path: Path) -> None:
    path = tmp_path / "new" / "scores.jsonl"
    first = ProbabilityCache("model a", path)
    assert first.get("pork up") is None
    first.keep({"pork up": ANSWER, "pork \ud800 down": (0.5, 0.25, 0.25)})
    again = ProbabilityCache("model a", path)
    assert again.get("pork up") == ANSWER and again.get("pork \ud800 down") == (0.5, 0.25, 0.25)
    assert ProbabilityCache("model b", path).get("pork up") is None
    assert "pork" not in path.read_text(encoding="utf-8"), "texts are kept as hashes alone"


def test_a_line_cut_off_by_a_crash_is_passed_over_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    ProbabilityCache("m", path).keep({"one": ANSWER, "two": ANSWER})
    path.write_bytes(path.read_bytes()[:-20] + b"\n\xff\xfe\n[1, 2]\n")
    damaged = ProbabilityCache("m", path)
    assert damaged.get("one") == ANSWER and damaged.get("two") is None and damaged.damaged_lines == 3


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="scores cannot be kept there"):
        ProbabilityCache("m", tmp_path / "file" / "scores.jsonl").keep({"one": ANSWER})
    with pytest.raises(StoreError, match="cannot be read"):
        ProbabilityCache("m", tmp_path)


def test_in_memory_alone() -> None:
    cache = ProbabilityCache("m")
    cache.keep({"one": ANSWER})
    assert cache.get("one") == ANSWER
