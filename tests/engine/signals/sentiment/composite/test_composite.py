"""The composite: weighted by confidence, humbled by disagreement, silent without data."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.sentiment.composite import SourceOpinion, blend
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore
from engine.signals.sentiment.staleness import staleness

WEEK_US = 7 * 86_400 * 1_000_000


def opinion(score: float, confidence: float, weight: float = 0.5, name: str = "x") -> SourceOpinion:
    return SourceOpinion(name, weight, SentimentScore(score, confidence, 5))


opinions = st.lists(
    st.builds(opinion, st.floats(-1.0, 1.0), st.floats(0.01, 1.0), st.floats(0.01, 1.0)), min_size=1, max_size=6
)


def with_score(one: SourceOpinion, score: float) -> SourceOpinion:
    return replace(one, score=replace(one.score, score=score))


def with_confidence(one: SourceOpinion, confidence: float) -> SourceOpinion:
    return replace(one, score=replace(one.score, confidence=confidence))


@given(opinions)
def test_bounded_by_its_sources(sources: list[SourceOpinion]) -> None:
    found = blend(sources)
    scores = [source.score.score for source in sources]
    assert min(scores) - 1e-12 <= found.score <= max(scores) + 1e-12
    assert 0.0 <= found.confidence <= max(source.score.confidence for source in sources) + 1e-12


@given(st.lists(st.floats(0.0, 1.0), max_size=5))
def test_no_data_is_no_confidence_whatever_the_weights(weights: list[float]) -> None:
    found = blend([SourceOpinion("news", weight, NO_DATA) for weight in weights])
    assert found.confidence == 0.0 and math.isnan(found.score) and found.as_of_ts == 0


def test_sources_without_weight_say_nothing() -> None:
    assert blend([opinion(0.5, 0.9, 0.0)]) == NO_DATA
    assert blend([opinion(0.5, 0.9), opinion(-1.0, 1.0, 0.0)]).score == 0.5


@given(opinions)
def test_mirrored_sources_mirror_the_blend(sources: list[SourceOpinion]) -> None:
    one, other = blend(sources), blend([with_score(source, -source.score.score) for source in sources])
    assert (other.score, other.confidence) == (-one.score, one.confidence)


@given(opinions, st.permutations(range(6)))
def test_the_order_of_the_sources_means_nothing(sources: list[SourceOpinion], order: list[int]) -> None:
    one, other = blend(sources), blend([sources[index] for index in order if index < len(sources)])
    assert (other.score, other.confidence) == (one.score, one.confidence)


@given(opinions, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_disagreement_never_raises_confidence(sources: list[SourceOpinion], near: float, far: float) -> None:
    """Every score moved away from the mean, in proportion to its distance."""
    near, far = sorted((near, far))
    mean = blend(sources).score

    def at(distance: float) -> float:
        return blend([with_score(one, mean + distance * (one.score.score - mean)) for one in sources]).confidence

    assert at(far) <= at(near) + 1e-12


def test_opposite_certainties_cancel() -> None:
    assert blend([opinion(1.0, 0.8), opinion(-1.0, 0.8)]).confidence == 0.0
    assert blend([opinion(0.5, 0.8), opinion(0.5, 0.8)]).confidence == pytest.approx(0.8)


@given(opinions, st.floats(0.0, 1.0), st.booleans())
def test_a_silent_source_never_raises_confidence(
    sources: list[SourceOpinion], weight: float, without_score: bool
) -> None:
    silent = SourceOpinion("y", weight, NO_DATA if without_score else SentimentScore(0.3, 0.0, 9))
    one, other = blend(sources), blend([*sources, silent])
    assert other.confidence <= one.confidence and other.score == one.score and other.as_of_ts == one.as_of_ts


def test_a_score_that_is_missing_counts_as_silence_even_with_confidence() -> None:
    assert blend([opinion(math.nan, 0.9)]) == NO_DATA


@given(opinions, st.floats(0.01, 1.0))
def test_when_all_grow_old_alike_so_does_the_blend(sources: list[SourceOpinion], factor: float) -> None:
    aged = [with_confidence(one, factor * one.score.confidence) for one in sources]
    assert blend(aged).confidence == pytest.approx(factor * blend(sources).confidence, abs=1e-12)
    assert blend(aged).score == pytest.approx(blend(sources).score, abs=1e-9)


@given(opinions, st.integers(0, 5), st.floats(0.0, 1.0))
def test_a_source_that_agrees_with_the_blend_only_takes_away_as_it_ages(
    sources: list[SourceOpinion], which: int, factor: float
) -> None:
    """One that contradicts gives back what it took: see the head of the module."""
    agreeing = [with_score(one, 0.25) for one in sources]
    place = which % len(agreeing)
    aged = [*agreeing]
    aged[place] = with_confidence(agreeing[place], factor * agreeing[place].score.confidence)
    assert blend(aged).confidence <= blend(agreeing).confidence + 1e-12


@given(st.integers(0, 10**15), st.integers(0, 10**13), st.integers(0, 10**13))
def test_staleness_falls_with_age(event_ts: int, age: int, more: int) -> None:
    assert staleness(event_ts, event_ts + age + more, WEEK_US) <= staleness(event_ts, event_ts + age, WEEK_US) <= 1.0
    assert staleness(event_ts, event_ts - age, WEEK_US) == 1.0
    assert staleness(event_ts, event_ts + WEEK_US, WEEK_US) == 0.5


def test_evidence_names_those_who_speak() -> None:
    found = blend([opinion(0.5, 0.8, name="cot"), SourceOpinion("news", 0.5, NO_DATA)])
    assert found.evidence == ("cot +0.50 (confidence 0.80)",)
