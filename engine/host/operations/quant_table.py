"""A CSV table that an operator hands to a calculation: from a file or standard input, into columns, row by row.

What is wrong with the table as a whole (missing column, empty, not UTF-8) is one InputError; what is wrong with a row
stays with that row, as a reason, and the others are calculated.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.ingestion.parsing.numbers import MISSING_WORDS
from engine.kernel.errors import InputError

if TYPE_CHECKING:
    from engine.signals.options_math.black76 import FloatArray

STANDARD_INPUT: Final = "-"
_SEPARATORS: Final = (",", ";", "\t")
_QUOTED: Final = 40  # longest cell repeated in a reason
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class QuantTable:
    """Cells by column name, one text per row; `damage` says per row why it cannot be read as a whole ("" if it can).

    Rows are numbered from 1, the first below the headings; lines without any sign are no rows.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    damage: tuple[str, ...]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.damage)

    def has(self, *names: str) -> bool:
        """Whether the table has all these columns."""
        return all(name in self.columns for name in names)


@dataclass(frozen=True, slots=True)
class NumberColumns:
    """`values[name][row]`, NaN where a cell holds no number, and per row why ("" where all cells are good)."""

    values: Mapping[str, FloatArray]
    reasons: tuple[str, ...]


def read_table(source: str, required: Sequence[str], optional: Sequence[str] = ()) -> QuantTable:
    """Read a file, or standard input where `source` is "-".

    The first line holds the column names, in any order and case; comma, semicolon or tab separates the cells, whichever
    stands in that line; a byte-order mark and any line ends are taken. Columns that were not asked for are ignored.
    InputError where the table cannot be read, has no rows, lacks a required column or has one twice.
    """
    name, content = _content(source)
    rows = _rows(name, _text(name, content))
    headings = [cell.strip().lower() for cell in next(rows, [])]
    if not any(headings):
        raise InputError(f"{name} is empty; its first line must name the columns: {', '.join(required)}")
    places = _places(name, headings, required, optional)
    damage: list[str] = []
    cells_of: dict[str, list[str]] = {column: [] for column in places}
    width = len(headings)
    for cells in rows:
        if len(cells) == width or (len(cells) > width and not any(cell.strip() for cell in cells[width:])):
            damage.append("")
        else:
            damage.append(f"the row has {len(cells)} cells, the headings {width}")
            cells = [""] * width  # which cell stands in which column is unknown
        for column, place in places.items():
            cells_of[column].append(cells[place].strip())
    if not damage:
        raise InputError(f"{name} has headings but no rows below them")
    return QuantTable(name, {column: tuple(cells) for column, cells in cells_of.items()}, tuple(damage))


def number_columns(table: QuantTable, needed: Sequence[str], optional: Sequence[str] = ()) -> NumberColumns:
    """The columns as arrays of float64. Numbers have a decimal point and no thousands separators. An empty cell or a
    word for "missing" (nan, null, none, n/a, ".", "-") is NaN; in a needed column it is a reason too."""
    import numpy as np

    reasons: list[list[str]] = [[text] if text else [] for text in table.damage]
    values = {}
    for name in (*needed, *(column for column in optional if table.has(column))):
        column = [math.nan] * len(table)
        for row, cell in enumerate(table.columns[name]):
            try:
                column[row] = _number(cell)
            except ValueError:
                column[row] = math.nan
                if not table.damage[row]:
                    reasons[row].append(_why_no_number(name, cell))
                continue
            if column[row] != column[row] and name in needed and not table.damage[row]:
                reasons[row].append(f"{name} is missing")
        values[name] = np.array(column, dtype=np.float64)
    return NumberColumns(values, tuple("; ".join(texts) for texts in reasons))


def quoted(cell: str) -> str:
    """A cell as a reason repeats it: in quotation marks, printable, not too long."""
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in cell)
    return f"'{printable if len(printable) <= _QUOTED else printable[: _QUOTED - 1] + '…'}'"


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        if cell.lower() in MISSING_WORDS:
            return math.nan
        raise
    if "_" in cell or math.isinf(value):
        raise ValueError(cell)
    return value


def _why_no_number(name: str, cell: str) -> str:
    hint = "; write a decimal point and no thousands separators" if "," in cell else ""
    return f"{name} {quoted(cell)} is not a number{hint}"


def _content(source: str) -> tuple[str, bytes]:
    if source == STANDARD_INPUT:
        return "standard input", sys.stdin.buffer.read()
    path = Path(source)
    try:
        if path.is_dir():
            raise InputError(f"{source} is a folder; name a CSV file in it, or '-' for standard input")
        return path.name, path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{source}: no such file; name a CSV file, or '-' for standard input") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{source} cannot be read: {why}") from error


def _text(name: str, content: bytes) -> str:
    if content.startswith(_UTF16):
        raise InputError(f"{name} is text in UTF-16; save it as CSV in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name} is not text in UTF-8 (line {line}, byte {content[error.start]:#04x}); save it as CSV in UTF-8"
        ) from None


def _rows(name: str, text: str) -> Iterator[list[str]]:
    """Cells of every line that holds a sign."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((sign for sign in _SEPARATORS if sign in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and cells[0].strip()):
                yield cells
    except csv.Error as error:
        raise InputError(f"{name} cannot be read as CSV at line {reader.line_num}: {error}") from None


def _places(name: str, headings: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> dict[str, int]:
    counted = Counter(headings)
    twice = [column for column in (*required, *optional) if counted[column] > 1]
    if twice:
        raise InputError(f"{name} has the column '{twice[0]}' {counted[twice[0]]} times; keep one of them")
    absent = [column for column in required if column not in counted]
    if absent:
        known = {*required, *optional}
        foreign = [heading for heading in headings if heading and heading not in known]
        hints = [_hint(column, foreign) for column in absent]
        shown = ", ".join(quoted(heading) for heading in headings[:20]) + (", …" if len(headings) > 20 else "")
        raise InputError(f"{name} has no column {' and no column '.join(hints)}; its columns are {shown}")
    return {column: headings.index(column) for column in (*required, *optional) if column in counted}


def _hint(column: str, foreign: Sequence[str]) -> str:
    close = difflib.get_close_matches(column, foreign, n=1)
    return f"'{column}'" + (f" (is its {quoted(close[0])} meant?)" if close else "")
