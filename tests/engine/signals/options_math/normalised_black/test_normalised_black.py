"""The normalised price against 60-digit values, and its two brackets against each other."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from engine.signals.options_math.mills_ratio import INVERSE_SQRT_2PI
from engine.signals.options_math.normalised_black import complement_sum, mills_gap, normalised_price


@pytest.mark.parametrize("s", [1e-9, 1e-4, 0.0599 * 2, 0.0601 * 2, 0.3, 1.0, 4.0, 12.0, 60.0])
def test_against_sixty_digits(s: float) -> None:
    h = np.array([0.0, 1e-9, 0.01, 0.5, 2.0, 6.0, 20.0, 36.0])
    found = normalised_price(h * s, np.full(h.size, s))
    with mpmath.workdps(60):
        for x, value in zip((h * s).tolist(), found.tolist(), strict=True):
            ratio, half = mpmath.mpf(x) / s, mpmath.mpf(s) / 2
            exact = mpmath.exp(-mpmath.mpf(x) / 2) * mpmath.erfc((ratio - half) / mpmath.sqrt(2)) / 2
            exact -= mpmath.exp(mpmath.mpf(x) / 2) * mpmath.erfc((ratio + half) / mpmath.sqrt(2)) / 2
            if exact < mpmath.mpf(10) ** -300:
                assert value < 1e-299
                continue
            assert abs(value / exact - 1) < 3e-16 * (30 + 2 * float(ratio) ** 2)


def test_price_and_what_is_missing_make_the_bound() -> None:
    h, t = np.array([0.2, 0.9, 2.0, 3.0]), np.array([0.4, 0.8, 2.5, 2.9])
    scale = INVERSE_SQRT_2PI * np.exp(-0.5 * (h * h + t * t))
    assert scale * (mills_gap(h, t) + complement_sum(h, t)) == pytest.approx(np.exp(-h * t), rel=1e-14)


def test_beyond_the_doubles_the_price_is_zero() -> None:
    with np.errstate(all="ignore"):
        assert normalised_price(np.array([50.0, 1e5]), np.array([1.0, 1e-300])).tolist() == [0.0, 0.0]
