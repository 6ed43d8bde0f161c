from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.core.records import FuturesBar, order_of
from engine.ingestion.calendars.session_calendar import session_days
from engine.ingestion.ingest import ingest_paths
from engine.ingestion.record_reader import read_records, records_from_tables
from engine.kernel.timestamps import parse_iso

NOW = parse_iso("2026-01-05T12:00Z")
NUMBERS = (219240, 73029, 72834, 43697, 83800, 77521, 18714, 25188)


@pytest.fixture
def filled(stores, hogs, tmp_path, yahoo_text, legacy_text, databento_text):
    days = list(session_days(date(2018, 1, 2), date(2020, 7, 1), "us_livestock"))
    rows = [(day, 80.0, 81.0, 79.0, 80.0, 400 if day.month == 5 else 9_000 + day.day) for day in days]
    (tmp_path / "a.csv").write_text(yahoo_text(rows))
    tuesdays = [date(2020, 1, 7) + timedelta(days=7 * week) for week in range(20)]
    (tmp_path / "b.txt").write_text(legacy_text([("054642", day, *NUMBERS) for day in reversed(tuesdays)]))
    moments = [f"{day}T{hour}:00:00.000000000Z" for day in days for hour in (15, 16)]
    stamps = [(moment, 7, 80.0, 81.0, 79.0, 80.0, 5, "HE.v.0") for moment in moments]
    (tmp_path / "c.csv").write_text(databento_text(stamps))
    reports = ingest_paths(stores, hogs, [tmp_path / name for name in ("a.csv", "b.txt", "c.csv")], now_ts=NOW)
    assert [report.error for report in reports] == [None] * 3
    return stores


def test_records_come_in_the_one_order_and_within_the_bounds(filled) -> None:
    records = read_records(filled, "lean_hogs")
    assert [order_of(record) for record in records] == sorted(order_of(record) for record in records)
    after, until = parse_iso("2020-02-03T19:00Z"), parse_iso("2020-03-03T20:00Z")
    part = read_records(filled, "lean_hogs", known_after_ts=after, known_until_ts=until)
    assert repr(part) == repr([record for record in records if after < record.known_ts <= until])
    assert part


def test_a_partial_read_flags_thin_contracts_like_a_whole_one(filled) -> None:
    records = read_records(filled, "lean_hogs")
    thin = [record for record in records if isinstance(record, FuturesBar) and "thin_contract" in record.flags]
    assert thin
    cut = thin[len(thin) // 2].known_ts
    tail = read_records(filled, "lean_hogs", known_after_ts=cut)
    assert repr(tail) == repr([record for record in records if record.known_ts > cut])


def test_whole_tables_give_the_same_records(filled) -> None:
    datasets = ("futures_bar", "cot_position", "option_quote", "headline")
    tables = {dataset: filled.lake.read("lean_hogs", dataset) for dataset in datasets}
    assert repr(records_from_tables(tables)) == repr(read_records(filled, "lean_hogs"))


def test_an_empty_workspace_has_no_records(stores) -> None:
    assert read_records(stores, "lean_hogs") == []
