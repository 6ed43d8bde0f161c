"""Styled text of one row, as plain values: painted by panels, compared in tests, never parsed as markup.

Text is measured in terminal cells. Whatever is too long is shortened at a space, so that a number is shown whole or not
at all; a clipped `0.8316` that reads `0.8` is a wrong number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from rich.cells import cell_len

Span = tuple[str, str]
Line = tuple[Span, ...]
ELLIPSIS: Final = "…"
BLANK: Final[Line] = ()


def line(*spans: Span | str) -> Line:
    """A line of spans (text, style name); a plain string takes the style "normal"."""
    return tuple((span, "normal") if isinstance(span, str) else span for span in spans)


def text_of(spans: Line) -> str:
    """The words of a line without their styles."""
    return "".join(text for text, _ in spans)


def width_of(spans: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in spans)


def sanitise(text: object) -> str:
    """Foreign text made harmless: control, format and private characters and stray combining marks are gone, line
    breaks are spaces. What is left can only ever be letters on one row."""
    return _sanitised(str(text))


@lru_cache(4096)
def _sanitised(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Zl", "Zp", "Zs") or character in "\t\n\r":
            kept.append(" ")
        elif category[0] != "C" and category not in ("Mn", "Me"):
            kept.append(character)
    return "".join(kept)


def elide(text: str, width: int) -> str:
    """`text` in at most `width` cells, shortened at a space; a word with a digit in it is never cut."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    room = width - 1
    end = _cells_to_index(text, room)
    boundary = end if text[end : end + 1] in ("", " ") else text.rfind(" ", 0, end)
    if boundary > 0 and text[:boundary].strip():
        return text[:boundary].rstrip() + ELLIPSIS
    head = text[:end]
    word = text.split(" ", 1)[0] if not text.startswith(" ") else text.lstrip().split(" ", 1)[0]
    return ELLIPSIS if any(character.isdigit() for character in word) else head + ELLIPSIS


def fit(spans: Line, width: int) -> Line:
    """The line in exactly `width` cells: padded with spaces, or shortened as `elide` does."""
    used = width_of(spans)
    if used <= width:
        return spans if used == width else (*spans, (" " * (width - used), "normal"))
    short = elide(text_of(spans), width)
    keep = len(short) - 1 if short.endswith(ELLIPSIS) else len(short)
    kept: list[Span] = []
    for text, style in spans:
        part = text[:keep]
        keep -= len(part)
        if part:
            kept.append((part, style))
        if keep <= 0:
            break
    if short.endswith(ELLIPSIS):
        kept.append((ELLIPSIS, "dim"))
    rest = width - width_of(tuple(kept))
    return (*kept, (" " * rest, "normal")) if rest > 0 else tuple(kept)


def fit_items(items: Sequence[tuple[Line, int]], width: int, *, gap: str = "  ") -> Line:
    """Items side by side, dropping whole ones until they fit: the highest priority number goes first."""
    kept = list(range(len(items)))
    while kept and sum(width_of(items[i][0]) for i in kept) + len(gap) * (len(kept) - 1) > width:
        kept.remove(max(kept, key=lambda i: (items[i][1], i)))
    spans: list[Span] = []
    for place, index in enumerate(kept):
        if place:
            spans.append((gap, "normal"))
        spans.extend(items[index][0])
    return tuple(spans)


def both_ends(left: Line, right: Line, width: int) -> Line:
    """`left` at the left edge and `right` at the right one; `left` is shortened where both do not fit."""
    room = width - width_of(right)
    return (*fit(left, room), *right) if room >= 0 else fit(left, width)


def wrap(text: str, width: int, *, style: str = "normal", most: int = 99) -> list[Line]:
    """Words of `text` in rows of `width` cells, at most `most` rows; the last one says so when words are missing."""
    rows: list[str] = []
    for word in text.split():
        if rows and cell_len(rows[-1]) + 1 + cell_len(word) <= width:
            rows[-1] += f" {word}"
        else:
            rows.append(elide(word, width))
    if len(rows) > most:
        rows = rows[:most]
        rows[-1] = elide(rows[-1] + " " + "x" * width, width)
    return [line((row, style)) for row in rows]


def wrap_spans(spans: Line, width: int, *, indent: int = 2) -> list[Line]:
    """A styled line over as many rows as it needs, broken at spaces, later rows indented."""
    if width_of(spans) <= width:
        return [spans]
    rows: list[list[Span]] = [[]]
    used = 0
    for text, style in spans:
        for word in re.findall(r"\s*\S+|\s+$", text):
            size = cell_len(word)
            if used + size > width and used > indent:
                rows.append([(" " * indent, "normal")])
                word = word.lstrip()
                used, size = indent, cell_len(word)
            if size > width - used:
                word = elide(word, width - used)
                size = cell_len(word)
            rows[-1].append((word, style))
            used += size
    return [tuple(row) for row in rows]


def wrap_all(lines: Iterable[Line], width: int) -> list[Line]:
    """Every line wrapped to `width`."""
    return [row for spans in lines for row in wrap_spans(spans, width)]


def counted(number: int, noun: str) -> str:
    """`1 working order`, `2 working orders`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def join(lines: Iterable[Line], separator: Span) -> Line:
    """Lines one after the other in one row."""
    spans: list[Span] = []
    for place, item in enumerate(lines):
        if place:
            spans.append(separator)
        spans.extend(item)
    return tuple(spans)


def _cells_to_index(text: str, cells: int) -> int:
    used = 0
    for index, character in enumerate(text):
        used += cell_len(character)
        if used > cells:
            return index
    return len(text)
