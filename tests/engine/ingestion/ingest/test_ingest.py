from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from engine.ingestion.calendars.session_calendar import session_days
from engine.ingestion.ingest import files_of, ingest_input, ingest_paths
from engine.ingestion.input_file import read_input
from engine.ingestion.record_reader import read_records
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso

NOW = parse_iso("2026-01-05T12:00Z")
NUMBERS = (219240, 73029, 72834, 43697, 83800, 77521, 18714, 25188)
RUN = """
import sys
from pathlib import Path
from engine.ingestion.ingest import ingest_paths
from engine.kernel.configuration import load_config
from storage.stores import Stores
with Stores.open(Path(sys.argv[1])) as stores:
    config = load_config("lean_hogs", environment={}).config
    ingest_paths(stores, config, [Path(name) for name in sys.argv[3:]], now_ts=int(sys.argv[2]))
    stores.lake.sweep_orphans()
    stores.lake.verify()
"""


def table(stores, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in stores.db.query(sql)]


@pytest.fixture
def daily(tmp_path: Path, yahoo_text) -> Path:
    days = list(session_days(date(2020, 1, 2), date(2020, 6, 30), "us_livestock"))
    rows = [(day, 80.0, 81.0, 79.0, 80.0 + index % 3, 9_000) for index, day in enumerate(days)]
    path = tmp_path / "daily.csv"
    path.write_text(yahoo_text([*rows, ("2020-07-01", "", "", "", "", 0)]))
    return path


@pytest.fixture
def weekly(tmp_path: Path, legacy_text) -> Path:
    path = tmp_path / "weekly.txt"
    path.write_text(legacy_text([("054642", "2021-06-08", *NUMBERS), ("001602", "2021-06-08", *NUMBERS)]))
    return path


def test_a_report_says_what_happened(stores, hogs, daily: Path, weekly: Path) -> None:
    bars, reports = ingest_paths(stores, hogs, [daily, weekly], now_ts=NOW)
    assert (bars.source, bars.records, bars.rows_added, bars.rows_duplicate) == ("yahoo", 125, 125, 0)
    assert bars.quarantined == {"all prices missing": 1}
    assert bars.flags["close_outside_range"] == 41
    assert (reports.source, reports.records, reports.rows_added, reports.ignored) == (
        "cot_legacy", 1, 3, {"other market": 1})  # fmt: skip
    assert reports.flags == {"no word on options, taken as futures only": 1}
    event = stores.events.tail(2)[0]
    assert (event.kind, event.payload["rows_added"], event.payload["quarantine_reasons"]) == (
        "ingest.batch", 125, {"all prices missing": 1})  # fmt: skip
    (row,) = stores.lake.quarantined("lean_hogs")
    assert (row["input_name"], row["row_number"], row["field"]) == ("daily.csv", 129, "Close")
    assert row["raw_text"].startswith("2020-07-01,")


def test_a_second_run_adds_nothing(stores, hogs, daily: Path, weekly: Path) -> None:
    ingest_paths(stores, hogs, [daily, weekly], now_ts=NOW)
    before = table(stores, "SELECT * FROM catalogue"), table(stores, "SELECT * FROM quarantine")
    head = stores.events.head()
    again = ingest_paths(stores, hogs, [daily, weekly], now_ts=NOW + 10**9)
    assert [report.rows_added for report in again] == [0, 0]
    assert [report.rows_duplicate for report in again] == [125, 3]
    assert (table(stores, "SELECT * FROM catalogue"), table(stores, "SELECT * FROM quarantine")) == before
    assert stores.events.head() == head


def test_a_longer_download_overlaps_only_as_duplicates(stores, hogs, tmp_path: Path, yahoo_text) -> None:
    days = list(session_days(date(2020, 1, 2), date(2020, 3, 31), "us_livestock"))
    rows = [(day, 80.0, 81.0, 79.0, 80.0, 9_000) for day in days]
    (tmp_path / "old.csv").write_text(yahoo_text(rows[:40]))
    (tmp_path / "new.csv").write_text(yahoo_text(rows[10:]))
    old, new = ingest_paths(stores, hogs, [tmp_path / "old.csv", tmp_path / "new.csv"], now_ts=NOW)
    assert (old.rows_added, new.rows_added, new.rows_duplicate, new.revisions) == (40, len(rows) - 40, 30, 0)


def test_a_changed_figure_is_a_revision_known_at_its_ingestion(stores, hogs, tmp_path: Path, yahoo_text) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(yahoo_text([("2020-01-02", 80.0, 81.0, 79.0, 80.0, 9_000)]))
    second.write_text(yahoo_text([("2020-01-02", 80.0, 81.0, 79.0, 80.5, 9_000)]))
    ingest_input(stores, hogs, read_input(first), now_ts=NOW)
    report = ingest_input(stores, hogs, read_input(second), now_ts=NOW + 5)
    assert (report.rows_added, report.revisions) == (1, 1)
    original, revised = read_records(stores, "lean_hogs")
    assert (original.close, revised.close, revised.known_ts) == (80.0, 80.5, NOW + 5)
    second.rename(tmp_path / "third.csv")
    assert ingest_input(stores, hogs, read_input(tmp_path / "third.csv"), now_ts=NOW + 9).rows_duplicate == 1


