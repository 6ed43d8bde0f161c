"""When a title is about a market, and when two titles are the same news."""

from __future__ import annotations

import re
from typing import Final

from engine.kernel.canonical import sha256_hex

_WORD: Final = re.compile(r"[^\W\d_]+")
_HASH_LENGTH: Final = 16


def is_relevant(text: str, keywords: frozenset[str]) -> bool:
    """Whether a text holds one of the keywords as a whole word, in any case; without keywords every text does."""
    return not keywords or not keywords.isdisjoint(_WORD.findall(text.lower()))


def text_hash(title: str) -> str:
    """Hash of a title in lower case with single blanks: the same news twice has the same hash."""
    return sha256_hex(" ".join(title.lower().split()).encode())[:_HASH_LENGTH]
