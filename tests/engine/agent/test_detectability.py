"""The detectability horizon against the research figures (ARL 5,000 bars)."""

from __future__ import annotations

import math

import pytest

from engine.agent.detectability import detection_bars


@pytest.mark.parametrize(("correlation", "bars"), [(0.35, 63), (0.25, 124), (0.10, 775)])
def test_bars_to_see_a_flip_of_three_quarters(correlation: float, bars: float) -> None:
    # the research states the information without the factor 1 / (1 - rho^2) of the residual's variance
    assert detection_bars(correlation, 2 * 0.74, 5000.0) / (1.0 - correlation**2) == pytest.approx(bars, rel=0.02)


def test_no_edge_is_never_seen_to_be_lost() -> None:
    assert detection_bars(0.0, 1.0, 5000.0) == math.inf


def test_delay_scales_with_the_inverse_square_of_the_correlation() -> None:
    assert detection_bars(0.05, 1.0, 5000.0) / detection_bars(0.10, 1.0, 5000.0) == pytest.approx(4.0, rel=0.02)
