from __future__ import annotations

import pytest

from engine.signals.sentiment.lexicon_scorer import tone
from engine.signals.sentiment.news_scorer import NewsScorer

HOGS = NewsScorer(("hog", "hogs", "pork"))
CATTLE = NewsScorer(("cattle", "beef"))


@pytest.mark.parametrize(
    ("title", "hogs", "cattle"),
    [
        ("Hogs fall, cattle rally", "Hogs fall", "cattle rally"),
        ("Cattle futures surge while hog futures slump on glut", "hog futures slump on glut", "Cattle futures surge"),
        ("Hogs, cattle close lower", "Hogs, cattle close lower", None),
        ("Hog prices slump", "Hog prices slump", "Hog prices slump"),
        ("Hogs rally as corn slides", "Hogs rally", None),
        ("Hog bids firm, packers short of numbers", "Hog bids firm, packers short of numbers", None),
    ],
)
def test_only_the_clauses_on_the_market_are_read(title: str, hogs: str, cattle: str | None) -> None:
    assert HOGS.parts(title)[0] == hogs
    assert cattle is None or CATTLE.parts(title)[0] == cattle


def test_one_headline_says_opposite_things_of_two_markets() -> None:
    title = "Hogs tumble on weak demand, cattle soar"
    assert tone(HOGS.parts(title)[0]) < 0.0 < tone(CATTLE.parts(title)[0])
