"""The reports that are kept for those who draw them."""

from __future__ import annotations

import dataclasses
import math

from engine.core.records import CotPosition, CotReport
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.positioning import Positioning
from engine.signals.positioning_history import REPORTS_KEPT, PositioningHistory

START = 1_704_153_600_000_000
WEEK = 7 * MICROS_PER_DAY


def report(week: int, net: float = 0.0, kind: str = "disaggregated") -> CotReport:
    category = {"disaggregated": "managed_money", "legacy": "noncommercial"}[kind]
    position = CotPosition(category, 50_000.0 + net, 50_000.0, 10_000.0)
    event_ts = START + week * WEEK
    return CotReport("hogs", kind, False, event_ts, event_ts + 3 * MICROS_PER_DAY, 200_000.0, (position,))  # type: ignore[arg-type]


def history_after(config: HydraConfig, *reports: CotReport) -> PositioningHistory:
    positioning = Positioning(config)
    history = PositioningHistory(positioning)
    for one in reports:
        positioning.on_report(one)
        assert history.on_report(one) == ()
    return history


def test_each_kind_keeps_its_reports_with_their_publication(hogs: HydraConfig) -> None:
    history = history_after(hogs, report(0, 2_000.0), report(0, 4_000.0, "legacy"), report(1, 6_000.0))
    kept = history.reports["disaggregated", False]
    assert [one.reading.net_share for one in kept] == [0.01, 0.03]
    assert kept[-1].known_ts == START + WEEK + 3 * MICROS_PER_DAY
    assert history.reports["legacy", False][0].reading.net_share == 0.02
    assert history.reports_seen == 3 and history.describe() == ()


def test_before_any_kind_speaks_the_longest_one_is_shown(hogs: HydraConfig) -> None:
    assert history_after(hogs).speaking is None
    history = history_after(hogs, report(0, 0.0, "legacy"), report(0), report(1))
    assert history.speaking == ("disaggregated", False)
    assert math.isnan(history.reports["disaggregated", False][-1].reading.score)


def test_the_kind_behind_cot_score_speaks(hogs: HydraConfig) -> None:
    long = [report(week, 100.0 * week, "legacy") for week in range(30)]
    history = history_after(hogs, *long, report(30), report(31))
    assert history.speaking == ("legacy", False)


def test_a_second_report_for_a_day_replaces_the_first_and_an_earlier_day_is_left_out(hogs: HydraConfig) -> None:
    history = history_after(hogs, report(0), report(2, 2_000.0), report(2, 6_000.0), report(1, 9_000.0))
    kept = history.reports["disaggregated", False]
    assert [one.reading.event_ts for one in kept] == [START, START + 2 * WEEK]
    assert kept[-1].reading.net_share == 0.03


def test_it_is_bounded(hogs: HydraConfig) -> None:
    history = history_after(hogs, *(report(week, float(week)) for week in range(REPORTS_KEPT + 9)))
    assert len(history.reports["disaggregated", False]) == REPORTS_KEPT


def test_reports_of_financial_futures_are_counted_and_not_kept(hogs: HydraConfig) -> None:
    history = history_after(hogs, dataclasses.replace(report(0), report_type="financial"))
    assert history.reports_seen == 1 and not history.reports and history.speaking is None
