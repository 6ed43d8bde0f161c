"""COT and headline files: the real report's columns, release moments, and tone that only relevant titles carry."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from engine.ingestion.cot.cot_release import release_ts
from engine.kernel.timestamps import parse_iso
from engine.sandbox.venue.cot_columns import LEGACY_COLUMNS
from engine.sandbox.venue.cot_positions import weekly_positions
from engine.sandbox.venue.cot_writer import cot_text
from engine.sandbox.venue.headline_writer import (
    BAD_WORDS,
    GOOD_WORDS,
    OFF_TOPIC,
    OPENINGS,
    PLACES,
    SUBJECTS,
    headlines_text,
)
from engine.sandbox.venue.session_files import SessionFiles
from engine.sandbox.venue.world import WorldSettings, build_world
from engine.signals.sentiment import word_lists


@pytest.mark.real_data
def test_the_report_has_the_real_files_columns(real_data: Path) -> None:
    with gzip.open(real_data / "cot" / "deacot2025_annual_to_20250311.txt.gz", "rt", encoding="latin-1") as handle:
        real_header, real_row = next(csv.reader([handle.readline()])), next(csv.reader([handle.readline()]))
    rows = list(csv.reader(io.StringIO(cot_text(1, None, 2**62))))
    assert tuple(real_header) == LEGACY_COLUMNS == tuple(rows[0])
    assert {len(row) for row in rows} == {len(real_row)} == {129}


def test_report_numbers_agree_with_one_another() -> None:
    rows = list(csv.DictReader(io.StringIO(cot_text(1, None, 2**62))))
    assert {row["CFTC Contract Market Code"] for row in rows} == {"054642", "057642"}
    for row in rows:
        number = {
            name: int(row[f"{name} (All)"])
            for name in (
                "Open Interest",
                "Noncommercial Positions-Long",
                "Noncommercial Positions-Spreading",
                "Commercial Positions-Long",
                "Nonreportable Positions-Long",
                "Nonreportable Positions-Short",
            )
        }
        assert number["Open Interest"] == sum(value for name, value in number.items() if name.endswith(("Long", "ing")))
        assert number["Nonreportable Positions-Short"] > 0


def test_live_reports_arrive_after_their_release_as_the_engine_reckons_it() -> None:
    world = build_world(WorldSettings(1, 1100, 2900, "none"))
    files = SessionFiles(world)
    history_reports = files.history()[0].text.count("LEAN HOGS")
    assert history_reports >= 104
    delivered = []
    for bar in range(world.settings.live_bars):
        index = world.settings.history_bars + bar
        text = cot_text(1, world.times.end_ts(index - 1), world.times.end_ts(index))
        if text is None:
            continue
        for row in csv.DictReader(io.StringIO(text)):
            day = row["As of Date in Form YYYY-MM-DD"]
            delivered.append(day)
            due = release_ts(date.fromisoformat(day))
            assert world.times.end_ts(index - 1) < due <= world.times.end_ts(index)
    assert len(delivered) == len(set(delivered)) * 2 and len(set(delivered)) >= 9


def test_history_holds_only_published_reports_as_the_engine_reckons_it() -> None:
    world = build_world(WorldSettings(1, 1100, 100, "none"))
    now_ts = world.times.end_ts(1099)
    days = {row["As of Date in Form YYYY-MM-DD"] for row in csv.DictReader(io.StringIO(cot_text(1, None, now_ts)))}
    assert all(release_ts(date.fromisoformat(day)) <= now_ts for day in days)


def test_every_week_reports_once() -> None:
    days = [week.report_day for week in weekly_positions(5, 0)]
    assert all(1 <= (later - earlier).days <= 8 for earlier, later in pairwise(days))
    assert {day.weekday() for day in days} <= {0, 1}


def test_headlines_are_known_inside_their_bar_and_never_repeat() -> None:
    world = build_world(WorldSettings(6, 300, 100, "none"))
    titles = []
    for bar in range(400):
        rows = list(csv.DictReader(io.StringIO(headlines_text(world, bar, bar) or "")))
        assert 1 <= len(rows) <= 3
        for row in rows:
            assert int(world.times.start_ts[bar]) < parse_iso(row["published_at"]) < world.times.end_ts(bar)
        titles += [row["title"] for row in rows]
    assert len(set(titles)) == len(titles)
    relevant = [title for title in titles if any(word in title.lower() for word in ("hog", "pork", "swine"))]
    assert 0.03 < 1.0 - len(relevant) / len(titles) < 0.25


def test_tone_is_carried_by_the_tone_words_alone() -> None:
    toned = set(word_lists.POSITIVE_WORDS) | set(word_lists.NEGATIVE_WORDS) | set(word_lists.INTENSIFIERS)
    toned |= set(word_lists.NEGATIONS) | set(word_lists.ADVERSE_NOUNS)
    neutral = " ".join((*OPENINGS, *PLACES, *SUBJECTS, *OFF_TOPIC, "head")).lower().replace("{number}", "")
    assert not toned & set(neutral.split())
    assert len(GOOD_WORDS) >= 8 and len(BAD_WORDS) >= 8
    turned = set(word_lists.SHRINKING_WORDS) | set(word_lists.GROWING_WORDS)
    assert not turned & set(GOOD_WORDS + BAD_WORDS)
