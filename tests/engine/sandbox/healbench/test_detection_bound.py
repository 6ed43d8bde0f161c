"""Information per bar and Lorden's bound agree with the published figures and with simulation."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernel.errors import CalculationError
from engine.sandbox.healbench.detection_bound import information_per_bar, lorden_delay


@pytest.mark.parametrize(("correlation", "bars"), [(0.35, 63), (0.25, 124), (0.10, 775)])
def test_a_flip_needs_the_published_bars_at_a_false_alarm_in_5000(correlation: float, bars: int) -> None:
    information = information_per_bar("concept", 1.0) * (correlation / 0.35) ** 2
    assert lorden_delay(5000.0, information) == pytest.approx(bars, rel=0.01)


def test_information_of_a_flip_is_the_published_one() -> None:
    assert information_per_bar("concept", 1.0) == pytest.approx(0.135, abs=0.001)
    assert information_per_bar("concept", 9.0) == pytest.approx((2 * 0.35) ** 2 / 2)


def test_information_of_a_rescaled_feature_is_the_gaussian_one() -> None:
    """Monte-Carlo mean of log N(u; m, 2) / N(u; 0, 1) over whitened innovations after the change."""
    rng = np.random.default_rng(1)
    mean = 1.5 * 0.1 / np.sqrt(1.0 - 0.81)
    u = mean + 2.0 * rng.standard_normal(400_000)
    ratio = 0.5 * u**2 - 0.5 * ((u - mean) / 2.0) ** 2 - np.log(2.0)
    assert information_per_bar("feature", 1.0) == pytest.approx(ratio.mean(), abs=4 * ratio.std() / np.sqrt(len(u)))
    assert lorden_delay(4700.0, information_per_bar("feature", 1.0)) == pytest.approx(10, abs=1)


def test_information_of_a_volatility_shock_is_that_of_scaled_student_noise() -> None:
    rng = np.random.default_rng(2)
    t = rng.standard_t(5.0, 400_000)
    for severity, scale in ((0.5, 1.75), (1.0, 2.5), (2.0, 4.0)):
        ratio = 3.0 * (np.log(5.0 + (scale * t) ** 2) - np.log(5.0 + t**2)) - np.log(scale)
        error = ratio.std() / np.sqrt(len(t))
        assert information_per_bar("volatility", severity) == pytest.approx(ratio.mean(), abs=4 * error)


def test_other_families_have_no_bound() -> None:
    with pytest.raises(CalculationError, match="no detection bound"):
        information_per_bar("decay", 1.0)
