"""Names of the tables inside a LEAN futures zip: they carry the root, the contract month, the kind of data and, for
intraday data, the day. The rows have no header and none of these.

Hourly and daily: "es_trade_201312.csv". Ticks, seconds, minutes: "20131007_es_minute_trade_201312.csv", in older files
with the expiry behind the month ("..._201312_20131220.csv").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.ingestion.input_file import InputFile

_NAME: Final = re.compile(
    r"(?:(?P<day>\d{8})_)?(?P<root>[a-z0-9]{1,4})_(?:(?P<resolution>tick|second|minute)_)?"
    r"(?P<kind>trade|quote|openinterest)_(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?:_\d{8})?\.csv",
    re.IGNORECASE | re.ASCII,
)
_ROW: Final = re.compile(rb"(?:\d{8} \d\d:\d\d|\d{1,8}),")


@dataclass(frozen=True, slots=True)
class LeanEntry:
    """One table: upper-case root, contract month, kind ("trade", "quote", "openinterest"), "" as resolution of hourly
    and daily tables, the day of an intraday table (None for the others) and the rows as they are."""

    root: str
    year: int
    month: int
    kind: str
    resolution: str
    day: date | None
    content: bytes


def lean_entries(file: InputFile) -> list[LeanEntry]:
    """The tables of a LEAN futures zip, or nothing where the content is not one: every table must be."""
    entries = [_entry(*table) for table in file.tables or ((file.member, file.content),)]
    found = [entry for entry in entries if entry is not None]
    return found if len(found) == len(entries) else []


def lean_kind(file: InputFile) -> str:
    """The kind of data of a LEAN futures zip by its first table, "" where the content is not one."""
    entries = lean_entries(file)
    return entries[0].kind if entries else ""


def _entry(name: str, content: bytes) -> LeanEntry | None:
    match = _NAME.fullmatch(name)
    if match is None or (match["day"] is None) != (match["resolution"] is None) or not _ROW.match(content):
        return None
    try:
        day = date.fromisoformat(match["day"]) if match["day"] else None
    except ValueError:
        return None
    resolution, kind = (match["resolution"] or "").lower(), match["kind"].lower()
    return LeanEntry(match["root"].upper(), int(match["year"]), int(match["month"]), kind, resolution, day, content)
