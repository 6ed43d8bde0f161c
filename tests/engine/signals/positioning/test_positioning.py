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
from engine.signals.sentiment.cot_scorer import CotScorer, speculative_net_share

ReportType = Literal["legacy", "disaggregated", "supplemental"]
CATEGORY = {"legacy": "noncommercial", "disaggregated": "managed_money", "supplemental": "index_trader"}


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


def test_suppressed_cells_are_missing() -> None:
    suppressed = CotReport(
        "lean_hogs", "legacy", False, 0, 1, 100.0, (CotPosition("noncommercial", math.nan, 3.0, 1.0),)
    )
    assert math.isnan(speculative_net_share(suppressed))
    scorer = CotScorer(156)
    assert scorer.update(suppressed).history == 0


def test_a_gap_longer_than_the_window_empties_the_history(hogs: HydraConfig) -> None:
    family = Positioning(hogs)
    scores(family, [report(week, 1.0) for week in range(60)], "cot_score")
    after = scores(family, [report(60 + hogs.features.cot_percentile_weeks + 5, 1.0)], "cot_score_supplemental")
    assert math.isnan(after[0].value)


def test_reports_on_financial_futures_give_no_feature(hogs: HydraConfig) -> None:
    positions = (CotPosition("leveraged", 2000.0, 1000.0, math.nan),)
    weeks = [CotReport("lean_hogs", "financial", False, week * 7 * MICROS_PER_DAY, week * 7 * MICROS_PER_DAY + 1, 1e4,
                       positions) for week in range(30)]  # fmt: skip
    assert [reading for one in weeks for reading in Positioning(hogs).on_report(one)] == []
