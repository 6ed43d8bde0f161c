"""The coordinates of the SVI fit: every point is a well-formed slice, there and back, derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.quoted_deviations import QuotedDeviations
from engine.signals.options_math.svi import Svi
from engine.signals.options_math.svi_coordinates import svi_coordinates

COORDINATES = svi_coordinates(QuotedDeviations(np.zeros(1), np.zeros(1), np.zeros(1), at_the_money=0.09, gap=0.02))
Z = np.linspace(-6.0, 6.0, 25)
points = st.lists(st.floats(-4.0, 4.0), min_size=5, max_size=5).map(np.array)


@settings(max_examples=200, deadline=None)
@given(theta=st.lists(st.floats(-30.0, 30.0), min_size=5, max_size=5).map(np.array))
def test_every_point_is_a_well_formed_slice(theta: np.ndarray) -> None:
    svi = COORDINATES.svi(theta)
    assert svi.b > 0.0 and svi.s > 0.0 and max(svi.wing_slopes) < 2.0
    if np.abs(theta[:2]).max() < 15.0:
        assert svi.least_variance > 0.0 and abs(svi.rho) < 1.0


@settings(max_examples=100, deadline=None)
@given(theta=points)
def test_the_curve_is_that_of_the_slice(theta: np.ndarray) -> None:
    curve, scale = COORDINATES.curve(theta[None, :], Z), COORDINATES.deviation
    w, slope, bend = COORDINATES.svi(theta).total_variance(scale * Z)
    np.testing.assert_allclose(scale**2 * curve.value[0], w, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(scale * curve.slope[0], slope, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(curve.bend[0], bend, rtol=1e-9, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(theta=points)
def test_derivatives_in_the_coordinates(theta: np.ndarray) -> None:
    curve = COORDINATES.curve(theta[None, :], Z)
    for column in range(5):
        shift = 1e-5 * np.eye(5)[column]
        up, down = COORDINATES.curve((theta + shift)[None, :], Z), COORDINATES.curve((theta - shift)[None, :], Z)
        for name in ("value", "slope", "bend"):
            numeric = (getattr(up, name) - getattr(down, name)) / 2e-5
            analytic = getattr(curve, f"d_{name}")[..., column]
            scale = 1.0 + np.abs(getattr(curve, name)).max()
            np.testing.assert_allclose(analytic, numeric, rtol=1e-5, atol=1e-6 * scale)


def test_there_and_back() -> None:
    svi = Svi(0.002, 0.06, -0.4, 0.03, 0.08)
    back = COORDINATES.svi(COORDINATES.of([svi, svi])[1])
    assert (back.a, back.b, back.rho, back.m, back.s) == pytest.approx((svi.a, svi.b, svi.rho, svi.m, svi.s), rel=1e-9)


def test_the_vertex_is_no_sharper_than_the_strikes_can_show() -> None:
    coarse = svi_coordinates(QuotedDeviations(np.zeros(1), np.zeros(1), np.zeros(1), at_the_money=0.05, gap=0.06))
    assert coarse.svi(np.array([0.0, 0.0, 0.0, 0.0, -30.0])).s == pytest.approx(0.03)
