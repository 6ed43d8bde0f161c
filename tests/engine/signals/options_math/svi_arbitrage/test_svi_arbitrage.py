"""Butterfly arbitrage is found wherever it hides, and repaired with as little change as needed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.svi import JumpWings, Svi, from_jump_wings, to_jump_wings
from engine.signals.options_math.svi_arbitrage import repair_svi, svi_arbitrage

VOGT = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, s=0.4153)
slices = st.builds(
    lambda least, b, rho, m, s: Svi(10.0**least - b * 10.0**s * math.sqrt(1.0 - rho * rho), b, rho, m, 10.0**s),
    st.floats(-4.5, -1.0), st.floats(0.01, 1.2), st.floats(-0.97, 0.97), st.floats(-0.6, 0.6), st.floats(-2.5, 0.3),
)  # fmt: skip


def everywhere(svi: Svi) -> np.ndarray:
    """An independent dense grid: even at the money, and logarithmic around the vertex, the minimum and the money."""
    far = np.geomspace(1e-7, 400.0, 6_000)
    centres = (0.0, svi.m, svi.least_at)
    return np.concatenate([np.linspace(-4.0, 4.0, 40_001), *(c + sign * far for c in centres for sign in (-1.0, 1.0))])


def test_the_vogt_slice_is_flagged_where_it_is_known_to_fail() -> None:
    found = svi_arbitrage(VOGT)
    assert not found.free
    assert found.least_g == pytest.approx(-0.03286, abs=5e-6)
    assert found.at == pytest.approx(0.879, abs=5e-4)
    k = np.linspace(0.0, 2.0, 2_000_001)
    negative = k[VOGT.g(k) < 0.0]
    assert (negative[0], negative[-1]) == (pytest.approx(0.642, abs=5e-4), pytest.approx(1.257, abs=5e-4))


def test_the_vogt_slice_is_repaired_nearer_than_by_the_published_parameters() -> None:
    """Gatheral and Jacquier repair with c' = .8564763 and v~' = .01548182; both are free, ours is the nearer one."""
    repaired = repair_svi(VOGT)
    assert repaired is not None and svi_arbitrage(repaired).free
    assert repaired.g(everywhere(repaired)).min() >= 0.0
    given, kept = to_jump_wings(VOGT, 1.0), to_jump_wings(repaired, 1.0)
    assert (kept.v, kept.psi, kept.p) == pytest.approx((given.v, given.psi, given.p), rel=1e-9)
    assert kept.c < given.c and kept.v_least > given.v_least
    published = from_jump_wings(JumpWings(given.v, given.psi, given.p, 0.8564763, 0.01548182), 1.0)
    assert svi_arbitrage(published).free
    k = np.linspace(-1.0, 1.0, 201)
    target = VOGT.total_variance(k)[0]
    assert np.std(repaired.total_variance(k)[0] - target) < 0.5 * np.std(published.total_variance(k)[0] - target)


@settings(max_examples=200, deadline=None)
@given(svi=slices)
def test_finds_the_least_g_of_any_slice(svi: Svi) -> None:
    found = svi_arbitrage(svi)
    if not svi.well_formed:
        assert not found.free and math.isnan(found.least_g)
        return
    with np.errstate(all="ignore"):
        dense = float(np.nanmin(svi.g(everywhere(svi))))
    assert found.least_g <= dense + 1e-9 + 1e-6 * abs(dense)
    assert found.free == (found.least_g >= 0.0)


@settings(max_examples=60, deadline=None)
@given(svi=slices)
def test_repairs_any_slice(svi: Svi) -> None:
    repaired = repair_svi(svi)
    level = float(svi.total_variance(np.zeros(()))[0])
    if repaired is None:
        assert not level > 0.0
        return
    assert svi_arbitrage(repaired).free
    assert repaired.g(everywhere(repaired)).min() >= -1e-9
    assert float(repaired.total_variance(np.zeros(()))[0]) == pytest.approx(level, rel=1e-9)
    if svi_arbitrage(svi).free:
        assert repaired == svi


def test_a_flat_slice_is_free() -> None:
    assert svi_arbitrage(Svi(0.04, 0.0, 0.0, 0.0, 0.1)).free


def test_wings_steeper_than_lee_allows_are_arbitrage_and_are_repaired() -> None:
    steep = Svi(0.04, 1.6, 0.4, 0.0, 0.1)
    assert not svi_arbitrage(steep).free
    repaired = repair_svi(steep)
    assert repaired is not None and svi_arbitrage(repaired).free


def test_without_variance_at_the_money_there_is_nothing_to_repair() -> None:
    assert repair_svi(Svi(-0.2, 0.1, 0.0, 0.0, 0.1)) is None
    assert repair_svi(Svi(math.nan, 0.1, 0.0, 0.0, 0.1)) is None


def test_the_repair_is_nearest_where_it_is_asked_to_be() -> None:
    near, wide = repair_svi(VOGT, -0.3, 0.3), repair_svi(VOGT, -1.5, 1.5)
    assert near is not None and wide is not None
    k = np.linspace(-0.3, 0.3, 61)
    target = VOGT.total_variance(k)[0]

    def distance(svi: Svi) -> float:
        return float(np.sqrt(np.mean((svi.total_variance(k)[0] - target) ** 2)))

    assert distance(near) < distance(wide)
