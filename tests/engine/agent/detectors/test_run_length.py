"""Average run lengths against the published two-sided CUSUM table (Montgomery; Hawkins)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.agent.detectors.edge_cusum import cusum_path
from engine.agent.detectors.run_length import (
    evidence_run_length,
    one_sided_run_length,
    sampled_run_length,
    siegmund_run_length,
    two_sided_run_length,
)

SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
TABLE = {
    4.0: (168, 74.2, 26.6, 13.3, 8.38, 4.75, 3.34, 2.62, 2.19, 1.71),
    5.0: (465, 139, 38.0, 17.0, 10.4, 5.75, 4.01, 3.11, 2.57, 2.01),
}


@pytest.mark.parametrize("h", TABLE)
def test_published_table_is_reproduced(h: float) -> None:
    for shift, published in zip(SHIFTS, TABLE[h], strict=True):
        assert two_sided_run_length(0.5, h, shift) == pytest.approx(published, rel=0.005)


def test_hawkins_value() -> None:
    assert two_sided_run_length(0.5, 4.77, 0.0) == pytest.approx(370, rel=0.005)


def test_siegmund_formula_is_close_to_the_integral_equation() -> None:
    assert siegmund_run_length(0.5, 5.0) == pytest.approx(one_sided_run_length(0.5, 5.0, 0.0), rel=0.03)


def test_markov_chain_on_a_normal_sample_agrees_with_the_integral_equation() -> None:
    sample = np.array([math.sqrt(2.0) * value for value in _normal_quantiles(4000)])
    assert sampled_run_length(0.5, 4.0, sample) == pytest.approx(one_sided_run_length(0.5, 4.0, 0.0), rel=0.04)


def test_heavy_tails_shorten_the_run_length() -> None:
    rng = np.random.default_rng(4)
    heavy = rng.standard_t(3, 20000) / math.sqrt(3.0)
    assert sampled_run_length(0.5, 5.0, heavy) < 0.8 * one_sided_run_length(0.5, 5.0, 0.0)


def test_simulated_cusum_has_the_computed_run_length() -> None:
    rng = np.random.default_rng(11)
    lengths = []
    for _ in range(400):
        path = cusum_path(rng.standard_normal(1200).tolist(), 0.5)
        lengths.append(next((i + 1 for i, pair in enumerate(path) if max(pair) > 3.0), 1200))
    assert np.mean(lengths) == pytest.approx(two_sided_run_length(0.5, 3.0, 0.0), rel=0.15)


def test_evidence_bound() -> None:
    assert evidence_run_length(math.log(5000.0)) == pytest.approx(5000.0)


def _normal_quantiles(count: int) -> list[float]:
    from statistics import NormalDist

    return [NormalDist().inv_cdf((index + 0.5) / count) / math.sqrt(2.0) for index in range(count)]
