"""COT features: own history per report type, never spliced; published when published."""

from __future__ import annotations

import math
from typing import Literal

import pytest

from engine.core.records import CotPosition, CotReport
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_row import Reading
from engine.signals.positioning import Positioning

ReportType = Literal["legacy", "disaggregated", "supplemental"]
CATEGORY = {"legacy": "noncommercial", "disaggregated": "managed_money", "supplemental": "index_trader"}
FURTHER = ("cot_score_52w", "cot_commercial_score", "cot_concentration", "cot_sentiment", "cot_confidence")


def report(week: int, net: float, kind: ReportType = "supplemental") -> CotReport:
    event_ts = week * 7 * MICROS_PER_DAY
    positions = (CotPosition("commercial", 1.0, 2.0, 0.0), CotPosition(CATEGORY[kind], 1000.0 + net, 1000.0, math.nan))
    return CotReport("lean_hogs", kind, False, event_ts, event_ts + 3 * MICROS_PER_DAY, 10_000.0, positions)


def scores(family: Positioning, reports: list[CotReport], feature: str) -> list[Reading]:
    return [item for r in reports for item in family.on_report(r) if item.feature == feature]


def test_score_is_the_place_in_the_own_history(hogs: HydraConfig) -> None:
    found = scores(Positioning(hogs), [report(week, float(week)) for week in range(40)], "cot_score")
    assert len(found) == 15, "cot_score begins with the 26th report"
    assert found[-1].value == pytest.approx(2 * 39.5 / 40 - 1)
    assert {item.quality for item in found} == {"supplemental"}


def test_own_type_says_that_it_is_missing_before_26_reports(hogs: HydraConfig) -> None:
    found = scores(Positioning(hogs), [report(week, 1.0) for week in range(26)], "cot_score_supplemental")
    assert [math.isnan(item.value) for item in found] == [True] * 25 + [False]


def test_a_new_type_starts_its_own_history(hogs: HydraConfig) -> None:
    family = Positioning(hogs)
    scores(family, [report(week, float(week)) for week in range(60)], "cot_score")
    later = scores(family, [report(week, -float(week), "disaggregated") for week in range(100, 130)], "cot_score")
    assert len(later) == 5 and {item.quality for item in later} == {"disaggregated"}
    changes = scores(
        Positioning(hogs), [report(59, 1.0), report(63, 5.0, "disaggregated")], "cot_change_4w_disaggregated"
    )
    assert math.isnan(changes[0].value), "a change across types does not exist"


def test_four_week_change(hogs: HydraConfig) -> None:
    found = scores(Positioning(hogs), [report(week, 100.0 * week) for week in range(30)], "cot_change_4w_supplemental")
    assert all(math.isnan(item.value) for item in found[:4])
    assert found[-1].value == pytest.approx(0.04)


def test_a_gap_longer_than_the_window_empties_the_history(hogs: HydraConfig) -> None:
    family = Positioning(hogs)
    scores(family, [report(week, 1.0) for week in range(60)], "cot_score")
    after = scores(family, [report(60 + hogs.features.cot_percentile_weeks + 5, 1.0)], "cot_score_supplemental")
    assert math.isnan(after[0].value)


def test_the_speaking_type_gives_all_its_features_with_every_report(hogs: HydraConfig) -> None:
    family = Positioning(hogs)
    for week in range(25):
        assert not [item for item in family.on_report(report(week, 1.0)) if item.feature in FURTHER]
    described = {item.name: item for item in family.describe()}
    for week in range(25, 80):
        said = {item.feature: item for item in family.on_report(report(week, float(week % 7)))}
        assert set(FURTHER) <= set(said) <= set(described)
        for name in FURTHER:
            value, low, high = said[name].value, described[name].low, described[name].high
            assert math.isnan(value) or (low is not None and high is not None and low <= value <= high)
        assert said["cot_sentiment"].event_ts == week * 7 * MICROS_PER_DAY


def test_suppressed_hedgers_leave_the_rest_and_say_so(hogs: HydraConfig) -> None:
    family = Positioning(hogs)
    found: list[Reading] = []
    for week in range(40):
        full = report(week, float(week))
        hidden = CotPosition("commercial", math.nan, 2.0, 0.0)
        suppressed = CotReport("lean_hogs", "supplemental", False, full.event_ts, full.known_ts, 10_000.0,
                               (hidden, full.positions[1]))  # fmt: skip
        found = list(family.on_report(suppressed))
    said = {item.feature: item for item in found}
    assert math.isnan(said["cot_commercial_score"].value)
    assert said["cot_commercial_score"].quality == "supplemental:hedgers_unknown"
    assert said["cot_concentration"].quality == "supplemental:suppressed"
    assert said["cot_sentiment"].value > 0.5


def test_sentiment_of_the_family_decays_and_is_silent_before_its_history(hogs: HydraConfig) -> None:
    family = Positioning(hogs)
    scores(family, [report(week, float(week)) for week in range(25)], "cot_score")
    assert family.sentiment(25 * 7 * MICROS_PER_DAY).confidence == 0.0
    scores(family, [report(week, float(week)) for week in range(25, 60)], "cot_score")
    known = report(59, 0.0).known_ts
    fresh, old = family.sentiment(known), family.sentiment(known + 14 * MICROS_PER_DAY)
    assert old.confidence == pytest.approx(fresh.confidence / 2.0) and old.score == fresh.score


def test_reports_on_financial_futures_give_no_feature(hogs: HydraConfig) -> None:
    positions = (CotPosition("leveraged", 2000.0, 1000.0, math.nan),)
    weeks = [CotReport("lean_hogs", "financial", False, week * 7 * MICROS_PER_DAY, week * 7 * MICROS_PER_DAY + 1, 1e4,
                       positions) for week in range(30)]  # fmt: skip
    assert [reading for one in weeks for reading in Positioning(hogs).on_report(one)] == []
