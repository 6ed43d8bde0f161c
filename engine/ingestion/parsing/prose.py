"""Texts that hold sentences and no table: licences and read-me files that lie beside data.

They are refused by name instead of as an unknown format. A damaged table must never pass for prose, so everything that
looks like a table, a document of fields or a list of labelled sentences says that it is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from engine.ingestion.input_file import InputFile

_MOST_BYTES: Final = 200_000
_DELIMITERS: Final = "\t;|,@{}[]<>="
# In a sentence a blank follows a comma and a semicolon.
_COLUMN_MARKS: Final = tuple(re.compile(mark) for mark in (r"\t", r"\|", "@", r",(?=\S)", r";(?=\S)"))
_FIELD_MARKS: Final = re.compile(r"[\"'][:,]|\w=['\"\d]|</|^##? cell |^\s*[{\[<]")
_LABELLED: Final = re.compile(r"@\w{1,20}\s*$|[,;\t|]\s*[\w.+-]{1,20}\s*$")
_TITLE: Final = re.compile(r"#{1,3} [A-Z]")
_RULER: Final = re.compile(r"\s*([-=*_#~])\1{3,}\s*$")
_SENTENCE: Final = re.compile(r"(?:[A-Za-z'\u2019()/-]+,? ){7,}[A-Za-z'\u2019()-]+[.:;?!]")
_WORD: Final = re.compile(r"\S+")
_LETTERS: Final = re.compile(r"[\W_]*[^\W\d_]+(?:['\u2019./&-][^\W\d_]+)*[\W_]*")
_MOST_LABELLED: Final = 0.1
_FEWEST_WORDS: Final = 0.8
_MOST_DIGITS: Final = 0.03
_MOST_MARKS: Final = 0.03


def is_prose(file: InputFile) -> bool:
    """Whether the text has sentences, almost only words, and nothing that a table, list or document of fields has."""
    packed = file.tables or file.is_workbook or file.is_spreadsheet
    if packed or len(file.content) > _MOST_BYTES or b"\0" in file.content:
        return False
    text = file.text()
    lines = [line for line in text.splitlines() if line.strip() and not _RULER.fullmatch(line)]
    if not lines or _SENTENCE.search(text) is None or any(map(_FIELD_MARKS.search, lines)):
        return False
    words = [word for line in lines for word in _WORD.findall(line)]
    letters = sum(_LETTERS.fullmatch(word) is not None for word in words)
    characters = sum(map(len, words))
    return (
        letters >= _FEWEST_WORDS * len(words)
        and sum(letter.isdigit() for word in words for letter in word) <= _MOST_DIGITS * characters
        and sum(letter in _DELIMITERS for word in words for letter in word) <= _MOST_MARKS * characters
        and not _has_columns(lines)
        and sum(_LABELLED.search(line) is not None for line in lines) <= _MOST_LABELLED * len(lines)
    )


def is_markdown(file: InputFile) -> bool:
    """Whether the text is a document in Markdown: a title, chapters below it, and sentences."""
    if file.tables or file.is_workbook or file.is_spreadsheet or b"\0" in file.content:
        return False
    lines = file.text().splitlines()
    titles = [line for line in lines if _TITLE.match(line)]
    return bool(lines) and len(titles) >= 2 and lines[0] == titles[0] and _SENTENCE.search(file.text()) is not None


def _has_columns(lines: Sequence[str]) -> bool:
    """Whether three lines in a row hold the same delimiter equally often."""
    for delimiter in _COLUMN_MARKS:
        counts = [len(delimiter.findall(line)) for line in lines]
        alike = [first == second > 0 for first, second in pairwise(counts)]
        if any(one and two for one, two in pairwise(alike)):
            return True
    return False
