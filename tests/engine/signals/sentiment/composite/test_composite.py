"""The composite: weighted by confidence, humbled by disagreement, silent without data."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.signals.sentiment.composite import SourceOpinion, blend
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore

opinions = st.lists(
    st.builds(
        lambda weight, score, confidence: SourceOpinion("x", weight, SentimentScore(score, confidence, 5)),
        st.floats(0.01, 1.0), st.floats(-1.0, 1.0), st.floats(0.01, 1.0),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@given(opinions)
def test_bounded_by_its_sources(sources: list[SourceOpinion]) -> None:
    found = blend(sources)
    scores = [source.score.score for source in sources]
    assert min(scores) - 1e-12 <= found.score <= max(scores) + 1e-12
    assert 0.0 <= found.confidence <= max(source.score.confidence for source in sources) + 1e-12


def test_no_data_is_no_confidence() -> None:
    found = blend([SourceOpinion("news", 0.5, NO_DATA)])
    assert found.confidence == 0.0 and math.isnan(found.score)


def test_disagreement_lowers_confidence() -> None:
    def of(first: float, second: float) -> float:
        pair = [
            SourceOpinion("a", 0.5, SentimentScore(first, 0.8, 1)),
            SourceOpinion("b", 0.5, SentimentScore(second, 0.8, 1)),
        ]
        return blend(pair).confidence

    assert of(0.5, 0.5) > of(0.8, 0.2) > of(0.9, -0.9)


def test_a_silent_source_lowers_confidence() -> None:
    strong = SourceOpinion("a", 0.5, SentimentScore(0.5, 0.8, 1))
    assert blend([strong]).confidence > blend([strong, SourceOpinion("b", 0.5, NO_DATA)]).confidence
