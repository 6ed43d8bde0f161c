"""Tone of one text from word lists and rules: negation, intensity, burdens, compared amounts, subordinate clauses.

tone = tanh(net / 4), net = sum over matches of sign x intensity: bounded in (-1, 1), strictly increasing in positive
minus negative words, nearly linear up to four of them. Confidence grows with the number of tone words and falls where
they disagree. A text without any tone word, or off topic, has confidence 0 and no score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engine.signals.sentiment import finance_words, word_lists
from engine.signals.sentiment.numeric_comparison import numeric_comparisons
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore

_TOKEN = re.compile(r"[a-z][a-z'-]*|(?<![\w.])[+-]\d[\d.,]*\s?%|\d[\d.,]*%?|[.;!?](?=\s|$)")
_BREAKS: Final = frozenset(".;!?")
_NEGATION_REACH: Final = 3
_BURDEN_REACH: Final = 4
_ORDER_REACH: Final = 8
_SUPPLY_REACH: Final = 2
_STAKE_REACH: Final = 3
_SESSION_REACH: Final = 2
_NET_SCALE: Final = 4.0
_NEGATED_STRENGTH: Final = -0.75
_SUBORDINATE_STRENGTH: Final = 0.3
_COMPARISON_WEIGHT: Final = 1.5

_SINGLE: Final[dict[str, float]] = {
    **dict.fromkeys(finance_words.GOOD_WORDS, 1.0),
    **dict.fromkeys(finance_words.BAD_WORDS, -1.0),
    **dict.fromkeys(word_lists.POSITIVE_WORDS, 1.0),
    **dict.fromkeys(word_lists.NEGATIVE_WORDS, -1.0),
}
_PHRASES: Final[dict[tuple[str, ...], float]] = {
    **dict.fromkeys(finance_words.TONELESS_PHRASES, 0.0),
    **dict.fromkeys(finance_words.GOOD_PHRASES, 1.0),
    **dict.fromkeys(finance_words.BAD_PHRASES, -1.0),
    **{tuple(phrase.split()): 1.0 for phrase in word_lists.POSITIVE_PHRASES},
    **{tuple(phrase.split()): -1.0 for phrase in word_lists.NEGATIVE_PHRASES},
}
_LONGEST_PHRASE: Final[dict[str, int]] = {}
for _phrase in _PHRASES:
    _LONGEST_PHRASE[_phrase[0]] = max(len(_phrase), _LONGEST_PHRASE.get(_phrase[0], 0))
_TURNING: Final = frozenset(word_lists.NEGATIONS) | finance_words.UNDOING
_ADVERSE: Final = frozenset(word_lists.ADVERSE_NOUNS)
_SHRINKING: Final = frozenset(word_lists.SHRINKING_WORDS)
_GROWING: Final = frozenset(word_lists.GROWING_WORDS)
_RESULT_WORDS: Final = frozenset({"loss", "losses", "net profit", "profitable", "negative", "deficit"})
"""Nouns of a result: what the compared amounts or a verb say about it counts, not its name."""


@dataclass(frozen=True, slots=True)
class ToneMatch:
    """One word, phrase or comparison that carried tone; `weight` is signed and includes negation and intensity."""

    text: str
    weight: float


def tone_matches(text: str) -> tuple[ToneMatch, ...]:
    """Every tone-carrying word, phrase and comparison of a text: words in order, comparisons of amounts last."""
    low = text.lower().replace("’", "'")
    tokens = _TOKEN.findall(low)
    matches: list[ToneMatch] = []
    position = 0
    main_clause, strength, clause = False, 1.0, 0
    while position < len(tokens):
        token = tokens[position]
        if token in _BREAKS:
            main_clause, strength, clause = False, 1.0, len(matches)
        elif token in finance_words.FADING or any(
            tuple(tokens[position : position + length]) in finance_words.FADING_PHRASES for length in (2, 3)
        ):
            matches[clause:] = [ToneMatch(one.text, _NEGATED_STRENGTH * one.weight) for one in matches[clause:]]
        elif main_clause and token in finance_words.SUBORDINATE:
            strength, clause = _SUBORDINATE_STRENGTH, len(matches)
        length, weight = _match_at(tokens, position)
        if length == 0:
            position += 1
            continue
        if weight:
            words = " ".join(tokens[position : position + length])
            matches.append(ToneMatch(words, strength * weight * _context(tokens, position)))
            main_clause = True
        position += length
    comparisons = [one for one in numeric_comparisons(low) if one.direction]
    if comparisons or len(matches) > 1:
        spoken_for = _RESULT_WORDS if comparisons else frozenset({"net profit"})
        matches = [match for match in matches if match.text not in spoken_for]
    matches += [ToneMatch(one.text, one.direction * _COMPARISON_WEIGHT) for one in comparisons[:2]]
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


def _context(tokens: Sequence[str], position: int) -> float:
    """Factor of the words before a match: intensity of the one directly before, negation within three."""
    before = tokens[max(0, position - _NEGATION_REACH) : position]
    if not before:
        return 1.0
    factor = word_lists.INTENSIFIERS.get(before[-1], 1.0)
    turned = not _TURNING.isdisjoint(before) or not finance_words.UNDOING_PHRASES.isdisjoint(pairwise(before))
    return factor * _NEGATED_STRENGTH if turned else factor


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
    for length in range(min(_LONGEST_PHRASE.get(word, 0), len(tokens) - position), 1, -1):
        weight = _PHRASES.get(tuple(tokens[position : position + length]))
        if weight is not None:
            return length, weight
    supply = _supply_at(tokens, position)
    if supply is not None:
        return supply
    if word in finance_words.LESS or word in finance_words.MORE:
        for reach in range(1, min(_BURDEN_REACH, len(tokens) - position - 1) + 1):
            following = tokens[position + reach]
            opinion = following in finance_words.OPINIONS and not finance_words.STAKES.isdisjoint(
                tokens[position + reach + 1 : position + reach + 1 + _STAKE_REACH]
            )
            if opinion or following in finance_words.BURDENS:
                return reach + 1, 1.0 if word in finance_words.LESS else -1.0
            if following in _SINGLE or following in _BREAKS or following in finance_words.SUBORDINATE:
                break
    if word in finance_words.TURNS and "to" in tokens[position + 1 : position + 3]:
        for reach in range(2, min(_ORDER_REACH, len(tokens) - position)):
            following = tokens[position + reach]
            if following in finance_words.PROFITS or following in finance_words.LOSSES:
                return reach + 1, 1.0 if following in finance_words.PROFITS else -1.0
            if following in finance_words.SUBORDINATE or following == "from":
                break
    if word in finance_words.WINS:
        for following in tokens[position + 1 : position + 1 + _ORDER_REACH]:
            if following in finance_words.ORDERS:
                return 1, 1.0
    return _single_at(tokens, position)


def _supply_at(tokens: Sequence[str], position: int) -> tuple[int, float] | None:
    """What "hog supply surges", "weak hog supply" and "cuts hog supply" say for the price; None where no
    supply is spoken of."""
    word = tokens[position]
    more = word in finance_words.LARGE or word in finance_words.ENLARGING
    sized = more or word in finance_words.SMALL or word in finance_words.CUTTING
    noun = position + (2 if sized else 1)
    if noun >= len(tokens) or tokens[noun] not in finance_words.SUPPLY or tokens[noun - 1] not in finance_words.TRADED:
        return None
    moved = word in finance_words.CUTTING or word in finance_words.ENLARGING
    if moved and tokens[noun] in finance_words.KILLING:
        return None
    for place in range(noun + 1, min(noun + 1 + _SUPPLY_REACH, len(tokens))):
        if tokens[place] in _BREAKS or tokens[place] in finance_words.SUBORDINATE:
            break
        if tokens[place] in finance_words.MORE_SUPPLY or tokens[place] in finance_words.LESS_SUPPLY:
            return place + 1 - position, -1.0 if tokens[place] in finance_words.MORE_SUPPLY else 1.0
    if sized:
        return noun + 1 - position, -1.0 if more else 1.0
    return None


def _single_at(tokens: Sequence[str], position: int) -> tuple[int, float]:
    word = tokens[position]
    before = tokens[position - 1] if position else ""
    behind = tokens[position + 1] if position + 1 < len(tokens) else ""
    if word[0] in "+-":
        return 1, 1.0 if word[0] == "+" else -1.0
    if word == "closing" and not finance_words.SESSION.isdisjoint(
        tokens[max(0, position - _SESSION_REACH) : position + _SESSION_REACH + 1]
    ):
        return 1, 0.0
    if word == "off" and behind[:1].isdigit():
        return 2, -1.0
    if word in ("up", "down") and behind == "to" and before not in _SINGLE:
        return 2, 0.0
    if word in ("high", "highs", "peak", "low", "lows"):
        sign = 1.0 if word in ("high", "highs", "peak") else -1.0
        if not finance_words.MOVE_OFF.isdisjoint(tokens[max(0, position - 4) : position]):
            return 1, -0.5 * sign
        if word in _SINGLE or before in finance_words.SPANS or before.rpartition("-")[2] in finance_words.SPANS:
            return 1, sign
        return 0, 0.0
    if word in ("highest", "lowest"):
        marked = not finance_words.MARKS.isdisjoint(tokens[position + 1 : position + 4])
        return 1, (1.0 if word == "highest" else -1.0) if marked else 0.0
    if word in finance_words.FOLLOWED_BY_MEASURE and behind.isalpha() and behind not in finance_words.MEASURES:
        return (1, 1.0) if behind in _SINGLE else (1, 0.0)
    return (1, _SINGLE[word]) if word in _SINGLE else (0, 0.0)
