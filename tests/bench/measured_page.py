"""Pages whose words are written by hand and whose figures are measured: a command replaces what is between marks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"


def with_measured(page: str, measured: str) -> str:
    """The page with its measured part replaced. ValueError where the marks are not there once each, in order.

    >>> with_measured(f"words {BEGIN} old {END} words", "new") == f"words {BEGIN}\\n\\nnew\\n\\n{END} words"
    True
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise ValueError(f"the page needs one '{BEGIN}' and one '{END}' after it")
    return f"{before}{BEGIN}\n\n{measured.strip()}\n\n{END}{after}"


def write_measured(path: Path, measured: str) -> None:
    """Replace the measured part of a page on disk."""
    path.write_text(with_measured(path.read_text(encoding="utf-8"), measured), encoding="utf-8")


def markdown_table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
