"""A session's output cell by cell: "## cell 7 execute_result" and what was printed below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.printed_objects import NotPrintedError, read_printed

CELL_HEADER: Final = re.compile(r"## cell (\d{1,6}) ([a-z_]{1,30})", re.ASCII)
_TABLE_LINE: Final = re.compile(r"\s*\d+\s{2,}\S|\s*\d+ \d{4}-\d{2}-\d{2} ", re.ASCII)
_TABLE_CUT: Final = re.compile(r"\.\.\.(?=\s|\]|$)")


@dataclass(frozen=True, slots=True)
class PrintedPiece:
    """One value of a cell, or one line that is none (`value` is then None and `is_value` false)."""

    row_number: int
    cell: str
    is_value: bool
    value: object
    text: str


def printed_pieces(file: InputFile) -> Iterator[PrintedPiece]:
    """Every value of every cell in order: a whole cell where it is one value, else its lines one by one; a table is
    one piece."""
    cell, first, body = "", 1, list[str]()
    for number, line in enumerate(file.text().splitlines(), 1):
        header = CELL_HEADER.fullmatch(line.strip())
        if header is None:
            body.append(line)
            continue
        yield from _pieces(cell, first, body)
        cell, first, body = f"cell {header[1]}", number + 1, []
    yield from _pieces(cell, first, body)


def is_table(text: str) -> bool:
    """Whether a piece is a table as pandas prints it."""
    return "\n" in text


def is_cut(text: str) -> bool:
    """Whether a printed table leaves out parts of its cells."""
    return _TABLE_CUT.search(text) is not None


def _pieces(cell: str, first: int, body: list[str]) -> Iterator[PrintedPiece]:
    text = "\n".join(body)
    if not text.strip():
        return
    try:
        yield PrintedPiece(first, cell, True, read_printed(text), text)
        return
    except NotPrintedError:
        pass
    if sum(_TABLE_LINE.match(line) is not None for line in body) >= 2:
        yield PrintedPiece(first, cell, False, None, text)
        return
    for offset, line in enumerate(body):
        if not line.strip():
            continue
        try:
            yield PrintedPiece(first + offset, cell, True, read_printed(line), line)
        except NotPrintedError:
            yield PrintedPiece(first + offset, cell, False, None, line)
