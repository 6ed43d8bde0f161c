"""New rows against those the lake already holds: the same fact again is a duplicate, another figure is a revision.

A revision is a new row about the same event with a later `known_ts`: the moment of this ingestion, because the file
does not say when the vendor changed its mind. What was known before stays readable as it was known. Files do not tell
their age: where an older download with other figures comes after a newer one, the older figures count as the revision.
A headline has no figures: the same text of the same time is the same fact, however often its source touches it. A row
without any time gets the moment of its first arrival, and keeps it when the same file comes again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from engine.core.records import CotReport, FuturesBar, Headline
from engine.ingestion.lake_rows import (
    UNDATED_TS,
    Instrument,
    NormalisedRow,
    ReferenceFact,
    Statistic,
    TrainingText,
)

REVISION: Final = "revision"
# What a file may hold without saying any time.
Undatable = Instrument | ReferenceFact | TrainingText
_DATASETS: Final[dict[type[object], str]] = {
    FuturesBar: "futures_bar",
    CotReport: "cot_position",
    Headline: "headline",
    Statistic: "statistic",
    TrainingText: "training_text",
    ReferenceFact: "reference_fact",
}


@dataclass(frozen=True, slots=True)
class Alignment:
    """Rows ready for the lake and how many of them revise an earlier figure."""

    rows: tuple[NormalisedRow, ...]
    revisions: int


def aligned_datasets(rows: Iterable[NormalisedRow]) -> list[str]:
    """The datasets whose held rows `align` needs for these rows."""
    given = list(rows)
    datasets = {_DATASETS[kind] for kind in {type(row) for row in given} if kind in _DATASETS}
    if any(isinstance(row, Instrument) and row.event_ts == UNDATED_TS for row in given):
        datasets.add("instrument")
    return sorted(datasets)


def align(rows: Iterable[NormalisedRow], held: Iterable[NormalisedRow], now_ts: int) -> Alignment:
    """Give every row that the lake holds already its stored form, and every changed figure `known_ts` >= `now_ts`."""
    contents: dict[str, dict[str, NormalisedRow]] = {}
    for row in held:
        contents.setdefault(_event_of(row), {})[_content_of(row)] = row
        if isinstance(row, Undatable):  # the file may have said no time
            undated = replace(row, event_ts=UNDATED_TS, known_ts=UNDATED_TS)
            contents.setdefault(_event_of(undated), {})[_content_of(row)] = row
    aligned: list[NormalisedRow] = []
    revisions = 0
    for row in rows:
        same_event = contents.get(_event_of(row))
        if same_event is None:
            aligned.append(_dated(row, now_ts))
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
    if isinstance(row, Statistic):
        return f"statistic|{row.contract}|{row.name}|{row.event_ts}"
    if isinstance(row, TrainingText):
        return f"text|{row.event_ts}|{row.text}|{row.tone}|{row.occurrence}"
    if isinstance(row, ReferenceFact):
        return f"fact|{row.event_ts}|{row.subject}|{row.name}|{row.value}"
    return f"other|{row!r}"  # an Instrument too: every field is what it says


def _content_of(row: NormalisedRow) -> str:
    if isinstance(row, FuturesBar):
        prices = "|".join(f"{price:.7g}" for price in (row.open, row.high, row.low, row.close))  # 32 bits hold no more
        return f"{row.bar_seconds}|{prices}|{row.volume!r}"
    if isinstance(row, CotReport):
        return repr((row.open_interest, row.positions))
    if isinstance(row, Statistic):
        return repr((row.unit, row.value))
    return "" if isinstance(row, (Headline, Instrument, TrainingText, ReferenceFact)) else repr(row)


def _dated(row: NormalisedRow, now_ts: int) -> NormalisedRow:
    if isinstance(row, Undatable) and row.event_ts == UNDATED_TS:
        return replace(row, event_ts=now_ts, known_ts=now_ts)
    return row


def _revised(row: NormalisedRow, now_ts: int) -> NormalisedRow:
    if isinstance(row, FuturesBar):
        return replace(row, known_ts=max(row.known_ts, now_ts), flags=tuple(sorted({*row.flags, REVISION})))
    if isinstance(row, (CotReport, Statistic)):
        return replace(row, known_ts=max(row.known_ts, now_ts))
    return row
