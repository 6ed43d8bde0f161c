"""The table inside a Commitments-of-Traders file, whichever way it came: text with or without header, workbook, JSON.

A yearly file has 300 markets and 191 columns, so a row is taken apart only where it can be of a wanted market: a text
line is searched for the code first, a workbook row and a JSON object show theirs in one place.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.ingestion.cot_columns import CODE_COLUMNS, headerless_names, market_code, plain_name
from engine.ingestion.input_file import InputFile
from engine.ingestion.json_reply import fields_of, items_of, leading_keys, read_json
from engine.ingestion.workbook_rows import workbook_rows

RowKind = Literal["wanted", "other", "short", "unreadable"]
_BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class CotRow:
    """One row that is not blank: its 1-based number in the file, its code and cells. Rows of other markets carry
    neither, rows that are cut short or cannot be read their raw text as the only cell."""

    number: int
    kind: RowKind
    code: str = ""
    cells: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class CotTable:
    """Plain column names and the way to the rows. `sparse`: a field that is missing everywhere is a missing number,
    because JSON replies leave null fields out. `has_header`: whether the file itself named its columns."""

    file: InputFile
    names: tuple[str, ...]
    has_header: bool = True
    sparse: bool = False

    def rows(self, wanted: Collection[str], least_cells: int) -> Iterator[CotRow]:
        """Rows in file order; `wanted` are market codes with leading zeros, a row needs `least_cells` cells."""
        code_at = next(self.names.index(name) for name in CODE_COLUMNS if name in self.names)
        if self.sparse:
            return _json_rows(self.file, self.names, wanted)
        if self.file.is_spreadsheet:
            return _sheet_rows(self.file, code_at, wanted, least_cells)
        return _text_rows(self.file, code_at, wanted, least_cells, skip=1 if self.has_header else 0)


def first_names(file: InputFile) -> tuple[str, ...]:
    """Plain names of the columns, from the beginning of the file alone; empty where it holds no such table."""
    if file.is_spreadsheet:
        return tuple(plain_name(cell) for cell in next(workbook_rows(file, limit=1), []))
    keys = leading_keys(file)
    if keys:
        return tuple(plain_name(key) for key in keys)
    return _text_names(file)[0]


def open_table(file: InputFile) -> CotTable:
    """The table of a file; InputError where a workbook or a JSON reply is damaged."""
    if not file.is_spreadsheet and leading_keys(file):
        return CotTable(file, tuple(_json_names(file)), sparse=True)
    if file.is_spreadsheet:
        return CotTable(file, first_names(file))
    names, has_header = _text_names(file)
    return CotTable(file, names, has_header)


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
    # Exports drop leading zeros, so the search is for the code without them: too many lines rather than too few.
    needles = [code.lstrip("0") for code in wanted]
    for number, line in enumerate(file.text().splitlines(), 1):
        if number <= skip or not line or line.isspace():
            continue
        if not any(needle in line for needle in needles):
            short = line.count(",") < least_cells - 1
            yield CotRow(number, "short", "", (line,)) if short else CotRow(number, "other")
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
    return CotRow(number, "wanted", code, cells) if code in wanted else CotRow(number, "other")


def _json_names(file: InputFile) -> dict[str, str]:
    """Plain name -> field, of all objects: Socrata leaves null fields out, object by object."""
    fields: dict[str, None] = {}
    for item in items_of(read_json(file)):
        fields.update(dict.fromkeys(fields_of(item) or ()))
    return {plain_name(field): field for field in fields}


def _json_rows(file: InputFile, names: Sequence[str], wanted: Collection[str]) -> Iterator[CotRow]:
    fields: Mapping[str, str] = _json_names(file)
    order = [fields[name] for name in names]
    code_field = fields[CODE_COLUMNS[0]]
    for number, item in enumerate(items_of(read_json(file)), 1):
        row = fields_of(item)
        if row is None:
            yield CotRow(number, "unreadable", "", (str(item),))
            continue
        code = market_code(row.get(code_field, ""))
        if code in wanted:
            yield CotRow(number, "wanted", code, ["" if row.get(field) is None else row[field] for field in order])
        else:
            yield CotRow(number, "other")
