"""Days as vendors print them: ISO, slashes in either order, or "Oct 05, 2022".

A slash date says by itself only sometimes whether the month or the day comes first. A file is read in the one order
that leaves the fewest cells unreadable and, between equals, spans the fewest days; month first where both do as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

_SLASH_ORDERS: Final = ("%m/%d/%Y", "%d/%m/%Y")
_WORDED: Final = "%b %d, %Y"
_YEARS: Final = range(1950, 2100)


def read_days(texts: Sequence[str]) -> list[date | None]:
    """The day of every cell of one file's date column, None where a cell is no date of the years 1950 to 2099."""
    return min(([_day(text.strip(), order) for text in texts] for order in _SLASH_ORDERS), key=_doubt)


def _doubt(days: Sequence[date | None]) -> tuple[int, int]:
    known = [day for day in days if day is not None]
    return len(days) - len(known), (max(known) - min(known)).days if known else 0


def _day(text: str, slash_order: str) -> date | None:
    layout = slash_order if "/" in text else _WORDED if "," in text else "%Y-%m-%d"
    try:
        day = datetime.strptime(text, layout).date()  # noqa: DTZ007
    except ValueError:
        return None
    return day if day.year in _YEARS else None
