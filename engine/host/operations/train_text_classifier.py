"""`hydra signals train`: a classifier of tone from labelled sentences, with its cross-validated quality."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.kernel.canonical import sha256_hex
from engine.kernel.errors import InputError, StoreError
from engine.signals.sentiment.tone_labels import LABELS, label_of_tone

if TYPE_CHECKING:
    from storage.stores import Stores

FOLDS = 5


def labelled_from_files(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """(text, label) of every labelled text in files that `hydra ingest` reads as such (`sentence@label` among them)."""
    from engine.ingestion.input_file import read_input
    from engine.ingestion.texts.labelled_texts import LabelledTextsPipeline, read_labelled

    found: list[tuple[str, str]] = []
    for path in paths:
        file = read_input(path)
        if not LabelledTextsPipeline().recognises(file):
            raise InputError(
                f"{file.name}: holds no labelled texts; write 'sentence@label' lines, or a CSV with the columns text "
                f"and label, with the labels {', '.join(LABELS)}"
            )
        found += [(one.text, label_of_tone(one.tone)) for one in read_labelled(file).texts if one.tone == one.tone]
    return found


def labelled_from_lake(stores: Stores) -> list[tuple[str, str]]:
    """(text, label) of every training text in the lake, in the order of their texts."""
    from engine.ingestion.lake_rows import GLOBAL_MARKET

    table = stores.lake.read(GLOBAL_MARKET, "training_text")
    pairs = zip(table.column("text").to_pylist(), table.column("tone").to_pylist(), strict=True)
    return sorted((text, label_of_tone(tone)) for text, tone in pairs if tone == tone)


def train_classifier(pairs: Sequence[tuple[str, str]], out: Path) -> dict[str, Any]:
    """Train on distinct (text, label) pairs, write the artifact to `out`, and report its cross-validated macro F1, with
    the features from word lists and without them: the lists were written from labelled sentences that may be among
    these, so that the first figure can be too good."""
    from engine.signals.sentiment.text_classifier import TextClassifier, cross_validated_f1

    distinct = list(dict.fromkeys(pairs))
    texts, labels = [text for text, _ in distinct], [label for _, label in distinct]
    data = TextClassifier.train(texts, labels).serialize()
    quality = cross_validated_f1(texts, labels, FOLDS)
    by_words_alone = cross_validated_f1(texts, labels, FOLDS, word_lists=False)
    _write(out, data)
    counts = Counter(labels)
    return {
        "artifact": str(out),
        "sha256": sha256_hex(data),
        "texts": len(texts),
        "labels": {label: counts[label] for label in LABELS},
        "folds": FOLDS,
        "macro_f1": round(quality, 4),
        "macro_f1_without_word_lists": round(by_words_alone, 4),
    }


def _write(out: Path, data: bytes) -> None:
    """Whole or not at all."""
    try:
        handle, partial = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(partial, out)
    except OSError as error:
        raise StoreError(f"{out}: the classifier cannot be written: {error.strerror}") from error
