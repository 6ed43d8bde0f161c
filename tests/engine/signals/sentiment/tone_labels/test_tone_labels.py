from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from engine.signals.sentiment.tone_labels import LABELS, label_of_tone, macro_f1, score_of_probabilities


def test_labels_of_tones() -> None:
    assert [label_of_tone(tone) for tone in (-1.0, -0.11, -0.1, 0.0, 0.1, 0.11, 1.0)] == [
        "negative", "negative", "neutral", "neutral", "neutral", "positive", "positive"]  # fmt: skip


@given(raw=st.tuples(*[st.floats(0.0, 1.0)] * 3).filter(lambda raw: sum(raw) > 0.01))
def test_probabilities_become_a_score(raw: tuple[float, float, float]) -> None:
    negative, neutral, positive = (one / sum(raw) for one in raw)
    found = score_of_probabilities((negative, neutral, positive), 4)
    mirrored = score_of_probabilities((positive, neutral, negative), 4)
    assert -1.0 <= found.score <= 1.0 and 0.0 <= found.confidence <= 1.0 and found.as_of_ts == 4
    assert mirrored.score == -found.score and mirrored.confidence == found.confidence


def test_ignorance_has_no_confidence_and_certainty_has_all() -> None:
    third = 1.0 / 3.0
    assert score_of_probabilities((third, third, third), 0).confidence == pytest.approx(0.0, abs=1e-12)
    assert score_of_probabilities((0.0, 0.0, 1.0), 0).confidence == 1.0


@given(pairs=st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1))
def test_macro_f1_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    truth, found = [one for one, _ in pairs], [other for _, other in pairs]
    expected = f1_score(truth, found, average="macro", labels=list(LABELS), zero_division=0.0)
    assert macro_f1(truth, found) == pytest.approx(expected)
