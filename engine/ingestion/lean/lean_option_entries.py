"""Names of the tables inside a LEAN option zip: underlying, kind of data, exercise style, right, strike, expiry and,
for intraday data, the day. The rows have no header and none of these.

Hourly and daily: "twx_quote_american_call_650000_20140621.csv". Seconds and minutes:
"20200105_es_minute_quote_american_call_30000000_20200320.csv". Strikes are in ten-thousandths, of options on futures
too: every strike of the universes of the same days appears as strike times 10,000 in the names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from engine.core.records import ExerciseStyle, OptionRight
from engine.ingestion.input_file import InputFile
from engine.ingestion.options.option_collector import RIGHTS

LeanOptionKind = Literal["trade", "quote", "openinterest"]
_NAME: Final = re.compile(
    r"(?:(?P<day>\d{8})_)?(?P<root>[a-z0-9.]{1,6})_(?:(?P<resolution>second|minute)_)?"
    r"(?P<kind>trade|quote|openinterest)_(?P<style>american|european)_(?P<right>call|put)_(?P<strike>\d{1,12})_"
    r"(?P<expiry>\d{8})\.csv",
    re.IGNORECASE | re.ASCII,
)
_ROW: Final = re.compile(rb"(?:\d{8} \d\d:\d\d|\d{1,8}),")
_STRIKE_SCALE: Final = 10_000
_STYLES: Final[dict[str, ExerciseStyle]] = {"american": "american", "european": "european"}
_KINDS: Final[dict[str, LeanOptionKind]] = {"trade": "trade", "quote": "quote", "openinterest": "openinterest"}


@dataclass(frozen=True, slots=True)
class LeanOptionEntry:
    """One option's table: upper-case root, kind, "" as resolution of hourly and daily tables, the day of an intraday
    table (None for the others), strike in price units and the rows as they are."""

    name: str
    root: str
    kind: LeanOptionKind
    resolution: str
    day: date | None
    style: ExerciseStyle
    right: OptionRight
    strike: float
    expiry: date
    content: bytes


def lean_option_entries(file: InputFile) -> list[LeanOptionEntry]:
    """The tables of a LEAN option zip, or nothing where the content is not one: every table must be."""
    entries = [_entry(*table) for table in file.tables or ((file.member, file.content),)]
    found = [entry for entry in entries if entry is not None]
    return found if len(found) == len(entries) else []


def _entry(name: str, content: bytes) -> LeanOptionEntry | None:
    match = _NAME.fullmatch(name)
    if match is None or (match["day"] is None) != (match["resolution"] is None) or not _ROW.match(content):
        return None
    try:
        day = date.fromisoformat(match["day"]) if match["day"] else None
        expiry = date.fromisoformat(match["expiry"])
    except ValueError:
        return None
    return LeanOptionEntry(
        name=name,
        root=match["root"].upper(),
        kind=_KINDS[match["kind"].lower()],
        resolution=(match["resolution"] or "").lower(),
        day=day,
        style=_STYLES[match["style"].lower()],
        right=RIGHTS[match["right"].lower()],
        strike=int(match["strike"]) / _STRIKE_SCALE,
        expiry=expiry,
        content=content,
    )
