"""Tone of texts: bounded, monotone, turned by negation, silent where there is nothing."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.sentiment.lexicon_scorer import is_relevant, score_text, tone
from engine.signals.sentiment.word_lists import NEGATIVE_WORDS, POSITIVE_WORDS


@given(good=st.integers(0, 6), bad=st.integers(0, 6))
def test_tone_counts_good_minus_bad(good: int, bad: int) -> None:
    text = "Hog futures: " + ", ".join(["cutout strong"] * good + ["bids weak"] * bad)
    assert tone(text) == pytest.approx(math.tanh((good - bad) / 4.0))
    more = tone(text + ", loins strong")
    assert tone(text) < more < 1.0


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Hog futures rally on record demand", 1),
        ("Hogs surge as tight supplies lift cash bids", 1),
        ("Pork prices slump on glut", -1),
        ("Outbreak fears weigh, hogs tumble", -1),
        ("Demand is not strong", -1),
        ("Operating loss narrowed to EUR 2 mn", 1),
        ("Costs rose in the quarter", -1),
        ("The committee meets on Tuesday", 0),
    ],
)
def test_examples(text: str, sign: int) -> None:
    assert (tone(text) > 0) - (tone(text) < 0) == sign


def test_intensity_scales() -> None:
    assert abs(tone("Prices fell sharply lower")) > 0
    assert tone("sharply higher") > tone("higher") > tone("slightly higher") > 0


def test_no_tone_word_is_no_confidence_and_no_score() -> None:
    found = score_text("Pop singer announces a tour")
    assert math.isnan(found.score) and found.confidence == 0.0
    assert score_text("strong strong weak").confidence < score_text("strong strong strong").confidence


def test_word_lists_do_not_overlap() -> None:
    assert not set(POSITIVE_WORDS) & set(NEGATIVE_WORDS)
    assert list(POSITIVE_WORDS) == sorted(POSITIVE_WORDS) and list(NEGATIVE_WORDS) == sorted(NEGATIVE_WORDS)


def test_relevance_needs_a_whole_word() -> None:
    assert is_relevant("Lean hog futures rise", ("hog", "pork"))
    assert not is_relevant("Hogwarts legacy sells well", ("hog", "pork"))
    assert is_relevant("anything", ())


@pytest.mark.real_data
def test_financial_phrasebank(real_data: Path) -> None:
    """Macro F1 over three classes; the Loughran-McDonald list alone measures 0.48."""
    path = real_data / "news" / "financial_phrasebank" / "Sentences_AllAgree.txt.gz"
    lines = gzip.decompress(path.read_bytes()).decode("latin-1").splitlines()
    pairs = [line.rsplit("@", 1) for line in lines if "@" in line]
    truth = [label.strip() for _, label in pairs]
    found = ["positive" if tone(text) > 0.1 else "negative" if tone(text) < -0.1 else "neutral" for text, _ in pairs]
    scores = []
    for label in ("positive", "neutral", "negative"):
        both = sum(t == f == label for t, f in zip(truth, found, strict=True))
        scores.append(2 * both / (truth.count(label) + found.count(label)))
    assert sum(scores) / 3 >= 0.80
