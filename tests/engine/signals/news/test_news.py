from __future__ import annotations

import pytest

from engine.core.records import SOCIAL_PUBLISHERS, Headline
from engine.kernel.configuration import load_config
from engine.signals.news import News


@pytest.mark.parametrize("publisher", sorted(SOCIAL_PUBLISHERS))
def test_posts_of_social_platforms_are_no_news(publisher: str) -> None:
    news = News(load_config("lean_hogs", environment={}).config)
    news.on_headline(Headline("lean_hogs", publisher, 100, 100, "Pork prices soar", "a"))
    assert news.sentiment(200).confidence == 0.0
    news.on_headline(Headline("lean_hogs", "Wire", 100, 100, "Pork prices soar", "a"))
    assert news.sentiment(200).confidence > 0.0
