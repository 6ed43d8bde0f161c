from __future__ import annotations

from engine.ingestion.texts.headline_text import is_relevant, text_hash


def test_relevance_is_by_whole_word() -> None:
    keywords = frozenset({"hog", "pork"})
    assert is_relevant("Hog prices: firm", keywords)
    assert is_relevant("PORK cutout", keywords)
    assert not is_relevant("hogwarts reopens", keywords)


def test_equal_news_has_an_equal_hash() -> None:
    assert text_hash("Pork  trade QUIET") == text_hash("pork trade quiet") != text_hash("pork trade loud")
