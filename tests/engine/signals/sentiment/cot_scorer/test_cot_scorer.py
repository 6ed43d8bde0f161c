"""The COT scorer: places, change, hedgers; mirrored reports mirror the score; nothing later counts."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import CotPosition, CotReport
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.sentiment.cot_scorer import CotReading, CotScorer, cot_sentiment, missing_of, place_in

WEEK = 7 * MICROS_PER_DAY
nets = st.lists(st.integers(-30_000, 30_000), min_size=1, max_size=70)


def report(week: int, net: float, hedgers: float = 0.0) -> CotReport:
    positions = (
        CotPosition("producer_merchant", 50_000.0 + hedgers, 50_000.0 - hedgers, math.nan),
        CotPosition("managed_money", 50_000.0 + net, 50_000.0 - net, 1_000.0),
        CotPosition("nonreportable", 9_000.0, 9_000.0, math.nan),
    )
    return CotReport("lean_hogs", "disaggregated", False, week * WEEK, week * WEEK + 3 * MICROS_PER_DAY, 2e5, positions)


def run(values: list[float], hedgers: list[float] | None = None) -> CotReading:
    scorer = CotScorer(156)
    for week, net in enumerate(values):
        scorer.update(report(week, net, 0.0 if hedgers is None else hedgers[week]))
    assert scorer.last is not None
    return scorer.last


def confidence(reading: CotReading, age_weeks: float = 0.0) -> float:
    return cot_sentiment(reading, reading.event_ts + round(age_weeks * WEEK), "disaggregated").confidence


@given(nets)
@settings(deadline=None)
def test_mirrored_reports_mirror_the_score(values: list[int]) -> None:
    one = run([float(net) for net in values], [-0.7 * net for net in values])
    other = run([-float(net) for net in values], [0.7 * net for net in values])
    assert other.parts == pytest.approx({name: -value for name, value in one.parts.items()}, abs=1e-12)
    first, second = (cot_sentiment(item, item.event_ts, "disaggregated") for item in (one, other))
    assert second.confidence == pytest.approx(first.confidence, abs=1e-12)
    assert second.score == pytest.approx(-first.score, abs=1e-12, nan_ok=True)
    assert -1.0 <= second.score <= 1.0 or math.isnan(second.score)


@given(nets, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_the_history_moves_no_place(values: list[int], chance: random.Random) -> None:
    earlier = [float(net) for net in values[:-1]]
    shuffled = chance.sample(earlier, len(earlier))
    one, other = run([*earlier, float(values[-1])]), run([*shuffled, float(values[-1])])
    assert repr((one.score, one.score_52w)) == repr((other.score, other.score_52w))


def test_the_two_windows_differ() -> None:
    reading = run([float(week) for week in range(60)] + [30.0] * 53)
    assert (reading.history, reading.history_52w) == (113, 53)
    assert reading.score_52w == 0.0 and reading.score == pytest.approx((30 - 29) / 113)


def test_hedgers_are_read_against_the_crowd() -> None:
    weeks = [float(week) for week in range(30)]
    assert run(weeks, [-week for week in weeks]).hedger_score == pytest.approx(29 / 30)
    assert run(weeks, weeks).hedger_score == pytest.approx(-29 / 30)


def test_the_change_is_of_four_weeks_and_scaled_by_the_usual_one() -> None:
    reading = run([100.0 * week for week in range(40)])
    assert reading.change_4w == pytest.approx(800.0 / 2e5)
    assert reading.parts["change"] == pytest.approx(0.5), "a change as large as the usual one is half of the scale"


def test_a_holiday_moved_report_still_finds_its_month() -> None:
    scorer = CotScorer(156)
    for week, day in ((0, -1), (1, 0), (2, 0), (3, 0), (4, 1)):
        moved = report(week, 100.0 * week)
        event_ts = moved.event_ts + day * MICROS_PER_DAY
        scorer.update(CotReport(*(moved.market, "disaggregated", False, event_ts, moved.known_ts, 2e5,
                                  moved.positions)))  # fmt: skip
    assert scorer.last is not None and scorer.last.change_4w == pytest.approx(800.0 / 2e5)


def test_no_part_no_confidence_and_the_reasons_are_told() -> None:
    reading = run([1.0] * 10)
    said = cot_sentiment(reading, reading.event_ts, "disaggregated")
    assert said.confidence == 0.0 and math.isnan(said.score)
    assert "10 of 26 reports in the long window" in missing_of(reading)
    assert any("10 of 26" in text for text in said.evidence)


def test_evidence_names_every_number() -> None:
    reading = run([float(week * week % 37) for week in range(60)])
    text = " ".join(cot_sentiment(reading, reading.event_ts, "disaggregated").evidence)
    for word in ("net", "hedgers", "concentration", "level", "recent", "change", "60 reports", "53 in 52 weeks"):
        assert word in text, word


@given(nets.filter(lambda values: len(values) > 30), st.floats(0.0, 30.0), st.floats(0.0, 30.0))
@settings(deadline=None)
def test_older_is_never_more_confident(values: list[int], age: float, more: float) -> None:
    reading = run([float(net) for net in values])
    assert confidence(reading, age + more) <= confidence(reading, age) <= 0.8
    assert confidence(reading, age + 2.0) == pytest.approx(confidence(reading, age) / 2.0)


def test_more_history_and_agreeing_parts_are_more_confident() -> None:
    rising = [float(week) for week in range(110)]
    assert confidence(run(rising)) > confidence(run(rising[:60])) > confidence(run(rising[:30]))
    agreeing = run(rising, [-week for week in rising])
    assert confidence(agreeing) > confidence(run(rising, rising)), "hedgers who buy with the crowd are a disagreement"


def test_a_correction_replaces_its_report_and_a_late_report_is_judged_by_its_own_past() -> None:
    scorer = CotScorer(156)
    for week in range(40):
        scorer.update(report(week, float(week)))
    corrected = scorer.update(report(39, -5.0))
    assert corrected.history == 40 and corrected.score == pytest.approx(-39 / 40)
    assert scorer.last is corrected
    late = CotScorer(156)
    for week in [*range(30), *range(31, 40)]:
        late.update(report(week, float(week)))
    reading = late.update(report(30, 30.0))
    assert reading.history == 31 and reading.score == pytest.approx(30 / 31), "later reports do not count against it"
    assert late.last is not None and late.last.event_ts == 39 * WEEK
    assert repr(late.update(report(40, 3.5))) == repr(run([*(float(week) for week in range(40)), 3.5]))


def test_a_suppressed_report_leaves_a_hole_and_no_zero() -> None:
    scorer = CotScorer(156)
    for week in range(40):
        scorer.update(report(week, math.nan if week == 36 else float(week)))
    assert scorer.last is not None and scorer.last.history == 39
    later = scorer.update(report(40, 40.0))
    assert math.isnan(later.change_4w), "the report four weeks before is suppressed"


def test_place_counts_ties_half() -> None:
    values = [float(index) for index in range(30)]
    assert place_in(29.0, values)[0] == pytest.approx(29 / 30)
    assert place_in(1.0, [1.0] * 30) == (0.0, 30)
    assert math.isnan(place_in(1.0, [1.0] * 25)[0]) and math.isnan(place_in(math.nan, values)[0])
