"""Peeking boundaries reproduce the published half-widths."""

from __future__ import annotations

import numpy as np
import pytest

from engine.sandbox.statistics.sequential_boundary import mixture_sprt, normal_mixture_half_width


@pytest.mark.parametrize(("bars", "width"), [(30, 0.675), (100, 0.312), (250, 0.192), (500, 0.137), (1000, 0.099)])
def test_half_widths(bars: int, width: float) -> None:
    assert normal_mixture_half_width(bars, 0.05, 250) == pytest.approx(width, abs=6e-4)


def test_mixture_sprt_is_the_average_of_the_likelihood_ratios() -> None:
    effects = np.linspace(-8, 8, 20_001) * 0.3
    weights = np.exp(-0.5 * (effects / 0.3) ** 2)
    ratio = np.exp(40 * (0.2 * effects - effects**2 / 2))
    assert mixture_sprt(0.2, 40, variance=1.0, mixing_variance=0.09) == pytest.approx(
        float((weights * ratio).sum() / weights.sum()), rel=1e-6
    )
