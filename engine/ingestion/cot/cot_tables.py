"""The table inside a Commitments-of-Traders file, whichever way it came: text with or without header, workbook, JSON.

A yearly file has 300 markets and 191 columns, so a row is taken apart only where it is of a wanted market: its code is
read first.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from engine.ingestion.cot.cot_columns import CODE_COLUMNS, headerless_names, market_code, plain_name
from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.json_reply import fields_of, items_of, leading_keys, read_json
from engine.ingestion.parsing.workbook_rows import workbook_rows

RowKind = Literal["wanted", "other", "short", "unreadable"]
_CELL: Final = r'(?:"[^"]*"|[^",]*),'


@dataclass(frozen=True, slots=True)
class CotRow:
    """One row that is not blank: its 1-based number in the file, its code and cells. Rows of other markets carry none
    of them, rows that are cut short or cannot be read their raw text as the only cell."""

    number: int
    kind: RowKind
    code: str = ""
    cells: Sequence[object] = ()


_OTHER: Final = CotRow(0, "other")


@dataclass(frozen=True, slots=True)
class CotTable:
    """Plain column names and the way to the rows. `has_header`: whether the file itself named its columns. `items` are
    the objects of a JSON reply, None for everything else."""

    file: InputFile
    names: tuple[str, ...]
    has_header: bool = True
    items: Sequence[object] | None = None

    @property
    def is_sparse(self) -> bool:
        """Whether a column that is missing everywhere only means missing numbers: replies leave null fields out."""
        return self.items is not None

    def rows(self, wanted: Collection[str], least_cells: int) -> Iterator[CotRow]:
        """Rows in file order; `wanted` are market codes with leading zeros, a row needs `least_cells` cells."""
        code_at = next(self.names.index(name) for name in CODE_COLUMNS if name in self.names)
        if self.items is not None:
            return _json_rows(self.items, self.names, wanted)
        if self.file.is_spreadsheet:
            return _sheet_rows(self.file, code_at, wanted, least_cells)
        return _text_rows(self.file, code_at, wanted, least_cells, skip=1 if self.has_header else 0)


def first_names(file: InputFile) -> tuple[str, ...]:
    """Plain names of the columns, from the beginning of the file alone; empty where it holds no such table."""
    if file.is_spreadsheet:
        return _workbook_names(file)
    keys = leading_keys(file)
    if keys:
        return tuple(plain_name(key) for key in keys)
    return _text_names(file)[0]


def open_table(file: InputFile) -> CotTable:
    """The table of a file; InputError where a workbook or a JSON reply is damaged."""
    if not file.is_spreadsheet and leading_keys(file):
        items = items_of(read_json(file))
        return CotTable(file, tuple(_fields_by_name(items)), items=items)
    if file.is_spreadsheet:
        return CotTable(file, first_names(file))
    names, has_header = _text_names(file)
    return CotTable(file, names, has_header)


@lru_cache(maxsize=1)
def _workbook_names(file: InputFile) -> tuple[str, ...]:
    # Opening a workbook reads all of it, and every report type asks: one file is remembered.
    return tuple(plain_name(cell) for cell in next(workbook_rows(file, limit=1), []))


def _text_names(file: InputFile) -> tuple[tuple[str, ...], bool]:
    head = file.head(1)
    cells = _split(head[0]) if head and "," in head[0] else None
    if not cells:
        return (), True
    headerless = headerless_names(cells)
    return (headerless, False) if headerless else (tuple(plain_name(cell) for cell in cells), True)


def _split(line: str) -> list[str] | None:
    try:
        return next(csv.reader((line,)), [])
    except csv.Error:
        return None


def _text_rows(file: InputFile, code_at: int, wanted: Collection[str], least_cells: int, skip: int) -> Iterator[CotRow]:
    text = file.text()
    lines = text.split("\n") if "\n" in text else text.splitlines()
    # Reads the code of a plain line without its other cells; a line that is not plain goes through the csv module.
    code_of = re.compile(rf'(?:{_CELL}){{{code_at}}} *"?([0-9A-Z+]+) *"?,').match
    for number, line in enumerate(lines, 1):
        if number <= skip or not line or line.isspace():
            continue
        plain = code_of(line)
        if plain is not None and market_code(plain[1]) not in wanted and line.count(",") >= least_cells - 1:
            yield _OTHER
            continue
        cells = _split(line)
        if cells is None:
            yield CotRow(number, "unreadable", "", (line,))
        else:
            yield _sorted(number, cells, code_at, wanted, least_cells)


def _sheet_rows(file: InputFile, code_at: int, wanted: Collection[str], least_cells: int) -> Iterator[CotRow]:
    for number, cells in enumerate(workbook_rows(file), 1):
        if number > 1 and any(cell not in ("", None) for cell in cells):
            yield _sorted(number, cells, code_at, wanted, least_cells)


def _sorted(number: int, cells: Sequence[object], code_at: int, wanted: Collection[str], least_cells: int) -> CotRow:
    if len(cells) < least_cells:
        return CotRow(number, "short", "", (",".join(str(cell) for cell in cells),))
    code = market_code(cells[code_at])
    return CotRow(number, "wanted", code, cells) if code in wanted else _OTHER


def _fields_by_name(items: Sequence[object]) -> dict[str, str]:
    """Plain name -> field, of all objects: Socrata leaves null fields out, object by object."""
    fields: dict[str, None] = {}
    for item in items:
        fields.update(dict.fromkeys(fields_of(item) or ()))
    return {plain_name(field): field for field in fields}


def _json_rows(items: Sequence[object], names: Sequence[str], wanted: Collection[str]) -> Iterator[CotRow]:
    fields = _fields_by_name(items)
    order = [fields[name] for name in names]
    code_field = fields[CODE_COLUMNS[0]]
    for number, item in enumerate(items, 1):
        row = fields_of(item)
        if row is None:
            yield CotRow(number, "unreadable", "", (str(item),))
            continue
        code = market_code(row.get(code_field, ""))
        if code in wanted:
            yield CotRow(number, "wanted", code, ["" if row.get(field) is None else row[field] for field in order])
        else:
            yield _OTHER
