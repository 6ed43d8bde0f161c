"""Prequential edge: noise earns no evidence however many inputs, a planted edge does, and no bar is told twice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from engine.agent.treatment.prequential_edge import BLOCK_BARS, prequential_edge
from engine.sandbox.healbench.base_market import ar1_paths

PRIOR_R2 = 0.1225


def market(seed: int, correlation: float, noise_inputs: int, bars: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """AR(1) inputs, six of which foretell the return with a correlation and the others nothing; t5 noise."""
    rng = np.random.default_rng(seed)
    weights = np.array([0.7, -0.5, 0.4, -0.25, 0.15, 0.1])
    weights *= correlation / np.linalg.norm(weights)
    inputs = ar1_paths(rng, 0.9, bars, 6 + noise_inputs)
    noise = rng.standard_t(5, bars) / math.sqrt(5.0 / 3.0)
    return inputs, inputs[:, :6] @ weights + math.sqrt(1.0 - correlation**2) * noise


def test_forty_six_inputs_of_noise_hardly_ever_look_like_an_edge() -> None:
    found = [prequential_edge(*market(seed, 0.0, 40), prior_r2=PRIOR_R2).nats for seed in range(100)]
    assert sum(nats < 3.0 for nats in found) >= 95


def test_six_inputs_of_noise_hardly_ever_look_like_an_edge() -> None:
    found = [prequential_edge(*market(seed, 0.0, 0), prior_r2=PRIOR_R2).nats for seed in range(100)]
    assert sum(nats < 3.0 for nats in found) >= 95


@pytest.mark.parametrize(("noise_inputs", "least_shown"), [(0, 30), (40, 28)])
def test_a_planted_edge_shows(noise_inputs: int, least_shown: int) -> None:
    found = [prequential_edge(*market(seed, 0.35, noise_inputs), prior_r2=PRIOR_R2) for seed in range(30)]
    assert sum(item.nats > 3.0 for item in found) >= least_shown
    for item in found:
        assert item.residual_variance == pytest.approx(1.0 - 0.35**2, abs=0.25)


def test_it_is_the_sum_of_t_density_ratios_of_fits_on_the_past() -> None:
    inputs, returns = market(3, 0.35, 2, 110)
    width = inputs.shape[1]
    found = prequential_edge(inputs, returns, prior_r2=PRIOR_R2)
    prior = np.sqrt(width / PRIOR_R2) * np.eye(width)

    def fit(bars: int) -> np.ndarray:
        rows, told = np.vstack([inputs[:bars], prior]), np.concatenate([returns[:bars], np.zeros(width)])
        return np.asarray(np.linalg.lstsq(rows, told, rcond=None)[0])

    assert found.weights == pytest.approx(fit(len(returns)))
    variance = float(np.mean((returns - inputs @ fit(len(returns))) ** 2))
    assert found.residual_variance == pytest.approx(variance)
    law = student(5.0, scale=math.sqrt(variance * 3.0 / 5.0))
    nats = 0.0
    for bar in range(len(returns)):
        forecast = float(inputs[bar] @ fit(bar // BLOCK_BARS * BLOCK_BARS))
        nats += law.logpdf(returns[bar] - forecast) - law.logpdf(returns[bar])
    assert found.nats == pytest.approx(nats)


def test_no_bars_and_one_block_say_nothing() -> None:
    empty = prequential_edge(np.zeros((0, 3)), np.zeros(0), prior_r2=PRIOR_R2)
    assert (empty.nats, empty.residual_variance, empty.weights.tolist()) == (0.0, 1.0, [0.0] * 3)
    inputs, returns = market(1, 0.35, 0, BLOCK_BARS)
    assert prequential_edge(inputs, returns, prior_r2=PRIOR_R2).nats == 0.0
