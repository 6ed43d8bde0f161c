"""Which texts are copies of earlier ones: the same words, a publisher's name appended, or a light rewrite.

Two titles are the same news where, after normalising, they are equal; where one only appends a publisher or an agency's
label to the other; or where, fillers aside, one only adds words to the other, their word pairs overlap (Jaccard) by
`SIMILAR_FROM` or more, and their numbers and words of tone are the same. "Hogs close higher" and "Hogs close lower",
two reports of other amounts, or the same sentence about another company are never copies. Copies count inside a window
of time; the first publication is the one that counts.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engine.signals.sentiment.lexicon_scorer import tone_matches
from engine.signals.sentiment.vocabulary import word_set

SIMILAR_FROM: Final = 0.6
_FEWEST_PAIRS: Final = 3
_MOST_CHARACTERS: Final = 1_000
_FILLERS: Final = word_set("""
a an the and or of in on at to by for from with as i are wa it thi that u say said report data price future today
yesterday update new more than near month mth week wk
""")
"""Words, without their last s, that a rewrite changes without changing the news."""
_LABEL: Final = re.compile(
    r"^\s*(?:(?:update|wrapup|corrected|refile|recast|exclusive|breaking|alert|factbox|rpt|brief)(?:\s+\d+)?\s*[-:]+\s*"
    r"|rt\s+@\w+:?\s*)+",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"https?://\S+")
_AGENCY: Final = re.compile(r"\s*\((?:reuters|ap|afp|upi|dow jones|bloomberg)\)\s*", re.IGNORECASE)
_PUBLISHER: Final = re.compile(r"\s+(?:[-–—|]|\bvia\b)\s+(?P<name>[^-–—|]{2,40})$")
_MOST_PUBLISHER_WORDS: Final = 4
_WORD: Final = re.compile(r"(?:(?<![\w.])[+-])?\d+(?:[.,]\d+)*%?|[^\W\d_]+(?:'[^\W\d_]+)?")

_Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Seen:
    key: object
    event_ts: int
    shape: tuple[str, ...]
    words: frozenset[str]
    pairs: frozenset[_Pair]


def normalised(title: str) -> str:
    """A title in lower case without links, agency labels and punctuation; a publisher at its end stays."""
    text = _AGENCY.sub(" ", _LABEL.sub("", _LINK.sub(" ", title)))
    return " ".join(_WORD.findall(text.lower().replace("’", "'")))


def without_publisher(title: str) -> str:
    """A title without " - Publisher" at its end: at most four words behind the last dash or bar that hold no tone and
    no number."""
    match = _PUBLISHER.search(_LINK.sub(" ", title).rstrip())
    if match is None:
        return title
    name = match["name"]
    if len(name.split()) > _MOST_PUBLISHER_WORDS or any(sign.isdigit() for sign in name) or tone_matches(name):
        return title
    return title[: match.start()]


class DuplicateFinder:
    """Remembers texts for `window_us`, at most `remembered` of them. `first_of(key, ts, title)` answers the key of the
    text that this one copies, or None for news, which is then remembered under its own key."""

    def __init__(self, window_us: float, remembered: int = 4096) -> None:
        self._window_us = window_us
        self._remembered = remembered
        self._seen: OrderedDict[int, _Seen] = OrderedDict()
        self._by_text: dict[str, int] = {}
        self._by_pair: dict[tuple[tuple[str, ...], _Pair], list[int]] = defaultdict(list)
        self._next = 0

    def first_of(self, key: object, event_ts: int, title: str) -> object | None:
        """The key of the first publication, None where this text is news. Texts may come out of order of time."""
        short = normalised(without_publisher(" ".join(title.split())[:_MOST_CHARACTERS]))
        held = self._by_text.get(short)
        if held is not None and held in self._seen:
            first = self._seen[held]
            if abs(event_ts - first.event_ts) < self._window_us:
                return first.key
        words = [word for word in (one.rstrip("s") for one in short.split()) if word not in _FILLERS]
        seen = _Seen(key, event_ts, _shape(short), frozenset(words), frozenset(pairwise(words)))
        similar = self._similar(seen)
        if similar is not None:
            return similar
        self._remember(seen, short)
        return None

    def _similar(self, new: _Seen) -> object | None:
        if len(new.pairs) < _FEWEST_PAIRS:
            return None
        places = ((new.shape, pair) for pair in _prefix(new.pairs))
        for number in sorted({number for place in places for number in self._by_pair.get(place, ())}):
            held = self._seen.get(number)
            if held is not None and abs(new.event_ts - held.event_ts) < self._window_us and _same_news(new, held):
                return held.key
        return None

    def _remember(self, seen: _Seen, short: str) -> None:
        number, self._next = self._next, self._next + 1
        self._seen[number] = seen
        self._by_text[short] = number
        if len(seen.pairs) >= _FEWEST_PAIRS:
            for pair in _prefix(seen.pairs):
                self._by_pair[seen.shape, pair].append(number)
        if len(self._seen) > self._remembered:
            self._forget()

    def _forget(self) -> None:
        """Drop the oldest tenth, and what points to it."""
        for _ in range(max(1, self._remembered // 10)):
            self._seen.popitem(last=False)
        self._by_text = {text: number for text, number in self._by_text.items() if number in self._seen}
        kept = ((place, [n for n in numbers if n in self._seen]) for place, numbers in self._by_pair.items())
        self._by_pair = defaultdict(list, {place: numbers for place, numbers in kept if numbers})


def _same_news(one: _Seen, other: _Seen) -> bool:
    if not (one.words <= other.words or other.words <= one.words):
        return False
    return len(one.pairs & other.pairs) >= SIMILAR_FROM * len(one.pairs | other.pairs)


def _prefix(pairs: frozenset[_Pair]) -> list[_Pair]:
    """Two sets whose Jaccard overlap reaches the threshold share one of these at least (prefix filter: Chaudhuri,
    Ganti and Kaushik 2006, "A primitive operator for similarity joins in data cleaning")."""
    return sorted(pairs)[: len(pairs) - math.ceil(SIMILAR_FROM * len(pairs)) + 1]


def _shape(short: str) -> tuple[str, ...]:
    """What copies must share: every number, and every word of tone, in their order."""
    numbers = [word for word in short.split() if word.lstrip("+-")[:1].isdigit()]
    return (*numbers, *(match.text for match in tone_matches(short)))
