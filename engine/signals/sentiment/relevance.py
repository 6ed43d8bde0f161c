"""Whether a text speaks of a market: its keywords, the company they keep, and figures of speech.

relevance = strength of the best keyword, plus words of trade and farming around it, minus words of other worlds, in
[0, 1]. A keyword counts as a whole word, in singular or plural; inside a figure of speech ("hog the spotlight", "pig in
a poke") and as a verb ("miners hog supply") it counts for nothing. Words with a second meaning ("packers", "orange")
need stronger company, and a few words of other worlds ("recipe", "Porsche") yield only to a name of the traded thing.
From `RELEVANT_FROM` on a text is about the market; below it, it is off topic and scores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engine.signals.sentiment import relevance_words as words

RELEVANT_FROM: Final = 0.5
_PLAIN_KEYWORD: Final = 0.45
_AMBIGUOUS_KEYWORD: Final = 0.25
_MOSTLY_OTHER_KEYWORD: Final = 0.15
_SECOND_KEYWORD: Final = 0.1
_TRADE_WORD: Final = 0.3
_MOST_TRADE: Final = 0.5
_FARMING_WORD: Final = 0.15
_MOST_FARMING: Final = 0.3
_FOREIGN_WORD: Final = 0.4
_DECISIVE_WORD: Final = 1.0
_BODY_SHARE: Final = 0.8
_SHORTEST_PLURAL: Final = 4
_WORD: Final = re.compile(r"[a-z][a-z-]*")
_FIGURE: Final = re.compile(
    r"\$[a-z]+|(?<![a-z-])(?:"
    + "|".join(re.escape(" ".join(one)).replace(r"\*", r"[a-z]*") for one in sorted(words.FIGURES_OF_SPEECH))
    + r")(?![a-z])"
)


@dataclass(frozen=True, slots=True)
class Relevance:
    """`value` in [0, 1]; `evidence` = the words that raised and lowered it, for people."""

    value: float
    evidence: tuple[str, ...] = ()

    @property
    def is_relevant(self) -> bool:
        """Whether the text is about the market."""
        return self.value >= RELEVANT_FROM


class MarketRelevance:
    """Judges texts for the market that `keywords` (any case, singular or plural) name. Without keywords every text is
    relevant."""

    def __init__(self, keywords: Iterable[str]) -> None:
        named = [keyword.lower() for keyword in keywords]
        self._forms: dict[str, str] = {form: word for word in named for form in _forms(word)}
        self._forms.update({word: word for word in named})

    def rate(self, title: str, body: str = "") -> Relevance:
        """Relevance of a text. A body helps where the title is silent or short of company, at less than its weight."""
        if not self._forms:
            return Relevance(1.0, ("no keywords: every text counts",))
        of_title = self._rate(title)
        if not body or of_title.is_relevant:
            return of_title
        both = self._rate(f"{title}. {body}")
        value = _BODY_SHARE * both.value
        return Relevance(value, (*both.evidence, "with its body")) if value > of_title.value else of_title

    def names_market(self, text: str) -> bool:
        """Whether a text holds a keyword outside figures of speech."""
        return bool(self._mentions(_without_figures(text.lower())))

    def _mentions(self, found: list[str]) -> list[str]:
        return [word for word in found if word in self._forms]

    def _rate(self, text: str) -> Relevance:
        found = _without_figures(text.lower())
        mentions = self._mentions(found)
        if not mentions:
            return Relevance(0.0)
        distinct = sorted({self._forms[word] for word in mentions})
        best = max(distinct, key=_strength)
        others = set(found) - {word for word in mentions if self._forms[word] == best}
        trade = sorted(others & words.TRADE)
        farming = sorted((others & words.FARMING) - words.TRADE)
        pairs = set(pairwise(found))
        decisive = sorted(others & words.DECISIVE) + sorted(map(" ".join, pairs & words.DECISIVE_PHRASES))
        if decisive and not pairs.isdisjoint(words.NAMES_OF_THE_TRADED):
            decisive = []
        foreign = sorted((others & (words.ELSEWHERE | words.DECISIVE)) - set(decisive))
        value = _strength(best)
        value += _SECOND_KEYWORD if len(distinct) > 1 else 0.0
        value += min(_MOST_TRADE, _TRADE_WORD * len(trade)) + min(_MOST_FARMING, _FARMING_WORD * len(farming))
        value -= _FOREIGN_WORD * len(foreign) + _DECISIVE_WORD * len(decisive)
        against = (*decisive, *foreign)
        evidence = (*distinct, *(f"+{word}" for word in (*trade, *farming)), *(f"-{word}" for word in against))
        return Relevance(min(1.0, max(0.0, round(value, 3))), evidence)


def _strength(keyword: str) -> float:
    if keyword in words.MOSTLY_OTHER:
        return _MOSTLY_OTHER_KEYWORD
    return _AMBIGUOUS_KEYWORD if keyword in words.AMBIGUOUS else _PLAIN_KEYWORD


def _without_figures(low: str) -> list[str]:
    found = _WORD.findall(_FIGURE.sub(" ", low.replace("’", "'")))
    return [word for place, word in enumerate(found) if word != "hog" or not _is_verb(found, place)]


def _is_verb(found: list[str], place: int) -> bool:
    """Whether "hog" takes for itself: those who do so stand before it in plural, and no company of the animal behind.
    "Miners hog the supply", "banks hog profits"; not "plants lift hog prices"."""
    if place == 0 or place + 1 == len(found):
        return False
    before, behind = found[place - 1], found[place + 1]
    plural = len(before) >= _SHORTEST_PLURAL and before.endswith("s") and not before.endswith("ss")
    company = words.TRADE | words.FARMING | words.HOG_COMPANY
    return (plural or before in words.HOGGING) and behind not in company


def _forms(word: str) -> tuple[str, ...]:
    """The word and its other number: hog, hogs; calf stays as it is written."""
    if word.endswith(("s", "x", "ch", "sh")):
        return (word, f"{word}es") if not word.endswith("s") else (word,)
    return (word, f"{word[:-1]}ies") if word.endswith("y") else (word, f"{word}s")
