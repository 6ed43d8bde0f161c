"""The family of posts: what is news, what is a post, and what is about the market."""

from __future__ import annotations

import pytest

from engine.core.records import SOCIAL_PUBLISHERS, FuturesBar, Headline
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR
from engine.signals.social import Social

TS = 1_700_000_000_000_000


def bar(known_ts: int) -> FuturesBar:
    return FuturesBar("lean_hogs", "yahoo", "HEM24", 1, 86_400, known_ts - MICROS_PER_DAY, known_ts, 80.0, 81.0, 79.0,
                      80.5, 1_000.0)  # fmt: skip


def post(text: str, source: str = "stocktwits", ts: int = TS) -> Headline:
    return Headline("lean_hogs", source, ts, ts, text, text)


@pytest.mark.parametrize("publisher", sorted(SOCIAL_PUBLISHERS))
def test_posts_speak_and_news_do_not(hogs: HydraConfig, publisher: str) -> None:
    family = Social(hogs)
    family.on_headline(post("Pork prices soar on strong demand", "Wire"))
    assert family.on_decision_bar(bar(TS), {}) == () and family.sentiment(TS).confidence == 0.0
    family.on_headline(post("Pork prices soar on strong demand", publisher))
    score, confidence = family.on_decision_bar(bar(TS), {})
    assert score.value > 0.0 and 0.0 < confidence.value <= 0.5 and score.event_ts == confidence.event_ts == TS


def test_the_symbol_of_the_future_is_about_the_market(hogs: HydraConfig) -> None:
    named, share = Social(hogs), Social(hogs)
    named.on_headline(post("$HE_F breaking out, strong close"))
    share.on_headline(post("$HE breaking out, strong close"))
    assert named.sentiment(TS).confidence > 0.0 == share.sentiment(TS).confidence


def test_readings_stay_within_what_is_described(hogs: HydraConfig) -> None:
    family = Social(hogs)
    described = {item.name: item for item in family.describe()}
    for hour in range(40):
        ts = TS + hour * MICROS_PER_HOUR
        tone = "soar on strong demand" if hour % 3 else "slump on weak demand"
        family.on_headline(post(f"Pork prices {tone} in week {'abcdefgh'[hour % 8]}x", ts=ts))
        for reading in family.on_decision_bar(bar(ts), {}):
            item = described[reading.feature]
            assert item.low is not None and item.high is not None and item.low <= reading.value <= item.high
