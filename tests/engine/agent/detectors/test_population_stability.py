"""PSI and its null distribution (research: mean 9 (1/n + 1/m); fixed limits are wrong)."""

from __future__ import annotations

import numpy as np
import pytest

from engine.agent.detectors.population_stability import null_quantile, stability_index


def _null_sample(reference: int, recent: int, draws: int = 1500) -> np.ndarray:
    rng = np.random.default_rng(3)
    found = np.empty(draws)
    for draw in range(draws):
        first = rng.standard_normal(reference)
        edges = np.quantile(first, np.linspace(0.0, 1.0, 11)[1:-1])
        second = rng.standard_normal(recent)
        found[draw] = stability_index(
            np.bincount(np.searchsorted(edges, first), minlength=10).tolist(),
            np.bincount(np.searchsorted(edges, second), minlength=10).tolist(),
        )
    return found


@pytest.mark.parametrize(("recent", "mean", "above_10"), [(60, 0.146, 0.70), (120, 0.081, 0.27)])
def test_null_mean_and_share_above_the_textbook_limit(recent: int, mean: float, above_10: float) -> None:
    sample = _null_sample(1000, recent)
    assert np.mean(sample) == pytest.approx(mean, rel=0.06)
    assert np.mean(sample > 0.10) == pytest.approx(above_10, abs=0.05)


def test_null_quantile_is_a_scaled_chi_square() -> None:
    from scipy.stats import chi2

    for level in (0.5, 0.95, 0.999):
        assert null_quantile(1000, 120, level) == pytest.approx((1 / 1000 + 1 / 120) * chi2.ppf(level, 9), rel=1e-9)


def test_null_quantile_holds_in_simulation() -> None:
    sample = _null_sample(1000, 120, 2000)
    assert np.mean(sample > null_quantile(1000, 120, 0.95)) == pytest.approx(0.05, abs=0.02)
