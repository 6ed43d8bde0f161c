"""How verbs print one result per row: JSON lines for programs, a table that fits its terminal for people."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from hydra_tui.commands.output import table

_NO_TERMINAL_WIDTH: Final = 10_000
_GAP: Final = 2
SHOWN_REASONS: Final = 10


def emit_rows(rows: Sequence[Mapping[str, Any]], as_json: bool, lines: Callable[[], Sequence[str]]) -> None:
    """Print one JSON object per line, or the lines."""
    if as_json:
        click.echo("\n".join(json.dumps(row, allow_nan=False, ensure_ascii=False) for row in rows))
        return
    click.echo("\n".join(lines()))


def emit_document(document: Mapping[str, Any], as_json: bool, lines: Callable[[], Sequence[str]]) -> None:
    """Print one JSON object on one line, or the lines."""
    emit_rows([document], as_json, lines)


def number_cell(value: Any) -> str:
    """A number in five digits, "-" where there is none, a text as it is."""
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def fitting_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Lines of a table. On a terminal, columns that do not fit are left out whole, from the right, and named below."""
    cells = {column: [number_cell(row[column]) for row in rows] for column in columns}
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _NO_TERMINAL_WIDTH
    shown, left = [], width
    for column in columns:
        left -= max(len(column), *(len(cell) for cell in cells[column])) + (_GAP if shown else 0)
        if shown and left < 0:
            break
        shown.append(column)
    lines = table(list(zip(*(cells[column] for column in shown), strict=True)), shown)
    dropped = columns[len(shown) :]
    return (
        [*lines, f"too narrow for: {', '.join(dropped)}; a wider terminal or --json shows them"] if dropped else lines
    )


def result_lines(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """The table, why the first rows without a result have none, and how many rows have which status."""
    why = [f"row {row['row']}: {row['reason']}" for row in rows if row["reason"]]
    more = [f"… and {len(why) - SHOWN_REASONS:,} more rows; --json has all"] if len(why) > SHOWN_REASONS else []
    counted = Counter(str(row["status"]) for row in rows).most_common()
    return [
        *fitting_table(rows, columns),
        *why[:SHOWN_REASONS],
        *more,
        f"{len(rows):,} row{'s' * (len(rows) != 1)}: " + ", ".join(f"{count:,} {status}" for status, count in counted),
    ]
