"""Labelled sentences in two halves by their hash: word lists and rules saw the even half only."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from engine.ingestion.input_file import read_input
from engine.ingestion.texts.labelled_texts import read_labelled
from engine.signals.sentiment.tone_labels import label_of_tone


def has_odd_hash(sentence: str) -> bool:
    """Parity of the first hexadecimal digit of the SHA-256 of a sentence (stripped, UTF-8)."""
    return int(hashlib.sha256(sentence.strip().encode()).hexdigest()[0], 16) % 2 == 1


def phrasebank(real_data: Path) -> list[tuple[str, str]]:
    """(sentence, label) of every line that all annotators agreed on."""
    path = real_data / "news" / "financial_phrasebank" / "Sentences_AllAgree.txt.gz"
    lines = gzip.decompress(path.read_bytes()).decode("latin-1").splitlines()
    pairs = [line.rsplit("@", 1) for line in lines if "@" in line]
    return [(sentence.strip(), label.strip()) for sentence, label in pairs]


def labelled_set(path: Path) -> list[tuple[str, str]]:
    """(text, label) of another labelled set; texts labelled as without opinion are left out."""
    texts = read_labelled(read_input(path)).texts
    return [(one.text, label_of_tone(one.tone)) for one in texts if one.tone == one.tone]
