from __future__ import annotations

import pytest

from engine.core.records import SOCIAL_PUBLISHERS, Headline
from engine.ingestion.texts.headline_text import text_hash
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_HOUR
from engine.signals.news import News


def told(*titles: str, apart_us: int = 1) -> News:
    """The feature after these headlines, each `apart_us` after the one before."""
    news = News(load_config("lean_hogs", environment={}).config)
    for place, title in enumerate(titles):
        ts = 100 + place * apart_us
        news.on_headline(Headline("lean_hogs", "Wire", ts, ts, title, text_hash(title)))
    return news


@pytest.mark.parametrize("publisher", sorted(SOCIAL_PUBLISHERS))
def test_posts_of_social_platforms_are_no_news(publisher: str) -> None:
    news = News(load_config("lean_hogs", environment={}).config)
    news.on_headline(Headline("lean_hogs", publisher, 100, 100, "Pork prices soar", "a"))
    assert news.sentiment(200).confidence == 0.0
    news.on_headline(Headline("lean_hogs", "Wire", 100, 100, "Pork prices soar", "a"))
    assert news.sentiment(200).confidence > 0.0


def test_syndicated_copies_count_once() -> None:
    title = "Hog futures rally on record export demand from China"
    bad = "Pork prices slump on weak demand"
    once, copied = told(title, bad), told(title, f"{title} - Reuters", f"UPDATE 1-{title}", title.upper(), bad)
    assert copied.sentiment(200).score == pytest.approx(once.sentiment(200).score)
    assert copied.sentiment(200).evidence == once.sentiment(200).evidence
    halflife = 12 * MICROS_PER_HOUR
    assert told(title, bad, title, apart_us=halflife).sentiment(200).score > 0.0, "news again after a half-life"


def test_off_topic_headlines_say_nothing() -> None:
    news = told("Pop star hogs the spotlight", "When pigs fly: band says no to reunion", "Pork-barrel politics is back")
    found = news.sentiment(200)
    assert found.confidence == 0.0 and found.score != found.score


def test_the_clause_on_this_market_is_read() -> None:
    assert told("Hogs tumble on weak demand, cattle soar to record highs").sentiment(200).score < 0.0


def test_evidence_names_the_newest_headlines() -> None:
    titles = [f"Hog prices rise {cents} cents" for cents in range(1, 6)]
    evidence = told(*titles).sentiment(200).evidence
    assert [one.rpartition(":")[0] for one in evidence] == titles[-3:]
