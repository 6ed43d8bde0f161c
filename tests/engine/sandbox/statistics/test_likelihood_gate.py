"""Likelihood gate: a fair bet under the null at every look, quick where the candidate is right."""

from __future__ import annotations

import doctest
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import t as student

import engine.sandbox.statistics.likelihood_gate as module
from engine.sandbox.statistics.likelihood_gate import LARGEST_FORECAST, LikelihoodGate, log_likelihood_ratio

ALPHA, BARS, TRIALS = 0.05, 250, 1500
UNIT_T5 = student(5.0, scale=math.sqrt(3.0 / 5.0))


def passed_share(edge: float, trial: int, *, bars: int = BARS) -> float:
    """Share of gates that pass on t5 noise where the candidate's forecasts, of rms .35, hold `edge` of the truth."""
    rng = np.random.default_rng([17, trial, round(100 * (1.0 + edge))])
    advantages = 0.35 * rng.standard_normal((TRIALS, bars))
    residuals = edge * advantages + rng.standard_t(5, (TRIALS, bars)) / math.sqrt(5.0 / 3.0)
    passed = 0
    for row, told in zip(residuals.tolist(), advantages.tolist(), strict=True):
        gate = LikelihoodGate(ALPHA, trial)
        for residual, advantage in zip(row, told, strict=True):
            gate.add(residual, advantage)
        passed += gate.passed
    return passed / TRIALS


def test_the_worked_example_runs() -> None:
    result = doctest.testmod(module)
    assert (result.attempted > 0, result.failed) == (True, 0)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(-20.0, 20.0), st.floats(-LARGEST_FORECAST, LARGEST_FORECAST))
def test_it_is_the_ratio_of_two_t_densities(residual: float, advantage: float) -> None:
    exact = UNIT_T5.logpdf(residual - advantage) - UNIT_T5.logpdf(residual)
    assert log_likelihood_ratio(residual, advantage) == pytest.approx(exact, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("advantage", [0.1, -0.5, 1.6, 40.0])
def test_one_bar_is_a_fair_bet_under_the_incumbent(advantage: float) -> None:
    mean, _ = quad(lambda u: UNIT_T5.pdf(u) * math.exp(log_likelihood_ratio(u, advantage)), -np.inf, np.inf)
    assert mean == pytest.approx(1.0, abs=1e-6)


def test_a_wild_forecast_is_held_to_the_limit() -> None:
    assert log_likelihood_ratio(3.0, 1e6) == log_likelihood_ratio(3.0, LARGEST_FORECAST)


@pytest.mark.parametrize("trial", [1, 2, 5])
def test_a_candidate_of_no_worth_passes_no_more_often_than_alpha(trial: int) -> None:
    allowed = ALPHA / trial
    assert passed_share(0.0, trial) <= allowed + 3.0 * math.sqrt(allowed * (1.0 - allowed) / TRIALS)


def test_a_candidate_that_is_right_passes_nearly_always_within_the_bars_of_a_case() -> None:
    assert passed_share(1.0, 2) > 0.98
    assert passed_share(1.0, 2, bars=60) > 0.5


def test_a_candidate_that_is_worse_hardly_ever_passes() -> None:
    assert passed_share(-0.5, 1) < 0.01


def test_what_it_once_passed_stays_passed() -> None:
    gate = LikelihoodGate(ALPHA, 1)
    gate.add_nats(gate.threshold_nats + 1e-9)
    for _ in range(50):
        gate.add_nats(-1.0)
    assert gate.passed
    assert gate.log_capital < 0.0 < gate.log_peak
    assert gate.bars == 51


def test_the_more_were_tried_the_more_is_asked() -> None:
    assert LikelihoodGate(ALPHA, 1).threshold_nats == pytest.approx(-math.log(ALPHA))
    assert math.exp(LikelihoodGate(ALPHA, 8).threshold_nats) == pytest.approx(8.0 / ALPHA)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(-9.0, 9.0), st.floats(-3.0, 3.0)), max_size=40), st.integers(0, 40))
def test_a_restored_gate_goes_on_to_the_last_bit(bars: list[tuple[float, float]], cut: int) -> None:
    gate = LikelihoodGate(0.05, 3)
    for bar in bars[:cut]:
        gate.add(*bar)
    resumed = LikelihoodGate.from_json(json.loads(json.dumps(gate.to_json(), allow_nan=False)))
    for bar in bars[cut:]:
        gate.add(*bar)
        resumed.add(*bar)
    assert resumed == gate
