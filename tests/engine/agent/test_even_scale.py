"""Even scales: innovations of one variance, whatever the bounds."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.agent.even_scale import EvenRow, even_score, even_scores, fit_even_scale


def _autoregression(seed: int, count: int = 3000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    path = np.zeros(count)
    for row in range(1, count):
        path[row] = 0.9 * path[row - 1] + math.sqrt(0.19) * rng.standard_normal()
    return path


def test_bounded_positive_and_plain_inputs_are_told_apart() -> None:
    path = _autoregression(1)
    low, high, *_ = fit_even_scale(np.tanh(0.6 * path))
    assert low < high
    assert fit_even_scale(np.exp(0.6 * path))[:2] == (1.0, 1.0)
    assert fit_even_scale(path)[:2] == (0.0, 0.0)


def test_known_bounds_are_used() -> None:
    assert fit_even_scale(_autoregression(2), bounds=(-9.0, 9.0))[:2] == (-9.0, 9.0)


@given(st.floats(allow_nan=True, allow_infinity=True, width=32))
def test_scores_are_finite_and_monotone(value: float) -> None:
    scale = (-1.02, 1.02, 0.88, 0.0, 0.6)
    score = even_score(value, scale)
    if math.isfinite(value):
        assert abs(score) <= 12.0
        assert even_score(value + 1.0, scale) >= score
    else:
        assert math.isnan(score)


@given(st.lists(st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf]), min_size=3, max_size=3))
def test_a_row_and_a_column_are_scored_as_single_values_are(values: list[float]) -> None:
    scales = [(-1.02, 1.02, 0.88, 0.1, 0.6), (1.0, 1.0, 0.88, 0.3, 0.7), (0.0, 0.0, 0.75, -2.0, 3.0)]
    row = EvenRow(scales).scores(np.array(values))
    np.testing.assert_array_equal(row, [even_score(*item) for item in zip(values, scales, strict=True)])
    for scale in scales:
        np.testing.assert_array_equal(
            even_scores(np.array(values), scale), [even_score(value, scale) for value in values]
        )
