"""Posts: voices count and copies do not; order within a burst, off-topic texts and noise mean nothing."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import Headline
from engine.kernel.timestamps import MICROS_PER_HOUR, MICROS_PER_MINUTE
from engine.signals.sentiment.lexicon_scorer import score_text
from engine.signals.sentiment.sentiment_score import SentimentScore
from engine.signals.sentiment.social_scorer import COPY, MOST_CONFIDENCE, OFF_TOPIC, SocialScorer

BURST_US = 10 * MICROS_PER_MINUTE
HALFLIFE_US = 6 * MICROS_PER_HOUR
START_TS = 1_700_000_000_000_000 // BURST_US * BURST_US
GOOD = ("Hogs look strong", "Hogs: a robust week", "Strong hogs, good demand", "Hogs gain on solid exports")
BAD = ("Hogs look weak", "Hogs: a poor week", "Weak hogs, bad demand", "Hogs fall on sluggish exports")
NAMES = ("Anna", "Bert", "Carla", "Dan", "Eva", "Fritz", "Gus", "Hilda", "Ivan", "Jo", "Karl", "Lena")


def read(text: str, event_ts: int) -> SentimentScore | None:
    return score_text(text, event_ts) if "hogs" in text.lower() else None


def scorer() -> SocialScorer:
    return SocialScorer(read, HALFLIFE_US, BURST_US)


def post(text: str, ts: int) -> Headline:
    return Headline("lean_hogs", "stocktwits", ts, ts, text, text)


def run(posts: list[tuple[str, int]], as_of_ts: int | None = None) -> SentimentScore:
    subject = scorer()
    for text, ts in posts:
        subject.update(post(text, ts))
    return subject.sentiment(as_of_ts if as_of_ts is not None else max(ts for _, ts in posts))


posts = st.lists(
    st.tuples(st.sampled_from(GOOD + BAD), st.sampled_from(NAMES), st.integers(0, 24 * 60)), min_size=1, max_size=30
).map(lambda items: sorted(((f"{text}, {name} thinks", START_TS + m * MICROS_PER_MINUTE) for text, name, m in items),
                           key=lambda item: item[1]))  # fmt: skip


@given(posts)
@settings(deadline=None)
def test_bounded(items: list[tuple[str, int]]) -> None:
    found = run(items)
    assert -1.0 <= found.score <= 1.0 and 0.0 < found.confidence <= MOST_CONFIDENCE
    assert found.as_of_ts <= items[-1][1]


@given(posts, st.permutations(range(30)))
@settings(deadline=None)
def test_the_order_within_a_burst_means_nothing(items: list[tuple[str, int]], order: list[int]) -> None:
    burst = [(text, START_TS + minute) for minute, (text, _) in enumerate(items)]
    shuffled = [burst[index] for index in order if index < len(burst)]
    one, other = run(burst), run(shuffled)
    assert other.score == pytest.approx(one.score) and other.confidence == pytest.approx(one.confidence)


@given(posts, st.integers(0, 40), st.integers(0, 40))
@settings(deadline=None)
def test_silence_keeps_the_score_and_takes_the_confidence(items: list[tuple[str, int]], hours: int, more: int) -> None:
    last = items[-1][1]
    sooner, later = (run(items, last + age * MICROS_PER_HOUR) for age in (hours, hours + more))
    assert later.score == sooner.score and later.confidence <= sooner.confidence


@given(posts, st.integers(1, 20))
@settings(deadline=None)
def test_copies_in_a_burst_take_confidence_away(items: list[tuple[str, int]], copies: int) -> None:
    burst = [(text, START_TS + minute) for minute, (text, _) in enumerate(items)]
    repeated = burst + [(f"{burst[0][0]}!!! https://example.org/{n}", START_TS + 500 + n) for n in range(copies)]
    assert run(repeated, START_TS + 999).confidence < run(burst, START_TS + 999).confidence
    assert run(repeated).score == pytest.approx(run(burst).score, abs=1e-12)


def test_a_hundred_copies_weigh_less_than_three_people() -> None:
    copied = run([(GOOD[0], START_TS + n) for n in range(100)])
    three = run([(text, START_TS + n) for n, text in enumerate(GOOD[:3])])
    assert copied.confidence < 0.1 * three.confidence


def test_a_copy_with_words_added_is_a_copy() -> None:
    subject = scorer()
    text = "Hogs will break out, cutout strong and packers buy"
    assert subject.update(post(text, START_TS)) == ""
    assert subject.update(post(f"{text}, told you so", START_TS + 1)) == COPY
    assert subject.update(post("Hogs will break down, cutout weak and packers sell", START_TS + 2)) == ""


def test_voices_count_with_damping() -> None:
    confidences = [run([(f"{GOOD[0]}, {NAMES[n]} thinks", START_TS + n) for n in range(size)]).confidence
                   for size in (1, 2, 4, 8)]  # fmt: skip
    gains = [after - before for before, after in itertools.pairwise(confidences)]
    assert all(gain > 0.0 for gain in gains) and gains[-1] < gains[0] * 2
    spread = run([(f"{GOOD[0]}, {NAMES[n]} thinks", START_TS + n * BURST_US) for n in range(8)])
    assert spread.confidence > confidences[-1], "the same voices over an hour are no burst"


def test_a_crowd_that_quarrels_is_less_sure() -> None:
    agreeing = [(text, START_TS + n) for n, text in enumerate(GOOD)]
    quarrel = [(text, START_TS + n) for n, text in enumerate(GOOD[:2] + BAD[:2])]
    assert run(quarrel).confidence < run(agreeing).confidence
    assert run(agreeing).score > 0.1 > abs(run(quarrel).score)


def test_what_does_not_count_is_counted_by_reason() -> None:
    subject = scorer()
    texts = ("Celebrity wears a gown", "HOGS TO THE MOON", "🚀", GOOD[0], f"{GOOD[0]} 🚀")
    answers = [subject.update(post(text, START_TS)) for text in texts]
    assert answers == [OFF_TOPIC, "shouting", "no_words", "", COPY]
    assert subject.ignored == {OFF_TOPIC: 1, "shouting": 1, "no_words": 1, COPY: 1}
    assert "1 distinct texts in 2 posts" in subject.sentiment(START_TS).evidence


def test_a_hundred_texts_off_topic_are_no_opinion() -> None:
    subject = scorer()
    for number in range(100):
        subject.update(post(f"Singer number {number} has a great and strong new album", START_TS + number))
    assert subject.sentiment(START_TS + 200).confidence == 0.0


def test_the_same_text_a_day_later_is_read_again() -> None:
    subject = scorer()
    assert subject.update(post(GOOD[0], START_TS)) == ""
    assert subject.update(post(GOOD[0], START_TS + 2 * HALFLIFE_US)) == ""


@pytest.mark.real_data
def test_a_real_stream_about_a_share_says_nothing_of_hogs(real_data: Path) -> None:
    stream = json.loads(gzip.decompress((real_data / "social/stocktwits/symbol_F_20190426.json.gz").read_bytes()))
    subject = scorer()
    for message in stream["messages"]:
        subject.update(post(message["body"], START_TS))
    assert len(stream["messages"]) == 30 and subject.sentiment(START_TS).confidence == 0.0
    about_it = SocialScorer(score_text, HALFLIFE_US, BURST_US)
    answers = [about_it.update(post(message["body"], START_TS)) for message in stream["messages"]]
    assert 15 <= answers.count("") <= 30
