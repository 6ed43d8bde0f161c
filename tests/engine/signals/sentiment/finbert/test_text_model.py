"""A Hugging Face folder in this process: label order, truncation, and folders that are no classifier of tone."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from engine.kernel.errors import InputError, RefusedError
from engine.signals.sentiment.text_model import TextModel, label_places
from engine.signals.sentiment.text_model_worker import serve
from engine.signals.sentiment.tone_labels import LABELS as HYDRA_LABELS
from tests.engine.signals.sentiment.finbert.tiny_bert import LABELS, write_tiny_bert


def test_probabilities_stand_in_the_order_of_the_labels(tiny_bert: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    text = "hog prices rally on strong demand"
    raw = AutoModelForSequenceClassification.from_pretrained(tiny_bert)
    tokens = AutoTokenizer.from_pretrained(tiny_bert)(text, return_tensors="pt")
    likely = torch.softmax(raw(**tokens).logits.double(), dim=-1)[0].tolist()
    (found,) = TextModel(tiny_bert).probabilities([text])
    assert sum(found) == pytest.approx(1.0, abs=1e-5) and max(found) - min(found) > 0.05
    assert found == pytest.approx([likely[LABELS.index(label)] for label in HYDRA_LABELS], abs=1e-5)


def test_a_long_text_is_cut_at_the_models_limit_and_batches_change_nothing(tiny_bert: Path) -> None:
    model = TextModel(tiny_bert)
    texts = ["hog " * 10_000, "pork prices fall", "pork \ud800 up", "hog " * 62]
    together = model.probabilities(texts)
    assert together[0] == together[3], "62 words and two marks fill the 64 places of this model"
    for text, row in zip(texts, together, strict=True):
        assert model.probabilities([text])[0] == pytest.approx(row, abs=2e-6)
    assert model.probabilities([]) == []


def test_weights_in_the_old_format_load_too(tiny_bert: Path, tmp_path: Path) -> None:
    import shutil

    import torch
    from safetensors.torch import load_file

    folder = tmp_path / "old"
    shutil.copytree(tiny_bert, folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert TextModel(folder).probabilities(["pork"]) == TextModel(tiny_bert).probabilities(["pork"])


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("positive", "negative"), "its labels are positive, negative"),
        (("negative", "neutral", "positive", "mixed"), "negative, neutral, positive, mixed"),
        (("LABEL_0", "LABEL_1", "LABEL_2"), "LABEL_0, LABEL_1, LABEL_2"),
        (("positive", "pos", "neutral"), "positive, pos, neutral"),
    ],
)
def test_labels_that_are_not_the_three_of_tone(labels: tuple[str, ...], words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        TextModel(write_tiny_bert(tmp_path / "model", labels))


def test_label_names_of_several_makers() -> None:
    assert label_places("m", {0: "Neutral", 1: "BULLISH", 2: "Bearish"}) == [2, 0, 1]
    assert label_places("m", {"0": "neg", "1": "neu", "2": "pos"}) == [0, 1, 2]
    with pytest.raises(InputError, match="not given"):
        label_places("m", {})


def test_an_encoder_without_a_trained_classifier_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_bert(tmp_path / "model", classifier=False)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = dict(enumerate(LABELS))
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError, match=r"lacks weights of the classifier \(classifier"):
        TextModel(folder)


@pytest.mark.parametrize("broken", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_broken_folder(broken: str, tmp_path: Path) -> None:
    folder = write_tiny_bert(tmp_path / "model")
    (folder / broken).write_bytes(b"\x00damaged")
    with pytest.raises(InputError, match="model: cannot be loaded as a text classifier: "):
        TextModel(folder)


def test_a_folder_without_weights(tmp_path: Path) -> None:
    folder = write_tiny_bert(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="cannot be loaded"):
        TextModel(folder)


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_without_the_libraries_one_sentence_names_the_extra(
    library: str, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(RefusedError, match=r"not installed; install HYDRA with its extra 'finbert'"):
        TextModel(tiny_bert)


def test_the_worker_answers_line_by_line(tiny_bert: Path) -> None:
    answers = io.StringIO()
    requests = io.StringIO(json.dumps({"texts": ["hogs rally", "pork"]}) + "\n" + json.dumps({"texts": []}) + "\n")
    assert serve(tiny_bert, requests, answers) == 0
    ready, first, second = map(json.loads, answers.getvalue().splitlines())
    assert ready == {"ready": True} and second == {"probabilities": []}
    assert first == {"probabilities": TextModel(tiny_bert).probabilities(["hogs rally", "pork"])}


def test_the_worker_says_why_it_cannot_begin(tmp_path: Path) -> None:
    answers = io.StringIO()
    assert serve(write_tiny_bert(tmp_path / "model", ("a", "b", "c")), io.StringIO(), answers) == 3
    said = json.loads(answers.getvalue())
    assert said["exit_code"] == 3 and "its labels are a, b, c" in said["error"]
