"""Tone of one text from word lists, with negation, intensity and adverse nouns.

tone = tanh(net / 4), net = sum over matches of sign x intensity: bounded in (-1, 1), strictly increasing in positive
minus negative words, nearly linear up to four of them. Confidence grows with the number of tone words and falls where
they disagree. A text without any tone word, or off topic, has confidence 0 and no score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.signals.sentiment import word_lists
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore

_TOKEN = re.compile(r"[a-z][a-z'-]*|\d[\d.,]*%?")
_NEGATION_REACH: Final = 3
_NET_SCALE: Final = 4.0
_NEGATED_STRENGTH: Final = -0.75

_SINGLE: Final[dict[str, float]] = {
    **dict.fromkeys(word_lists.POSITIVE_WORDS, 1.0),
    **dict.fromkeys(word_lists.NEGATIVE_WORDS, -1.0),
}
_PHRASES: Final[dict[tuple[str, ...], float]] = {
    **{tuple(phrase.split()): 1.0 for phrase in word_lists.POSITIVE_PHRASES},
    **{tuple(phrase.split()): -1.0 for phrase in word_lists.NEGATIVE_PHRASES},
}
_LONGEST_PHRASE: Final = max(len(phrase) for phrase in _PHRASES)
_PHRASE_STARTS: Final = frozenset(phrase[0] for phrase in _PHRASES)
_NEGATIONS: Final = frozenset(word_lists.NEGATIONS)
_ADVERSE: Final = frozenset(word_lists.ADVERSE_NOUNS)
_SHRINKING: Final = frozenset(word_lists.SHRINKING_WORDS)
_GROWING: Final = frozenset(word_lists.GROWING_WORDS)


@dataclass(frozen=True, slots=True)
class ToneMatch:
    """One word or phrase that carried tone; `weight` is signed and includes negation and intensity."""

    text: str
    weight: float


def tone_matches(text: str) -> tuple[ToneMatch, ...]:
    """Every tone-carrying word or phrase of a text, in order."""
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    matches: list[ToneMatch] = []
    position = 0
    while position < len(tokens):
        length, weight = _match_at(tokens, position)
        if length == 0:
            position += 1
            continue
        words = " ".join(tokens[position : position + length])
        before = tokens[max(0, position - _NEGATION_REACH) : position]
        if before:
            weight *= word_lists.INTENSIFIERS.get(before[-1], 1.0)
            if any(token in _NEGATIONS for token in before):
                weight *= _NEGATED_STRENGTH
        matches.append(ToneMatch(words, weight))
        position += length
    return tuple(matches)


def tone(text: str) -> float:
    """Tone of a text in (-1, 1); 0 where nothing in it carries tone."""
    return math.tanh(math.fsum(match.weight for match in tone_matches(text)) / _NET_SCALE)


def score_text(text: str, as_of_ts: int = 0) -> SentimentScore:
    """Score, confidence and evidence of one text."""
    matches = tone_matches(text)
    if not matches:
        return SentimentScore(NO_DATA.score, 0.0, as_of_ts)
    weights = [match.weight for match in matches]
    net = math.fsum(weights)
    agreement = abs(net) / math.fsum(abs(weight) for weight in weights)
    confidence = (1.0 - 0.5 ** len(weights)) * (0.5 + 0.5 * agreement)
    evidence = tuple(f"{match.text} {match.weight:+.2f}" for match in matches)
    return SentimentScore(math.tanh(net / _NET_SCALE), confidence, as_of_ts, evidence)


def is_relevant(text: str, keywords: Iterable[str]) -> bool:
    """Whether a text names the market: any keyword as a whole word. No keywords means every text is relevant."""
    wanted = {keyword.lower() for keyword in keywords}
    return not wanted or not wanted.isdisjoint(_TOKEN.findall(text.lower()))


def _match_at(tokens: Sequence[str], position: int) -> tuple[int, float]:
    """(number of tokens matched, signed weight) of the longest match that starts at `position`."""
    word = tokens[position]
    if word in _ADVERSE:
        for reach in (1, 2):
            following = tokens[position + reach] if position + reach < len(tokens) else ""
            if following in _SHRINKING:
                return reach + 1, 1.0
            if following in _GROWING:
                return reach + 1, -1.0
    if word in _PHRASE_STARTS:
        for length in range(min(_LONGEST_PHRASE, len(tokens) - position), 1, -1):
            phrase_weight = _PHRASES.get(tuple(tokens[position : position + length]))
            if phrase_weight is not None:
                return length, phrase_weight
    return (1, _SINGLE[word]) if word in _SINGLE else (0, 0.0)
