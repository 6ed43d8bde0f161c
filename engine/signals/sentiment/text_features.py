"""What the trained classifier sees of a text: words, pairs of words, pieces of words, and what the word lists found.

Three blocks, each of length one: words and pairs (numbers as "0"), runs of three to five letters inside words, and six
figures of the lexicon. Weights of the first two are (1 + ln count) x idf (Manning, Raghavan and Schuetze 2008,
"Introduction to Information Retrieval", section 6.4, with the smoothed idf ln((1 + n) / (1 + df)) + 1).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from engine.signals.sentiment.lexicon_scorer import tone_matches

Row = tuple[list[int], list[float]]

LEXICON_FEATURES: Final = ("lexicon tone", "good words", "bad words", "lexicon says good", "lexicon says bad", "silent")
_TOKEN: Final = re.compile(r"[a-z][a-z'-]*|\d[\d.,]*|[%$€]")
_PIECES: Final = (3, 4, 5)
_MOST_CHARACTERS: Final = 5_000
_COUNTED: Final = 3
_DECIDED: Final = 0.4


def text_grams(text: str) -> tuple[Counter[str], Counter[str]]:
    """Counts of words and pairs, and of pieces; the first 5,000 characters are read."""
    tokens = ["0" if token[0].isdigit() else token for token in _TOKEN.findall(text[:_MOST_CHARACTERS].lower())]
    words = Counter([f"w {token}" for token in tokens] + [f"p {first} {second}" for first, second in pairwise(tokens)])
    pieces: Counter[str] = Counter()
    for token in tokens:
        padded = f" {token} "
        for size in _PIECES:
            pieces.update(f"c {padded[start : start + size]}" for start in range(len(padded) - size + 1))
    return words, pieces


def lexicon_row(text: str) -> list[float]:
    """The figures named by `LEXICON_FEATURES`, each within [-1, 1]."""
    weights = [match.weight for match in tone_matches(text[:_MOST_CHARACTERS])]
    net = math.fsum(weights)
    return [
        math.tanh(net),
        min(_COUNTED, sum(weight > 0.0 for weight in weights)) / _COUNTED,
        min(_COUNTED, sum(weight < 0.0 for weight in weights)) / _COUNTED,
        float(net > _DECIDED),
        float(net < -_DECIDED),
        float(not weights),
    ]


def weighted(counts: Mapping[str, int], vocabulary: Mapping[str, int], idf: Sequence[float]) -> Row:
    """Indices and weights of one block; its weights have length one. Unknown entries are left out."""
    known = sorted((vocabulary[gram], count) for gram, count in counts.items() if gram in vocabulary)
    values = [(1.0 + math.log(count)) * idf[index] for index, count in known]
    length = math.sqrt(math.fsum(value * value for value in values))
    return [index for index, _ in known], [value / length for value in values] if length else []


def learn_vocabulary(texts: Sequence[str], fewest_texts: int = 2) -> tuple[dict[str, int], list[float]]:
    """Entries that stand in at least `fewest_texts` texts, in alphabetical order, and their idf."""
    spread: Counter[str] = Counter()
    for text in texts:
        for block in text_grams(text):
            spread.update(block.keys())
    kept = sorted(gram for gram, count in spread.items() if count >= fewest_texts)
    idf = [math.log((1 + len(texts)) / (1 + spread[gram])) + 1.0 for gram in kept]
    return {gram: index for index, gram in enumerate(kept)}, idf
