"""Related markets: only what was known before the decision, in whatever order it came; risk lowers appetite."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.sentiment.cross_market import MOST_CONFIDENCE, CrossMarketScorer
from engine.signals.sentiment.sentiment_score import SentimentScore

CATTLE, CORN = ("live_cattle", "yahoo"), ("corn", "yahoo")
MAX_AGE_US = 5 * MICROS_PER_DAY


def bar(day: int, close: float, market: tuple[str, str] = CATTLE, contract: str = "LEM24",
        flags: tuple[str, ...] = ()) -> FuturesBar:  # fmt: skip
    known = day * MICROS_PER_DAY + MICROS_PER_DAY // 2
    start = day * MICROS_PER_DAY
    return FuturesBar(*market, contract, 1, 86_400, start, known, close, close, close, close, 1_000.0, flags)


def path(seed: int, days: int, drift: float = 0.0) -> list[float]:
    """Closes of a market; the last five returns have `drift` added."""
    rng = np.random.default_rng(seed)
    returns = 0.01 * rng.standard_normal(days)
    returns[-5:] += drift
    return [100.0 * math.exp(total) for total in np.cumsum(returns)]


def run(closes: dict[tuple[str, str], list[float]], weights: dict[tuple[str, str], float]) -> SentimentScore:
    scorer = CrossMarketScorer(weights, 20, 250, MAX_AGE_US)
    days = max(len(values) for values in closes.values())
    for day in range(days):
        for market, values in closes.items():
            if day < len(values):
                scorer.add(bar(day, values[day], market))
        scorer.sample(bar(day, 1.0).known_ts + 1)
    return scorer.sentiment(bar(days - 1, 1.0).known_ts + 1)


def test_a_rising_related_market_is_appetite_and_a_falling_one_is_none() -> None:
    rising, falling = ({CATTLE: path(1, 120, drift)} for drift in (0.01, -0.01))
    assert run(rising, {CATTLE: 1.0}).score > 0.3 > -0.3 > run(falling, {CATTLE: 1.0}).score
    assert run(rising, {CATTLE: -1.0}).score < 0.0, "a negative weight turns the return round"


def test_nerves_take_appetite_whatever_the_weights_sign() -> None:
    def swinging(size: float) -> dict[tuple[str, str], list[float]]:
        closes = path(6, 115)
        return {CATTLE: closes + [closes[-1] * math.exp(size * swing) for swing in (1.0, 0.0, 1.0, 0.0, 0.0)]}

    for weight in (1.0, -1.0):
        calm, wild = (run(swinging(size), {CATTLE: weight}).score for size in (0.002, 0.05))
        assert wild < 0.0 < calm


@given(st.integers(0, 1000), st.integers(0, 1000), st.floats(0.1, 2.0))
@settings(max_examples=30, deadline=None)
def test_bounded_and_the_scale_of_all_weights_means_nothing(seed: int, other: int, scale: float) -> None:
    closes = {CATTLE: path(seed, 60), CORN: path(other, 60)}
    one = run(closes, {CATTLE: 1.0, CORN: -0.5})
    two = run(closes, {CATTLE: scale, CORN: -0.5 * scale})
    assert -1.0 <= one.score <= 1.0 and 0.0 <= one.confidence <= MOST_CONFIDENCE
    assert two.score == pytest.approx(one.score) and two.confidence == pytest.approx(one.confidence)


def test_confidence_falls_with_every_stale_market() -> None:
    closes = path(3, 80)
    both = run({CATTLE: closes, CORN: closes}, {CATTLE: 1.0, CORN: 1.0})
    one = run({CATTLE: closes, CORN: closes[:70]}, {CATTLE: 1.0, CORN: 1.0})
    assert both.confidence == pytest.approx(MOST_CONFIDENCE) and one.confidence == pytest.approx(MOST_CONFIDENCE / 2)
    assert one.score == pytest.approx(both.score)


def test_without_markets_bars_or_history_the_reason_is_told() -> None:
    assert CrossMarketScorer({}, 20, 250, MAX_AGE_US).silence(0) == "no_related_market"
    scorer = CrossMarketScorer({CATTLE: 1.0}, 20, 250, MAX_AGE_US)
    scorer.sample(10)
    assert scorer.silence(10) == "no_related_bars" and scorer.sentiment(10).confidence == 0.0
    scorer.add(bar(0, 100.0))
    scorer.sample(MICROS_PER_DAY)
    assert scorer.silence(MICROS_PER_DAY) == "related_history_short"
    assert scorer.silence(MICROS_PER_DAY + MAX_AGE_US) == "related_markets_stale"


def test_a_bar_known_at_the_decision_counts_for_the_next_one() -> None:
    def score(offset: int) -> list[str]:
        scorer = CrossMarketScorer({CATTLE: 1.0}, 20, 250, MAX_AGE_US)
        said = []
        for day, close in enumerate(path(4, 60)):
            scorer.add(bar(day, close))
            scorer.sample(bar(day, close).known_ts + offset)
            said.append(repr(scorer.sentiment(bar(day, close).known_ts + offset).score))
        return said

    assert score(0)[1:] == score(1)[:-1]


@given(st.permutations(range(60)), st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_bars_between_two_decisions_may_come_in_any_order(order: list[int], seed: int) -> None:
    """Eight hourly bars between decisions, added as they come or shuffled within their day."""
    closes = path(seed, 60 * 8)

    def said(shuffled: bool) -> str:
        scorer = CrossMarketScorer({CATTLE: 1.0}, 20, 250, MAX_AGE_US)
        for day in range(60):
            hours = list(range(day * 8, day * 8 + 8))
            if shuffled:
                hours.sort(key=lambda hour: order[hour % 8])
            for hour in hours:
                ts = hour * MICROS_PER_DAY // 8
                known = ts + MICROS_PER_DAY // 8
                price = closes[hour]
                scorer.add(FuturesBar(*CATTLE, "LEM24", 1, 10_800, ts, known, price, price, price, price, 9.0))
            scorer.sample((day + 1) * MICROS_PER_DAY)
        return repr(scorer.sentiment(60 * MICROS_PER_DAY))

    assert said(True) == said(False)


def test_rolls_thin_contracts_and_other_series_make_no_return() -> None:
    closes = path(5, 80)

    def score(change: dict[int, FuturesBar]) -> str:
        scorer = CrossMarketScorer({CATTLE: 1.0}, 20, 250, MAX_AGE_US)
        for day, close in enumerate(closes):
            scorer.add(change.get(day, bar(day, close)))
            scorer.add(bar(day, 7.0 * close, ("live_cattle", "databento_1h")))
            scorer.sample(bar(day, close).known_ts + 1)
        return repr(scorer.sentiment(bar(79, 1.0).known_ts + 1).score)

    missing = score({78: bar(78, closes[78], contract="LEQ24")})
    huge = score({78: bar(78, 5.0 * closes[78], contract="LEQ24")})
    assert missing == huge, "the roll's size is no return"
    assert score({79: bar(79, 3.0 * closes[79], flags=("thin_contract",))}) == score(
        {79: bar(79, 0.3 * closes[79], flags=("thin_contract",))}
    )


def test_evidence_names_the_markets_and_as_of_is_the_oldest() -> None:
    found = run({CATTLE: path(3, 80), CORN: path(4, 78)}, {CATTLE: 1.0, CORN: 1.0})
    assert found.as_of_ts == bar(77, 1.0).event_ts
    assert [text.split()[0] for text in found.evidence] == ["live_cattle", "corn"]
