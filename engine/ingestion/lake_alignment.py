"""New rows against those the lake already holds: the same fact again is a duplicate, another figure is a revision.

A revision is a new row about the same event with a later `known_ts`: the moment of this ingestion, because the file
does not say when the vendor changed its mind. What was known before stays readable as it was known. Files do not tell
their age: where an older download with other figures comes after a newer one, the older figures count as the revision.
A headline has no figures: the same text of the same time is the same fact, however often its source touches it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from engine.core.records import CotReport, FuturesBar, Headline
from engine.ingestion.source_pipeline import NormalisedRow

REVISION: Final = "revision"
ALIGNED_DATASETS: Final = ("futures_bar", "cot_position", "headline")


@dataclass(frozen=True, slots=True)
class Alignment:
    """Rows ready for the lake and how many of them revise an earlier figure."""

    rows: tuple[NormalisedRow, ...]
    revisions: int


def align(rows: Iterable[NormalisedRow], held: Iterable[NormalisedRow], now_ts: int) -> Alignment:
    """Give every row that the lake holds already its stored form, and every changed figure `known_ts` >= `now_ts`."""
    contents: dict[str, dict[str, NormalisedRow]] = {}
    for row in held:
        contents.setdefault(_event_of(row), {})[_content_of(row)] = row
    aligned: list[NormalisedRow] = []
    revisions = 0
    for row in rows:
        same_event = contents.get(_event_of(row))
        if same_event is None:
            aligned.append(row)
            continue
        stored = same_event.get(_content_of(row))
        if stored is not None:
            aligned.append(stored)
        else:
            aligned.append(_revised(row, now_ts))
            revisions += 1
    return Alignment(tuple(aligned), revisions)


def _event_of(row: NormalisedRow) -> str:
    if isinstance(row, FuturesBar):
        return f"bar|{row.series}|{row.contract}|{row.nearby}|{row.event_ts}"
    if isinstance(row, CotReport):
        return f"cot|{row.report_type}|{row.combined}|{row.event_ts}"
    if isinstance(row, Headline):
        return f"headline|{row.event_ts}|{row.text_hash}"
    return f"other|{row!r}"


def _content_of(row: NormalisedRow) -> str:
    if isinstance(row, FuturesBar):
        return repr((row.bar_seconds, row.open, row.high, row.low, row.close, row.volume))
    if isinstance(row, CotReport):
        return repr((row.open_interest, row.positions))
    return "" if isinstance(row, Headline) else repr(row)


def _revised(row: NormalisedRow, now_ts: int) -> NormalisedRow:
    if isinstance(row, FuturesBar):
        return replace(row, known_ts=max(row.known_ts, now_ts), flags=tuple(sorted({*row.flags, REVISION})))
    if isinstance(row, CotReport):
        return replace(row, known_ts=max(row.known_ts, now_ts))
    return row
