"""The text model behind its process: caching, order, death, silence, and folders that are none."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.kernel.errors import CalculationError, InputError
from engine.signals.sentiment import finbert
from engine.signals.sentiment.finbert import TextModelScorer, folder_hash, model_folder
from engine.signals.sentiment.text_model import TextModel
from engine.signals.sentiment.tone_labels import score_of_probabilities
from tests.engine.signals.sentiment.finbert.tiny_bert import write_tiny_bert

TEXTS = ["hogs rally on strong demand", "", "pork prices slump", "?!", "hog " * 10_000, "hogs rally on strong demand"]


def test_scores_come_in_order_through_a_process_of_their_own(tiny_bert: Path, tmp_path: Path) -> None:
    kept = tmp_path / "scores.jsonl"
    with TextModelScorer(str(tiny_bert), cache_file=kept, batch=2) as scorer:
        assert scorer.worker_pid is None, "nothing starts before the first text"
        found = scorer.scores(TEXTS, 8)
        assert scorer.worker_pid not in (None, os.getpid()) and scorer.texts_computed == 3
        assert repr(scorer.scores(TEXTS, 8)) == repr(found) and scorer.texts_computed == 3
    model = TextModel(tiny_bert)
    for text, one in zip(TEXTS, found, strict=True):
        assert one.as_of_ts == 8
        if text in ("", "?!"):
            assert math.isnan(one.score) and one.confidence == 0.0
        else:
            expected = score_of_probabilities(model.probabilities([text])[0], 8)
            assert (one.score, one.confidence) == pytest.approx((expected.score, expected.confidence), abs=1e-5)
    with TextModelScorer(str(tiny_bert), cache_file=kept) as again:
        assert repr(again.scores(TEXTS, 8)) == repr(found) and again.worker_pid is None, "all answers were kept"


@pytest.mark.slow
def test_a_worker_that_dies_is_one_sentence_and_the_next_call_starts_another(tiny_bert: Path) -> None:
    with TextModelScorer(str(tiny_bert)) as scorer:
        first = scorer.scores(["pork up"])
        assert scorer.worker_pid is not None
        os.kill(scorer.worker_pid, signal.SIGKILL)
        with pytest.raises(CalculationError, match=r"the text model's process ended \(signal 9\) before it answered"):
            scorer.scores(["pork down"])
        assert scorer.worker_pid is None
        assert repr(scorer.scores(["pork up"])) == repr(first)
        assert scorer.scores(["pork down"])[0].confidence > 0.0


@pytest.mark.slow
def test_a_folder_that_is_no_classifier_is_told_by_the_worker(tmp_path: Path) -> None:
    folder = write_tiny_bert(tmp_path / "model", ("LABEL_0", "LABEL_1", "LABEL_2"))
    with TextModelScorer(str(folder)) as scorer, pytest.raises(InputError, match="its labels are LABEL_0"):
        scorer.scores(["pork"])


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import time; time.sleep(60)", "gave no answer in 0.5 s and was ended"),
        ("raise SystemExit('out of memory')", r"ended \(exit code 1\) before it answered: out of memory"),
        ("print('{\"ready\": true}', flush=True); input(); print('{\"probabilities\": []}')", "another number"),
    ],
)
def test_a_worker_that_hangs_fails_or_answers_wrongly(
    program: str, words: str, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(arguments: list[str], **pipes: object) -> subprocess.Popen[bytes]:
        assert arguments == ["__textscores", "--folder", str(tiny_bert)]
        return subprocess.Popen([sys.executable, "-c", program], start_new_session=True, **pipes)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(finbert, "start_child", start)
    patience = 0.5 if "sleep" in program else 60.0
    with (
        TextModelScorer(str(tiny_bert), timeout_s=patience) as scorer,
        pytest.raises(CalculationError, match=words),
    ):
        scorer.scores(["pork"])
    assert scorer.worker_pid is None


def test_paths_and_names(tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert model_folder(str(tiny_bert)) == tiny_bert
    (tmp_path / "file.bin").write_bytes(b"1")
    with pytest.raises(InputError, match="is a file"):
        model_folder(str(tmp_path / "file.bin"))
    for name in ("nobody/no-such-model-of-tone", "no/such/folder", "no name!"):
        with pytest.raises(InputError, match="nothing is downloaded"):
            model_folder(name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: holds no config\.json"):
        TextModelScorer(str(tmp_path / "empty"))


def test_the_hash_of_a_folder_covers_its_weights_and_labels(tiny_bert: Path, tmp_path: Path) -> None:
    other = write_tiny_bert(tmp_path / "other")
    assert folder_hash(other) == folder_hash(tiny_bert), "the same seed writes the same files"
    with (other / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    assert folder_hash(other) != folder_hash(tiny_bert)
