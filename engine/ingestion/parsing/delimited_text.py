"""Tables of texts with a header line: comma, tab or semicolon between the cells, quoted cells of several lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.kernel.errors import InputError

_DELIMITERS: Final = ("\t", ";", ",")
_LONGEST_HEADER: Final = 2_500


def header_of(file: InputFile) -> tuple[str, ...]:
    """Column names of the first line in lower case; empty where the first line is no header of two columns."""
    return tuple(name.lower() for name in _first_cells(file)[0])


def delimiter_of(file: InputFile) -> str:
    """The sign between the cells of the first line; a comma where it is no header of two columns."""
    return _first_cells(file)[1]


def table_rows(file: InputFile) -> Iterator[tuple[int, dict[str, str] | None, list[str]]]:
    """(number of the entry from 1, cells by lower-case column name, raw cells) of every row that is not blank.

    The named cells are None where a row has more or fewer cells than the header. InputError where the quoting is
    broken beyond reading.
    """
    names, delimiter = _first_cells(file)
    columns = [name.lower() for name in names]
    reader = csv.reader(io.StringIO(file.text(), newline=""), delimiter=delimiter)
    number = 0
    try:
        next(reader, None)
        for cells in reader:
            if not any(cells):
                continue
            number += 1
            fits = len(cells) == len(columns)
            yield number, dict(zip(columns, cells, strict=True)) if fits else None, cells
    except csv.Error as error:
        raise InputError(f"{file.name}: the table cannot be read after entry {number}: {error}") from error


def _first_cells(file: InputFile) -> tuple[list[str], str]:
    head = file.head(1)
    if not head or len(head[0]) > _LONGEST_HEADER:
        return [], ","
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([head[0]], delimiter=delimiter), [])
        except csv.Error:
            return [], ","
        if len(cells) > 1:
            return [cell.strip() for cell in cells], delimiter
    return [], ","
