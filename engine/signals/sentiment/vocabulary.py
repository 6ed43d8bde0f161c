"""How lists of words are written in the files of this folder: words between blanks, phrases between commas."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """Words separated by blanks or line ends."""
    return frozenset(text.split())


def phrase_set(text: str) -> frozenset[tuple[str, ...]]:
    """Phrases separated by commas or line ends, each as its words."""
    phrases = (tuple(phrase.split()) for phrase in text.replace("\n", ",").split(","))
    return frozenset(phrase for phrase in phrases if phrase)
