"""Rolling figures: every five bars, only those that can be computed, anew for a new champion."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.initial_state import initial_state
from engine.core.trading_types import Prediction
from engine.host.rolling_scores import EVERY_BARS, LEAST_BARS, RollingScores
from storage.stores import Stores
from tests.engine import small_market
from tests.engine.small_market import MARKET

CONFIG = small_market.settings(observer__sharpe_window_bars=40)
STATE = initial_state(CONFIG)
UP = Prediction(1, "m", 0.001, 0.002, 0.8, 1.0, 1.0)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


def feed(
    scores: RollingScores, count: int, *, first: int = 0, said: Prediction | None = UP, move: float = 0.001
) -> list[float]:
    rng = np.random.default_rng(first)
    returns = [float(value) for value in 0.0005 + 0.001 * rng.standard_normal(count)]
    for index, net_return in enumerate(returns, start=first):
        scores.on_bar(
            "m",
            said,
            move,
            net_return,
            STATE,
            {"population_stability:carry": 0.1, "population_stability:x": 0.3},
            index,
        )
    return returns


def values(stores: Stores, name: str) -> list[float]:
    return [record.value for record in stores.performance.metrics(MARKET, name)]


def test_figures_come_every_five_bars_and_only_when_there_are_enough(stores: Stores) -> None:
    scores = RollingScores(stores, CONFIG)
    feed(scores, EVERY_BARS - 1)
    assert values(stores, "drawdown") == []
    feed(scores, LEAST_BARS - EVERY_BARS, first=EVERY_BARS - 1)
    assert values(stores, "drawdown") == [0.0] * 3 and values(stores, "psi_max") == [0.3] * 3
    assert values(stores, "sharpe") == values(stores, "hit_rate") == values(stores, "calibration_error") == []
    feed(scores, 1, first=LEAST_BARS - 1)
    assert values(stores, "hit_rate") == [1.0] and len(values(stores, "sharpe")) == 1
    assert values(stores, "calibration_error") == [pytest.approx(0.2)]


def test_the_sharpe_ratio_is_of_the_window_and_annualised(stores: Stores) -> None:
    returns = feed(RollingScores(stores, CONFIG), 100)
    window = np.array(returns[-40:])
    expected = window.mean() / window.std(ddof=1) * math.sqrt(CONFIG.market.bars_per_year)
    assert values(stores, "sharpe")[-1] == pytest.approx(expected)
    assert stores.performance.latest_metric(MARKET, "m", "sharpe").window_bars == 40


@pytest.mark.parametrize(
    ("said", "move"),
    [(None, 0.001), (replace(UP, usable=False), 0.001), (UP, math.nan), (UP, 0.0)],
)
def test_what_cannot_be_judged_is_not_counted(stores: Stores, said: Prediction | None, move: float) -> None:
    feed(RollingScores(stores, CONFIG), 50, said=said, move=move)
    assert values(stores, "hit_rate") == []
    assert len(values(stores, "sharpe")) > 0


def test_a_forecast_of_a_fall_is_right_when_it_falls(stores: Stores) -> None:
    feed(RollingScores(stores, CONFIG), 20, said=replace(UP, expected_return=-0.001), move=-0.002)
    assert values(stores, "hit_rate") == [1.0]


def test_drawdown_is_against_the_peak(stores: Stores) -> None:
    scores = RollingScores(stores, CONFIG)
    fallen = replace(STATE, equity_usd=0.9 * STATE.peak_equity_usd)
    for index in range(EVERY_BARS):
        scores.on_bar("m", None, 0.0, 0.0, fallen, {}, index)
    assert values(stores, "drawdown") == [pytest.approx(0.1)]
    assert values(stores, "psi_max") == values(stores, "sharpe") == []


def test_a_new_champion_begins_anew(stores: Stores) -> None:
    scores = RollingScores(stores, CONFIG)
    feed(scores, 30)
    before = len(values(stores, "sharpe"))
    scores.begin()
    feed(scores, LEAST_BARS - 1, first=30)
    assert len(values(stores, "sharpe")) == before
