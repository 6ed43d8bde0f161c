"""All roots of net gamma and nothing but roots, against a scan a hundred times finer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.signals.options_math.zero_gamma import zero_gamma_factors


def net_gamma(factor: np.ndarray, weight: np.ndarray, moneyness: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Plain loop over options; gamma of one is n(d1) / (F s)."""
    total = np.zeros(factor.size)
    for w, k, s in zip(weight, moneyness, deviation, strict=True):
        d1 = np.log(factor / k) / s + s / 2
        total += w * np.exp(-d1 * d1 / 2) / (s * factor)
    return total


@st.composite
def books(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = draw(st.integers(2, 8))
    weight = [draw(st.integers(-1000, 1000)) for _ in range(size)]
    moneyness = [draw(st.integers(60, 150)) / 100 for _ in range(size)]
    deviation = [draw(st.floats(0.02, 0.4)) for _ in range(size)]
    return np.array(weight, dtype=float), np.array(moneyness), np.array(deviation)


@settings(max_examples=120, deadline=None)
@given(book=books())
def test_the_roots_are_those_of_a_fine_scan(book: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    levels, (low, high) = zero_gamma_factors(*book, np.zeros(book[0].size))
    assert list(levels) == sorted(levels)
    if not np.any(book[0]):
        assert levels == () and math.isnan(low)
        return
    assert all(low <= level <= high for level in levels)
    fine = np.exp(np.linspace(math.log(low), math.log(high), 60_000))
    value = net_gamma(fine, *book)
    gross = net_gamma(fine, np.abs(book[0]), *book[1:])
    # Where options cancel to the last digits, the sign is rounding.
    clear = np.abs(value) > 1e-13 * gross
    signs = np.sign(value[clear])
    found = np.searchsorted(np.array(levels), fine[clear])
    turns = np.flatnonzero(signs[:-1] != signs[1:])
    assert len(turns) <= len(levels)
    assert np.all(found[turns + 1] > found[turns]), "every change of sign has a root between"
    for level in levels:
        around = net_gamma(level * np.array([1 - 1e-9, 1.0, 1 + 1e-9]), *book)
        scale = net_gamma(np.array([level]), np.abs(book[0]), *book[1:])[0] / book[2].min()
        assert abs(around[1]) <= 1e-9 * scale


def test_two_roots_within_a_cell_are_both_found() -> None:
    # A long strike between two short ones: gamma is positive near the middle only, and only just, or not at all.
    moneyness, deviation = np.array([0.9, 1.0, 1.1]), np.full(3, 0.1)
    around = np.linspace(0.95, 1.05, 20_001)
    ends = net_gamma(around, np.array([1.0, 0.0, 1.0]), moneyness, deviation)
    middle = net_gamma(around, np.array([0.0, 1.0, 0.0]), moneyness, deviation)
    balance = float(np.min(ends / middle))
    for excess, wanted in ((1e-4, 2), (1e-7, 2), (-1e-7, 0), (-1e-3, 0)):
        weight = np.array([-1.0, balance * (1.0 + excess), -1.0])
        levels, _ = zero_gamma_factors(weight, moneyness, deviation, np.zeros(3))
        assert len(levels) == wanted, excess
        if wanted:
            assert levels[1] - levels[0] < deviation[0] / 6.0, "both inside one cell of the scan"


def test_none_without_both_signs() -> None:
    moneyness, deviation = np.array([0.9, 1.1]), np.full(2, 0.1)
    levels, (low, high) = zero_gamma_factors(np.array([1.0, 2.0]), moneyness, deviation, np.zeros(2))
    assert levels == () and low < 0.9 and high > 1.1
    assert zero_gamma_factors(np.zeros(2), moneyness, deviation, np.zeros(2))[0] == ()
    empty = np.zeros(0)
    assert zero_gamma_factors(empty, empty, empty, empty)[0] == ()


def test_far_apart_strikes_do_not_make_roots_of_underflow() -> None:
    levels, _ = zero_gamma_factors(np.array([1.0, -1.0]), np.array([0.5, 2.0]), np.full(2, 0.005), np.zeros(2))
    assert len(levels) == 1
    assert levels[0] == pytest.approx(1.0, abs=0.2)


def test_absurd_options_do_not_stop_the_search() -> None:
    weight = np.array([5.0, -5.0, 1.0, -1.0, 2.0])
    moneyness = np.array([0.95, 1.05, 1e-300, 1e300, 1.0])
    deviation = np.array([0.1, 0.1, 0.1, 0.1, 1e6])
    levels, searched = zero_gamma_factors(weight, moneyness, deviation, np.zeros(5))
    plain, range_of_two = zero_gamma_factors(weight[:2], moneyness[:2], deviation[:2], np.zeros(2))
    assert levels == plain and searched == range_of_two
    narrow, _ = zero_gamma_factors(weight[:2], moneyness[:2], np.array([1e-9, 0.5]), np.zeros(2))
    assert all(np.isfinite(narrow))
