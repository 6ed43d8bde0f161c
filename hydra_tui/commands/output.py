"""How verbs speak: plain lines for people, one JSON document for programs, a progress bar only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="one JSON document on standard output")
market_option = click.option("--market", "verb_market", help="market key, e.g. lean_hogs")


def emit(document: Any, as_json: bool, lines: Iterable[str]) -> None:
    """Print the document as JSON, or the lines."""
    if as_json:
        click.echo(json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False))
        return
    for line in lines:
        click.echo(line)


def table(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> list[str]:
    """Lines of a plain table; every column as wide as its widest cell, so nothing is ever cut."""
    cells = [list(headings), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


@contextmanager
def progress_bar(label: str, as_json: bool) -> Any:
    """A callback `report(done, total, text)` that draws a bar on a terminal's standard error and is silent
    elsewhere."""
    if as_json or not sys.stderr.isatty():
        yield _silent
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr, item_show_func=lambda text: text or "") as bar:

        def report(done: int, total: int, text: str = "") -> None:
            position = int(1000 * done / total) if total else 1000
            bar.update(max(0, position - bar.pos), text)

        yield report


def _silent(done: int, total: int, text: str = "") -> None:
    del done, total, text


ProgressReport = Callable[[int, int, str], None]
