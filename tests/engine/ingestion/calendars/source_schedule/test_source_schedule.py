"""Runs follow the market's calendar."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.source_schedule import PlanKind, SourcePlan, next_run_ts
from engine.ingestion.cot.cot_release import release_ts
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_MINUTE, MICROS_PER_SECOND, parse_iso, to_iso

SETTLEMENT = SourcePlan("settlement", delay_minutes=30)
COT = SourcePlan("cot_release", delay_minutes=2)


def runs(plan: SourcePlan, hogs: HydraConfig, start: str, number: int) -> list[str]:
    moment, found = parse_iso(start), []
    for _ in range(number):
        moment = next_run_ts("source", plan, hogs.market, moment)
        found.append(to_iso(moment)[:16])
    return found


def test_after_each_settlement_and_never_on_a_holiday(hogs: HydraConfig) -> None:
    # 2024-03-29 was Good Friday; summer time began on 03-10.
    assert runs(SETTLEMENT, hogs, "2024-03-27T21:00Z", 3) == [
        "2024-03-28T19:30",
        "2024-04-01T19:30",
        "2024-04-02T19:30",
    ]


def test_cot_runs_follow_holidays_and_the_shutdown(hogs: HydraConfig) -> None:
    # Thursday 2024-07-04 moved the release to Monday; in November 2025 two reports a week made up for the shutdown.
    assert runs(COT, hogs, "2024-06-29T00:00Z", 2) == ["2024-07-08T19:32", "2024-07-12T19:32"]
    backlog = (date(2025, 9, 30), date(2025, 10, 7), date(2025, 10, 14))
    wanted = [to_iso(release_ts(day) + 2 * MICROS_PER_MINUTE)[:16] for day in backlog]
    assert runs(COT, hogs, "2025-11-18T23:00Z", 3) == wanted


def test_no_run_during_the_shutdown(hogs: HydraConfig) -> None:
    assert runs(COT, hogs, "2025-09-27T00:00Z", 1)[0] > "2025-11-19"


def test_intervals_run_all_day_or_within_sessions(hogs: HydraConfig) -> None:
    assert runs(SourcePlan("interval", every_minutes=60), hogs, "2024-03-30T10:20Z", 2) == [
        "2024-03-30T11:00",
        "2024-03-30T12:00",
    ]
    within = runs(SourcePlan("session_interval", every_minutes=120), hogs, "2024-03-28T17:40Z", 2)
    assert within == ["2024-04-01T13:30", "2024-04-01T15:30"]


def test_missed_runs_are_caught_up_once(hogs: HydraConfig) -> None:
    last, now = parse_iso("2024-03-01T20:00Z"), parse_iso("2024-03-12T12:00Z")
    assert next_run_ts("source", SETTLEMENT, hogs.market, last) <= now
    assert next_run_ts("source", SETTLEMENT, hogs.market, now) > now + MICROS_PER_SECOND


@given(
    st.sampled_from(["settlement", "cot_release", "interval", "session_interval"]),
    st.integers(0, 1_800),
    st.integers(parse_iso("2006-01-01"), parse_iso("2026-06-01")),
)
def test_runs_move_forward_and_are_the_same_whenever_one_asks(
    hogs: HydraConfig, kind: PlanKind, jitter: int, start: int
) -> None:
    plan = SourcePlan(kind, delay_minutes=5, every_minutes=60, jitter_seconds=jitter)
    found = [start]
    for _ in range(4):
        found.append(next_run_ts("source", plan, hogs.market, found[-1]))
    assert all(before < after for before, after in pairwise(found))
    assert next_run_ts("source", plan, hogs.market, (found[1] + found[2]) // 2) == found[2]


@pytest.mark.parametrize("source", ["a", "b"])
def test_jitter_only_delays_and_differs_between_sources(hogs: HydraConfig, source: str) -> None:
    plan = SourcePlan("settlement", jitter_seconds=600)
    exact = next_run_ts(source, SourcePlan("settlement"), hogs.market, parse_iso("2024-03-28T12:00Z"))
    moved = next_run_ts(source, plan, hogs.market, parse_iso("2024-03-28T12:00Z"))
    other = next_run_ts(source + "x", plan, hogs.market, parse_iso("2024-03-28T12:00Z"))
    assert 0 <= moved - exact < 600 * MICROS_PER_SECOND
    assert moved != other
