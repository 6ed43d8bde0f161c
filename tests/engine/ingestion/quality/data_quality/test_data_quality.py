from __future__ import annotations

import json
from datetime import date

import pytest

from engine.ingestion.calendars.session_calendar import session_days
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import read_input
from engine.ingestion.quality.data_quality import FeedFacts, assess, update_feed_health
from engine.kernel.timestamps import parse_iso

NOW = parse_iso("2020-07-01T20:00Z")


@pytest.mark.parametrize(
    ("facts", "status", "words"),
    [
        (FeedFacts(0, 0.0), "healthy", ()),
        (FeedFacts(1, 0.009), "healthy", ()),
        (FeedFacts(2, 0.0), "degraded", ("stale: 2 updates overdue",)),
        (FeedFacts(6, 0.02), "failed", ("stale: 6 updates overdue", "bad rows: 2.0% of recent rows quarantined")),
        (FeedFacts(0, 0.5), "failed", ("bad rows: 50.0% of recent rows quarantined",)),
        (
            FeedFacts(0, 0.0, (), 3),
            "degraded",
            ("bad ticks: 3 of the last 60 bars have a close outside low..high or a range without volume",),
        ),
        (FeedFacts(0, 0.0, (), 2), "healthy", ()),
        (FeedFacts(0, 0.0, ("2012-10-29",)), "degraded", ("gaps: 1 sessions without a bar (2012-10-29)",)),
    ],
)
def test_assessment(facts: FeedFacts, status: str, words: tuple[str, ...]) -> None:
    health = assess(facts)
    assert (health.status, health.reasons) == (status, words)


def test_every_change_of_status_is_one_event(stores, hogs, tmp_path, yahoo_text) -> None:
    days = list(session_days(date(2020, 4, 1), date(2020, 7, 1), "us_livestock"))
    path = tmp_path / "daily.csv"
    path.write_text(yahoo_text([(day, 80.0, 81.0, 79.0, 80.0, 9_000) for day in days]))
    ingest_input(stores, hogs, read_input(path), now_ts=NOW)
    assert update_feed_health(stores, hogs, now_ts=NOW)["yahoo"].status == "healthy"
    later = parse_iso("2020-07-08T20:00Z")
    for _ in range(3):
        assert update_feed_health(stores, hogs, now_ts=later)["yahoo"].status == "degraded"
    update_feed_health(stores, hogs, now_ts=parse_iso("2020-08-08"))
    changes = [(event.payload["old"], event.payload["new"]) for event in stores.events.read(kinds=["data.quality"])]
    assert changes == [("healthy", "degraded"), ("degraded", "failed")]
    (feed,) = stores.db.query("SELECT status, reasons FROM feeds")
    assert feed["status"] == "failed" and "overdue" in json.loads(feed["reasons"])[0]


def test_gaps_and_bad_rows_are_seen(stores, hogs, tmp_path, yahoo_text) -> None:
    days = [day for day in session_days(date(2020, 5, 1), date(2020, 7, 1), "us_livestock") if day != date(2020, 6, 9)]
    rows = [(day, 80.0, 81.0, 79.0, 80.0, 9_000) for day in days]
    for index in (7, 8, 9):
        rows[index] = (days[index], 80.0, 81.0, 79.0, 81.5, 9_000)
    rows[3] = (days[3], 80.0, 79.0, 81.0, 80.0, 9_000)
    path = tmp_path / "daily.csv"
    path.write_text(yahoo_text(rows))
    ingest_input(stores, hogs, read_input(path), now_ts=NOW)
    health = update_feed_health(stores, hogs, now_ts=NOW, sources=["yahoo"])["yahoo"]
    assert health.status == "degraded"
    assert health.reasons[0].startswith("bad rows: 2.4%")
    assert health.reasons[1] == "gaps: 2 sessions without a bar (2020-05-06, 2020-06-09)"
    assert health.reasons[2].startswith("bad ticks: 3 of the last 60 bars")
