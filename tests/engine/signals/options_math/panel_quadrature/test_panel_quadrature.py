"""Panels that split themselves: peaks, kinks and jumps at edges, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.signals.options_math.panel_quadrature import integrate_panels


def test_a_narrow_peak_beside_a_broad_one() -> None:
    def peaks(x: np.ndarray) -> np.ndarray:
        return np.stack([np.exp(-0.5 * (x / s) ** 2) / (s * math.sqrt(2 * math.pi)) for s in (1.0, 0.02)])

    nodes = integrate_panels(peaks, np.linspace(-12.0, 12.0, 26))
    assert nodes.settled
    assert nodes.point.size < 1_500
    np.testing.assert_allclose(nodes.values @ nodes.weight, 1.0, rtol=1e-12)


def test_a_kink_inside_a_panel_and_a_jump_on_an_edge() -> None:
    nodes = integrate_panels(lambda x: np.stack([np.abs(x - 0.3), (x > 0.5) * 1.0]), np.array([-1.0, 0.5, 1.0]))
    assert nodes.settled
    first, second = nodes.values @ nodes.weight
    assert first == pytest.approx((1.3**2 + 0.7**2) / 2, rel=1e-10)
    assert second == pytest.approx(0.5, rel=1e-14)


def test_nodes_lie_inside_and_weights_add_up() -> None:
    nodes = integrate_panels(lambda x: np.stack([np.sqrt(np.abs(x))]), np.array([-2.0, 1.0]))
    assert np.all((nodes.point > -2.0) & (nodes.point < 1.0))
    assert float(nodes.weight.sum()) == pytest.approx(3.0, rel=1e-14)
    assert float(nodes.values[0] @ nodes.weight) == pytest.approx((2**1.5 + 1.0) * 2 / 3, rel=1e-9)


def test_what_is_not_finite_is_said() -> None:
    nodes = integrate_panels(lambda x: np.stack([np.full_like(x, np.nan)]), np.array([0.0, 1.0]))
    assert not nodes.settled
    assert np.isnan(nodes.values @ nodes.weight).all()
