"""The feature path over real lean-hog history: rolls make no returns, the future changes nothing."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from engine.core.records import CotReport, FuturesBar, RawRecord, order_of
from engine.ingestion.input_file import read_input
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import local_ts, parse_iso, to_iso
from engine.signals.pipeline import FeaturePipeline, FeatureRow

FILES = ("futures/yahoo_continuous/HE_to_2023.csv", "cot/fut_disagg_txt_2021.zip", "cot/CIT06_16.xls.gz")


@pytest.fixture(scope="module")
def records(real_data: Path, hogs: HydraConfig) -> list[RawRecord]:
    found: list[RawRecord] = []
    for name in FILES:
        file = read_input(real_data / name)
        rows = recognise_input(file).parse(file, hogs.market).rows
        found += [row for row in rows if isinstance(row, FuturesBar | CotReport)]
    return sorted(found, key=order_of)


@pytest.fixture(scope="module")
def rows(records: list[RawRecord], hogs: HydraConfig) -> list[FeatureRow]:
    return FeaturePipeline(hogs).run(records)


@pytest.mark.real_data
def test_rolls_make_no_returns_and_real_crashes_stay(rows: list[FeatureRow]) -> None:
    returns = [row for row in rows if row.feature == "return_1"]
    assert sum(row.quality == "contract_change" for row in returns) >= 140
    valid = sorted((row for row in returns if math.isfinite(row.value)), key=lambda row: -abs(row.value))
    assert {to_iso(row.event_ts)[:10] for row in valid[:3]} == {"2020-04-02", "2020-04-03", "2020-04-21"}
    assert abs(valid[0].value) < 0.12, "the roll of August 2023 (-23.5 %) is no return"


@pytest.mark.real_data
def test_a_report_is_known_when_it_was_published(rows: list[FeatureRow]) -> None:
    friday = local_ts(2021, 6, 11, 15, 30, "America/New_York")
    about = [row for row in rows if row.feature == "cot_score_disaggregated" and row.known_ts == friday]
    assert [to_iso(row.event_ts)[:10] for row in about] == ["2021-06-08"]
    assert all(row.event_ts < row.known_ts for row in rows)


@pytest.mark.real_data
@pytest.mark.parametrize("day", ["2008-11-03", "2016-02-10T21:00Z", "2021-06-11T19:30Z"])
def test_scrambling_the_future_changes_no_row_of_the_past(
    records: list[RawRecord], rows: list[FeatureRow], hogs: HydraConfig, day: str
) -> None:
    until = parse_iso(day)

    def other(record: RawRecord) -> RawRecord:
        if record.known_ts <= until:
            return record
        if isinstance(record, FuturesBar):
            return dataclasses.replace(record, close=record.close * 1.5, contract="HEZ35", volume=1.0)
        assert isinstance(record, CotReport)
        return dataclasses.replace(record, open_interest=record.open_interest * 7.0)

    rebuilt = FeaturePipeline(hogs).run([other(record) for record in records])
    past = [repr(row) for row in rows if row.known_ts <= until]
    assert past == [repr(row) for row in rebuilt if row.known_ts <= until]
    assert len(past) > 5_000
