"""What training reports: its quality with the features from word lists, and without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.host.operations.train_text_classifier import FOLDS, train_classifier
from engine.kernel.canonical import sha256_hex
from engine.signals.sentiment.text_classifier import cross_validated_f1
from engine.signals.sentiment.word_lists import NEGATIVE_WORDS, POSITIVE_WORDS

# The tone is in words of the lists alone, each in one text only: no other text teaches it.
GOOD, BAD = POSITIVE_WORDS[::9][:14], NEGATIVE_WORDS[::13][:14]
SILENT = tuple(f"meets{letter}" for letter in "abcdefghijklmn")
PAIRS = [
    (f"{subject} {word}", label)
    for words, label in ((GOOD, "positive"), (BAD, "negative"), (SILENT, "neutral"))
    for subject, word in zip(["alpha", "beta"] * 7, words, strict=True)
]


def test_the_quality_is_reported_with_word_lists_and_without(tmp_path: Path) -> None:
    out = tmp_path / "tone.hydra"
    report = train_classifier([*PAIRS, PAIRS[0]], out)
    texts, labels = [text for text, _ in PAIRS], [label for _, label in PAIRS]
    assert report["texts"] == 42 and report["sha256"] == sha256_hex(out.read_bytes())
    assert report["macro_f1"] == pytest.approx(cross_validated_f1(texts, labels, FOLDS), abs=1e-4)
    without = cross_validated_f1(texts, labels, FOLDS, word_lists=False)
    assert report["macro_f1_without_word_lists"] == pytest.approx(without, abs=1e-4)
    assert report["macro_f1"] > report["macro_f1_without_word_lists"] + 0.1
