from __future__ import annotations

import math

import pytest

from engine.signals.sentiment.news_scorer import BODY_WEIGHT, NewsScorer, with_body
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore

HOGS = NewsScorer(("hog", "hogs", "pork"))


def test_off_topic_is_no_data_whatever_its_tone() -> None:
    found = HOGS.score("Pop star soars to record highs", 9)
    assert math.isnan(found.sentiment.score) and found.sentiment.confidence == 0.0
    assert found.sentiment.as_of_ts == 9 and found.relevance.value == 0.0


def test_a_relevant_text_without_tone_is_no_data_either() -> None:
    found = HOGS.score("Pork futures", 9)
    assert found.relevance.is_relevant and found.sentiment.confidence == 0.0


def test_the_title_leads_and_the_body_speaks_where_it_is_silent() -> None:
    plain = HOGS.score("Hog futures rally", 1).sentiment
    helped = HOGS.score("Hog futures rally", 1, "Prices slump, demand is weak.").sentiment
    assert 0.0 < helped.score < plain.score
    silent = HOGS.score("Hog futures", 1, "Cash hog prices slump on weak demand.").sentiment
    assert silent.score < 0.0 and 0.0 < silent.confidence <= BODY_WEIGHT
    assert any(one.startswith("body: ") for one in silent.evidence)


def test_title_and_body_are_weighted_by_confidence() -> None:
    title, body = SentimentScore(1.0, 0.6, 5, ("t",)), SentimentScore(-1.0, 1.0, 5, ("b",))
    both = with_body(title, body)
    assert both.score == pytest.approx((0.6 - BODY_WEIGHT) / (0.6 + BODY_WEIGHT))
    assert both.confidence == 0.6 and both.evidence == ("t", "body: b")
    assert with_body(title, NO_DATA) == title


def test_another_scorer_can_give_the_tone() -> None:
    scorer = NewsScorer(("pork",), lambda text, ts: SentimentScore(0.25, 0.5, ts, (text,)))
    found = scorer.score("Pork prices rise, corn falls", 3).sentiment
    assert (found.score, found.confidence, found.as_of_ts) == (0.25, 0.5, 3)
    assert found.evidence == ("Pork prices rise",)