def test_bars_that_are_still_forming_are_kept_out(stores, hogs, tmp_path: Path, yahoo_text) -> None:
    path = tmp_path / "today.csv"
    path.write_text(yahoo_text([(f"2020-01-0{day}", 80.0, 81.0, 79.0, 80.0, 9) for day in (2, 3)]))
    report = ingest_input(stores, hogs, read_input(path), now_ts=parse_iso("2020-01-03T17:00Z"))
    assert (report.rows_added, list(report.quarantined)) == (1, ["bar was still forming when the file was ingested"])


def test_one_bad_file_does_not_stop_the_others(stores, hogs, daily: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("hello\n")
    progress: list[tuple[int, int, str]] = []
    reports = ingest_paths(stores, hogs, [wrong, tmp_path / "absent.csv", daily], now_ts=NOW,
                           progress=lambda done, total, name: progress.append((done, total, name)))  # fmt: skip
    assert [report.error is None for report in reports] == [False, False, True]
    assert [event.kind for event in stores.events.tail(3)] == ["ingest.refused", "ingest.refused", "ingest.batch"]
    assert progress == [(0, 3, "wrong.csv"), (1, 3, "absent.csv"), (2, 3, "daily.csv"), (3, 3, "")]


@pytest.mark.parametrize("factor", [100, 0.01])
def test_a_refused_file_leaves_nothing_behind(stores, hogs, tmp_path: Path, yahoo_text, factor: float) -> None:
    path = tmp_path / "x100.csv"
    path.write_text(yahoo_text([("2020-01-02", 80.0 * factor, 81.0 * factor, 79.0 * factor, 80.0 * factor, 9_000)]))
    with pytest.raises(InputError, match="not cents/lb"):
        ingest_input(stores, hogs, read_input(path), now_ts=NOW)
    assert table(stores, "SELECT * FROM batches") == table(stores, "SELECT * FROM feeds") == []
    assert [entry for entry in stores.paths.raw.rglob("*") if entry.is_file()] == []


def test_no_usable_rows_is_a_refusal(stores, hogs, tmp_path: Path, yahoo_text) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(yahoo_text([]))
    with pytest.raises(InputError, match="a header and nothing else"):
        ingest_input(stores, hogs, read_input(path), now_ts=NOW)
    path.write_text(yahoo_text([("2020-01-02", "", "", "", "", 0)]))
    with pytest.raises(InputError, match="1 were refused, the first in row 4, Close: all prices missing"):
        ingest_input(stores, hogs, read_input(path), now_ts=NOW)


def test_folders_give_their_visible_files_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden", "sub/c.csv", ".part/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [path.name for path in files_of([tmp_path])] == ["a.csv", "b.csv", "c.csv"]


def test_feeds_and_recent_bars_follow_the_lake(stores, hogs, daily: Path, weekly: Path) -> None:
    ingest_paths(stores, hogs, [daily, weekly], now_ts=NOW)
    feeds = table(stores, "SELECT source, rows, status, last_recorded_ts FROM feeds ORDER BY source")
    assert feeds == [("cot_legacy", 3, "healthy", NOW), ("yahoo", 125, "healthy", NOW)]
    newest = table(stores, "SELECT count(*), max(event_ts) FROM recent_bars WHERE series = 'yahoo'")
    last = max(record.event_ts for record in read_records(stores, "lean_hogs") if hasattr(record, "close"))
    assert newest == [(125, last)]


def test_recent_bars_keep_the_newest_two_thousand(stores, hogs, tmp_path: Path, yahoo_text) -> None:
    days = list(session_days(date(2010, 1, 4), date(2019, 12, 31), "us_livestock"))
    rows = [(day, 80.0, 81.0, 79.0, 80.0, 9_000) for day in days]
    for name, part in (("a.csv", rows[:2100]), ("b.csv", rows[2100:])):
        (tmp_path / name).write_text(yahoo_text(part))
        ingest_input(stores, hogs, read_input(tmp_path / name), now_ts=NOW)
    events = sorted(record.event_ts for record in read_records(stores, "lean_hogs"))
    assert table(stores, "SELECT count(*), min(event_ts) FROM recent_bars") == [(2000, events[-2000])]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(
    "crash",
    [
        "lake.file_renamed:1",
        "lake.file_renamed:5",
        "lake.before_commit:2",
        "ingest.commit:1",
        "ingest.commit:2",
        "db.after_commit:1",
    ],
)
def test_a_kill_at_any_point_then_the_same_command_equals_one_clean_run(
    tmp_path: Path, daily: Path, weekly: Path, crash: str
) -> None:
    def run(name: str, crashpoint: str = "") -> int:
        environment = {**os.environ, "HYDRA_CRASHPOINT": crashpoint}
        command = [sys.executable, "-c", RUN, str(tmp_path / name), str(NOW), str(daily), str(weekly)]
        return subprocess.run(command, env=environment, cwd=Path(__file__).parents[4], check=False).returncode

    assert run("clean") == 0
    assert run("killed", crash) == -signal.SIGKILL
    assert run("killed") == 0
    assert content(tmp_path / "killed") == content(tmp_path / "clean")


def content(root: Path) -> str:
    import sqlite3

    found: dict[str, object] = {}
    with sqlite3.connect(root / "state" / "hydra.db") as connection:
        for name in ("batches", "catalogue", "quarantine", "feeds", "recent_bars", "events"):
            found[name] = [list(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY rowid")]
    found["files"] = sorted(path.relative_to(root).as_posix() for path in (root / "raw").rglob("*") if path.is_file())
    return json.dumps(found, sort_keys=True)


@pytest.mark.real_data
def test_real_files_twice(stores, hogs, real_data: Path) -> None:
    files = [real_data / "futures" / "yahoo_continuous" / "HE_to_2023.csv",
             real_data / "cot" / "fut_disagg_2023_to_20230221.txt.gz",
             real_data / "cot" / "fut_disagg_txt_2023_to_20231010.zip",
             real_data / "intraday" / "databento_1h" / "HE.v.0_2010_2023_rolls.csv"]  # fmt: skip
    first = ingest_paths(stores, hogs, files, now_ts=NOW)
    assert [(report.records, report.rows_added, report.rows_duplicate) for report in first] == [
        (4527, 4527, 0), (8, 40, 0), (41, 165, 40), (178, 178, 0)]  # fmt: skip
    second = ingest_paths(stores, hogs, files, now_ts=NOW + 1)
    assert [report.rows_added for report in second] == [0, 0, 0, 0]


def feed(*items: tuple[str, str]) -> str:
    parts = "".join(f"<item><guid>{title}</guid><title>{title}</title>{rest}</item>" for title, rest in items)
    return f"<rss><channel><title>Desk</title>{parts}</channel></rss>"


def test_a_later_reply_adds_only_what_is_new(stores, hogs, tmp_path: Path) -> None:
    first, second = (f"<pubDate>Tue, 20 Feb 2024 1{hour}:00:00 GMT</pubDate>" for hour in (0, 1))
    early, late = tmp_path / "early.xml", tmp_path / "late.xml"
    early.write_text(feed(("Pork rises", first), ("Chess", first)))
    late.write_text(feed(("Hogs fall", second), ("Pork rises", first)))
    reports = ingest_paths(stores, hogs, [early, late, early], now_ts=NOW)
    assert [(report.source, report.rows_added, report.rows_duplicate) for report in reports] == [
        ("feed", 1, 0), ("feed", 1, 1), ("feed", 0, 1)]  # fmt: skip
    assert [record.title for record in read_records(stores, "lean_hogs")] == ["Pork rises", "Hogs fall"]


def test_a_touched_story_is_no_second_story(stores, hogs, tmp_path: Path) -> None:
    for hour in (10, 15, 12):
        path = tmp_path / f"at_{hour}.json"
        updated = f"2024-02-20T{hour}:00:00Z"
        story = {"id": 1, "created": "2024-02-20T09:00:00Z", "updated": updated, "title": "Pork", "channels": []}
        path.write_text(json.dumps([story]))
        ingest_input(stores, hogs, read_input(path), now_ts=NOW)
    (record,) = read_records(stores, "lean_hogs")
    assert (record.event_ts, record.known_ts) == (parse_iso("2024-02-20T09:00Z"), parse_iso("2024-02-20T10:00Z"))


def test_one_bad_entry_does_not_refuse_a_file_of_other_topics(stores, hogs, tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(feed(("Chess", "<pubDate>20 Feb 2024</pubDate>"), ("Pork", "")))
    report = ingest_input(stores, hogs, read_input(path), now_ts=NOW)
    assert (report.records, report.ignored, report.quarantined) == (0, {"off topic": 1}, {"not a time": 1})
    assert [row["field"] for row in stores.lake.quarantined("lean_hogs")] == ["published"]


OLD_YAHOO = "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,80,81,79,80,80,9\n"


def test_a_file_named_after_another_market_is_not_pinned_to_this_one(stores, hogs, tmp_path: Path) -> None:
    doubtful, neutral = tmp_path / "Corn.csv", tmp_path / "prices.csv"
    for path in (doubtful, neutral):
        path.write_text(OLD_YAHOO)
    with pytest.raises(InputError, match="the name says Corn, but market lean_hogs was asked for") as refusal:
        ingest_input(stores, hogs, read_input(doubtful), now_ts=NOW)
    assert "--market corn" in refusal.value.message and "\n" not in refusal.value.message
    assert table(stores, "SELECT * FROM batches") == []
    assert ingest_input(stores, hogs, read_input(neutral), now_ts=NOW).rows_added == 1


def test_content_that_names_its_market_outweighs_the_name(stores, hogs, tmp_path: Path, yahoo_text) -> None:
    path = tmp_path / "Corn.csv"
    path.write_text(yahoo_text([("2020-01-02", 80.0, 81.0, 79.0, 80.0, 9_000)]))
    assert ingest_input(stores, hogs, read_input(path), now_ts=NOW).rows_added == 1
