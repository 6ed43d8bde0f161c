"""PBO on noise scatters about one half; a strategy that is really better takes it to 0."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.overfitting import probability_of_overfitting


def noise(seed: int, better_by: float = 0.0, bars: int = 512) -> np.ndarray:
    returns = np.random.default_rng(seed).standard_normal((bars, 20))
    returns[:, 0] += better_by
    return returns


def mean_pbo(better_by: float, bars: int = 512) -> tuple[float, float]:
    draws = [noise(seed, better_by, bars) for seed in range(60)]
    values = [probability_of_overfitting(returns, blocks=10).probability for returns in draws]
    return float(np.mean(values)), float(np.std(values))


def test_noise_scatters_about_one_half_as_published() -> None:
    """Expected value exactly 1/2 (the out-of-sample rank of the winner is uniform); published deviation .20 and range
    .23 to .89 of 120 draws."""
    draws = np.array([probability_of_overfitting(noise(seed), blocks=10).probability for seed in range(120)])
    assert abs(draws.mean() - 0.5) < 3.0 * draws.std() / math.sqrt(120)
    assert draws.std() == pytest.approx(0.20, abs=3.0 * 0.20 / math.sqrt(2 * 120))
    assert np.quantile(draws, 0.05) < 0.3 and np.quantile(draws, 0.95) > 0.75


def test_a_better_strategy_takes_it_to_zero_with_more_bars_and_more_skill() -> None:
    assert mean_pbo(0.2)[0] < mean_pbo(0.1)[0] < 0.45
    assert mean_pbo(0.1, bars=2048)[0] < 0.08
    assert mean_pbo(0.2, bars=2048)[0] < 0.001


def test_splits_and_order_of_strategies() -> None:
    returns = noise(1)
    estimate = probability_of_overfitting(returns, blocks=8)
    assert estimate.splits == len(estimate.logits) == math.comb(8, 4)
    shuffled = probability_of_overfitting(returns[:, ::-1], blocks=8)
    assert shuffled.probability == estimate.probability


def test_too_little_is_refused() -> None:
    for returns, blocks in ((noise(1)[:, :1], 8), (noise(1)[:10], 8), (noise(1), 7)):
        with pytest.raises(CalculationError):
            probability_of_overfitting(returns, blocks=blocks)
