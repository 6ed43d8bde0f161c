"""Tables in the text releases of NASS: a title, a ruled header, lines of a label and figures behind a colon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

_RULE: Final = re.compile(r"-{40,}\s*")
_FIGURE: Final = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?|\d+(?:\.\d+)?", re.ASCII)
_NO_FIGURE: Final = frozenset({"(D)", "(X)", "(Y)", "(Z)", "(NA)", "-"})
_LABEL: Final = re.compile(r"(\s*)(.*?)(?:\s+\d/)?\s*(?:\.{2,}\s*|\s\.\s*|\.(?=1,000|pounds))?(1,000|pounds)?\s*")
_YEAR: Final = re.compile(r"(?:19|20)\d{2}", re.ASCII)
_TITLE_MONTHS: Final = re.compile(r": ([A-Z][a-z]{2,8}) (\d{4}) and (\d{4})$", re.ASCII)
_MONTH_NAMES: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its 1-based number in the file, label without dots and footnotes, the unit that the label ends with,
    whether it is indented, its figures (None for one that is withheld or does not apply), and `damaged` where a cell is
    neither."""

    number: int
    label: str
    unit: str
    indent: bool
    cells: tuple[float | None, ...]
    text: str
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `months` are those of its first columns, `title_months` those that its title names."""

    title: str
    months: tuple[date, ...]
    title_months: tuple[date, ...]
    lines: tuple[Line, ...]


def tables_of(text: str) -> list[Table]:
    """Every table of a release, in order; a table whose end is missing goes to the end of the text."""
    lines = text.splitlines()
    rules = [index for index, line in enumerate(lines) if _RULE.fullmatch(line)]
    tables = []
    for start in range(0, len(rules) - 1, 3):
        top, header_end = rules[start], rules[start + 1]
        end = rules[start + 2] if start + 2 < len(rules) else len(lines)
        title = _title(lines, top)
        body = [_line(number + 1, lines[number]) for number in range(header_end + 1, end)]
        kept = tuple(line for line in body if line is not None)
        tables.append(Table(title, _months(lines[top + 1 : header_end]), _title_months(title), kept))
    return tables


def _title(lines: Sequence[str], top: int) -> str:
    index = top - 1
    while index >= 0 and lines[index].strip().startswith("["):
        index -= 1
    parts: list[str] = []
    while index >= 0 and lines[index].strip() and len(parts) < 3:
        parts.insert(0, lines[index].strip())
        index -= 1
    return " ".join(parts)


def _line(number: int, text: str) -> Line | None:
    stub, colon, rest = text.partition(":")
    found = _LABEL.fullmatch(stub)
    if not colon or found is None or not stub.strip():
        return None
    words = rest.split()
    figures = [word for word in words if word in _NO_FIGURE or _FIGURE.fullmatch(word)]
    cells = tuple(None if word in _NO_FIGURE else float(word.replace(",", "")) for word in figures)
    label, unit = found[2].rstrip(". "), found[3] or ""
    return Line(number, label, unit, bool(found[1]), cells, text.strip(), len(figures) < len(words))


def _months(header: Sequence[str]) -> tuple[date, ...]:
    for names, years in pairwise(header):
        month_cells = [cell.strip() for cell in names.split(":")[1:4]]
        year_cells = [cell.strip() for cell in years.split(":")[1:4]]
        if len(month_cells) == 3 and all(cell in _MONTH_NAMES for cell in month_cells):
            if len(year_cells) != 3 or not all(_YEAR.fullmatch(cell) for cell in year_cells):
                return ()
            return tuple(
                date(int(year), _MONTH_NAMES.index(month) + 1, 1)
                for month, year in zip(month_cells, year_cells, strict=True)
            )
    return ()


def _title_months(title: str) -> tuple[date, ...]:
    found = _TITLE_MONTHS.search(title)
    if found is None or found[1] not in _MONTH_NAMES:
        return ()
    month = _MONTH_NAMES.index(found[1]) + 1
    years = (int(found[2]), int(found[3]))
    return tuple(date(year, month, 1) for year in years) if min(years) >= 1900 else ()
