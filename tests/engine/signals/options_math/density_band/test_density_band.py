"""Weighted quantiles behind every band."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.options_math.density_band import weighted_quantiles


@given(seed=st.integers(0, 10_000), columns=st.integers(1, 4))
def test_equal_weights_give_plain_quantiles(seed: int, columns: int) -> None:
    values = np.random.default_rng(seed).normal(size=(400, columns))
    low, high = weighted_quantiles(values, np.full(400, 1.0 / 400.0), (0.05, 0.95))
    expected = np.quantile(values, [0.05, 0.95], axis=0)
    gap = np.sort(values, axis=0)
    assert np.all(np.abs(low - expected[0]) <= gap[22] - gap[17])
    assert np.all(np.abs(high - expected[1]) <= gap[382] - gap[377])


@given(seed=st.integers(0, 10_000))
def test_a_draw_of_double_weight_counts_as_two_draws(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(30, 2))
    weight = np.where(np.arange(30) < 10, 2.0, 1.0) / 40.0
    twice = np.concatenate([values, values[:10]])
    single = weighted_quantiles(values, weight, (0.25, 0.75))
    repeated = weighted_quantiles(twice, np.full(40, 1.0 / 40.0), (0.25, 0.75))
    ordered = np.sort(values, axis=0)
    for a, b in zip(single, repeated, strict=True):
        rank_a, rank_b = (np.array([np.searchsorted(ordered[:, j], v[j]) for j in range(2)]) for v in (a, b))
        assert np.all(np.abs(rank_a - rank_b) <= 1)
