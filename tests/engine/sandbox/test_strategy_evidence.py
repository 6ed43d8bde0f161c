"""Evidence of a strategy: calibration only where it can be measured, costs as a share, parameters counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.trading_types import Prediction
from engine.sandbox.strategy_evidence import calibration_error, complexity, evaluation_windows, strategy_evidence
from models.spec import Adjustments, ModelSpec, Restandardise, TrainingRange
from tests.engine import small_market

SPEC = ModelSpec("ridge", ("carry", "atm_iv", "skew_slope"), TrainingRange(0, 1, 2, 0.002))


def said(confidences: list[float], expected: float = 0.001) -> list[Prediction | None]:
    return [Prediction(index, "m", expected, 0.002, value, 1.0, 1.0) for index, value in enumerate(confidences)]


def test_calibration_is_missing_below_ten_scored_bars_never_zero() -> None:
    moves = np.array([0.001, -0.001] * 10)
    assert calibration_error(said([0.6] * 20), moves) is not None
    assert calibration_error(said([0.6] * 9), moves[:9]) is None
    assert calibration_error([None] * 20, moves) is None
    assert calibration_error(said([0.6] * 20), np.zeros(20)) is None, "a bar that did not move says nothing"
    assert calibration_error(said([0.6] * 20), np.full(20, np.nan)) is None
    unusable = [None if item is None else replace(item, usable=False) for item in said([0.6] * 20)]
    assert calibration_error(unusable, moves) is None


def test_a_model_that_is_sure_and_wrong_is_worse_calibrated_than_one_that_is_right() -> None:
    moves = np.where(np.random.default_rng(2).random(300) < 0.9, 0.001, -0.001)
    right, wrong = calibration_error(said([0.9] * 300), moves), calibration_error(said([0.9] * 300, -0.001), moves)
    assert right is not None and wrong is not None
    assert wrong > right + 0.5


def test_cost_share_is_of_what_was_moved_and_zero_where_nothing_was() -> None:
    returns = np.array([0.002, -0.001, 0.001])
    evidence = strategy_evidence("m", returns, 0.0004, [None] * 3, np.zeros(3), SPEC)
    assert evidence.cost_share == pytest.approx(0.1)
    assert evidence.calibration_error is None
    assert strategy_evidence("m", np.zeros(3), 0.0, [None] * 3, np.zeros(3), SPEC).cost_share == 0.0


def test_every_live_feature_and_every_repair_counts() -> None:
    assert complexity(SPEC) == 3.0
    assert complexity(replace(SPEC, adjustments=Adjustments(quarantine=("carry",)))) == 2.0
    assert complexity(replace(SPEC, adjustments=Adjustments({"carry": Restandardise(0.0, 2.0)}))) == 5.0
    assert complexity(replace(SPEC, adjustments=Adjustments(volatility="ewma"))) == 4.0


@given(st.integers(5, 5000))
def test_windows_cover_every_bar_once_and_are_equal(bars: int) -> None:
    windows = evaluation_windows(bars, small_market.settings())
    assert [index for low, high in windows for index in range(low, high)] == list(range(bars))
    sizes = [high - low for low, high in windows]
    assert len(sizes) == small_market.settings().evaluator.evaluation_windows
    assert max(sizes) - min(sizes) <= 1
