"""No-arbitrage bounds: they hold the truth, are attained, and know no more than the quotes do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.special import ndtr

from engine.signals.options_math.price_bounds import cdf_bounds, option_price_bounds
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.static_arbitrage import check_static_arbitrage

Row = tuple[float, bool, float, float]
GRID = np.linspace(0.3, 2.5, 45)


@dataclass(frozen=True)
class Mixture:
    """Lognormal parts and an atom: x = S/F with mean 1."""

    weight: np.ndarray
    centre: np.ndarray
    deviation: np.ndarray
    atom: float
    atom_weight: float

    def call(self, strike: float) -> float:
        d2 = (self.centre - math.log(strike)) / self.deviation
        legs = np.exp(self.centre + self.deviation**2 / 2) * ndtr(d2 + self.deviation) - strike * ndtr(d2)
        return float(self.weight @ legs) + self.atom_weight * max(self.atom - strike, 0.0)

    def cdf(self, x: np.ndarray) -> np.ndarray:
        smooth = ndtr((np.log(x)[:, None] - self.centre) / self.deviation) @ self.weight
        return smooth + self.atom_weight * (x >= self.atom)


@st.composite
def mixtures(draw: st.DrawFn) -> Mixture:
    parts = draw(st.integers(1, 3))
    weight = np.array([draw(st.floats(0.05, 1.0)) for _ in range(parts)])
    atom_weight = draw(st.sampled_from([0.0, 0.2, 0.5]))
    weight *= (1.0 - atom_weight) / weight.sum()
    shift = np.array([draw(st.floats(-0.4, 0.4)) for _ in range(parts)])
    deviation = np.array([draw(st.floats(0.02, 0.7)) for _ in range(parts)])
    scale = float(weight @ np.exp(shift + deviation**2 / 2)) + atom_weight * 1.1
    return Mixture(weight, shift - math.log(scale), deviation, 1.1 / scale, atom_weight)


def quoted(truth: Mixture, strikes: Sequence[float], half: Sequence[float], rights: Sequence[bool]) -> QuotedIntervals:
    rows: list[Row] = []
    for k, width, is_call in zip(strikes, half, rights, strict=True):
        value = truth.call(k) - (0.0 if is_call else 1.0 - k)
        rows.append((k, is_call, max(0.0, value - width), value + width))
    return intervals_of(rows)


def intervals_of(rows: Sequence[Row]) -> QuotedIntervals:
    strike, is_call, low, high = (np.array(item) for item in zip(*rows, strict=True))
    return QuotedIntervals(strike, is_call, low, high, 0.5 * (low + high), low > 0.0)


@st.composite
def markets(draw: st.DrawFn) -> tuple[Mixture, list[float], list[float], list[bool]]:
    strikes = [k / 100.0 for k in draw(st.lists(st.integers(30, 220), min_size=1, max_size=10))]
    half = [draw(st.floats(0.0, 0.03)) for _ in strikes]
    return draw(mixtures()), strikes, half, [draw(st.booleans()) for _ in strikes]


@settings(max_examples=150, deadline=None)
@given(market=markets())
def test_the_bounds_hold_the_truth(market: tuple[Mixture, list[float], list[float], list[bool]]) -> None:
    truth = market[0]
    intervals = quoted(*market)
    points = np.concatenate([GRID, intervals.strike, [truth.atom]])
    low, high = cdf_bounds(intervals, points)
    # Slopes over the gap between a point and the nearest strike carry the rounding of a price over that gap.
    assert np.all(low - 1e-7 <= truth.cdf(points)) and np.all(truth.cdf(points) <= high + 1e-7)
    assert np.all((low >= 0.0) & (low <= high) & (high <= 1.0))
    order = np.argsort(points, kind="stable")
    assert np.all(np.diff(low[order]) >= -1e-7) and np.all(np.diff(high[order]) >= -1e-7)
    for is_call in (True, False):
        cheap, dear = option_price_bounds(intervals, points, is_call)
        price = np.array([truth.call(k) - (0.0 if is_call else 1.0 - k) for k in points])
        assert np.all(cheap - 1e-9 <= price) and np.all(price <= dear + 1e-9)


@settings(max_examples=60, deadline=None)
@given(market=markets(), shares=st.lists(st.floats(0.0, 1.0), min_size=10, max_size=10))
def test_tighter_quotes_give_tighter_bounds(
    market: tuple[Mixture, list[float], list[float], list[bool]], shares: list[float]
) -> None:
    truth, strikes, half, rights = market
    wide = cdf_bounds(quoted(truth, strikes, half, rights), GRID)
    narrower = [width * share for width, share in zip(half, shares, strict=False)]
    tight = cdf_bounds(quoted(truth, strikes, narrower, rights), GRID)
    assert np.all(tight[0] >= wide[0] - 1e-7) and np.all(tight[1] <= wide[1] + 1e-7)
    fewer = cdf_bounds(quoted(truth, strikes[:1], half[:1], rights[:1]), GRID)
    assert np.all(fewer[0] <= wide[0] + 1e-7) and np.all(fewer[1] >= wide[1] - 1e-7)


def program_bounds(intervals: QuotedIntervals, x: float) -> tuple[float, float, float, float]:
    """Oracle: min P(S < x), max P(S <= x), min and max call price at x over atoms at 0, the strikes, x, infinity."""
    atom = np.unique(np.concatenate([[0.0, x], intervals.strike]))
    strike = intervals.strike[:, None]
    payoff = np.where(intervals.is_call[:, None], np.maximum(atom - strike, 0.0), np.maximum(strike - atom, 0.0))
    payoff = np.hstack([payoff, intervals.is_call[:, None].astype(float)])
    matrix, bound = np.vstack([payoff, -payoff]), np.concatenate([intervals.high, -intervals.low])
    equal = np.array([np.append(np.ones(atom.size), 0.0), np.append(atom, 1.0)])

    def least(cost: np.ndarray) -> float:
        exact = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        found = linprog(cost, matrix, bound, equal, [1.0, 1.0], bounds=(0.0, None), options=exact)
        return float(found.fun)

    call = np.append(np.maximum(atom - x, 0.0), 1.0)
    below, not_above = np.append(atom < x, False).astype(float), np.append(atom <= x, False).astype(float)
    return least(below), -least(-not_above), least(call), -least(-call)


@settings(max_examples=60, deadline=None)
@given(market=markets(), place=st.integers(25, 240))
def test_the_bounds_are_those_of_the_linear_program(
    market: tuple[Mixture, list[float], list[float], list[bool]], place: int
) -> None:
    truth, strikes, half, rights = market
    intervals = quoted(truth, strikes, [width + 1e-5 for width in half], rights)
    x = place / 100.0
    low, high, cheap, dear = program_bounds(intervals, x)
    found = cdf_bounds(intervals, np.array([x]))
    assert float(found[0][0]) == pytest.approx(low, abs=1e-6)
    assert float(found[1][0]) == pytest.approx(high, abs=1e-6)
    prices = option_price_bounds(intervals, np.array([x]))
    assert float(prices[0][0]) == pytest.approx(cheap, abs=1e-8)
    assert float(prices[1][0]) == pytest.approx(dear, abs=1e-8)


def test_no_quotes_leave_what_the_mean_alone_says() -> None:
    nothing = intervals_of([(1.0, True, math.nan, math.nan)])
    low, high = cdf_bounds(nothing, np.array([0.5, 1.0, 2.0, 4.0]))
    np.testing.assert_allclose(low, [0.0, 0.0, 0.5, 0.75], atol=1e-15)  # Markov: P(S > x) <= 1 / x
    np.testing.assert_allclose(high, 1.0)


def test_exact_prices_of_two_strikes_pin_the_probability_between() -> None:
    # A spread of calls one apart costs the chance to end above it, if nothing lies between the strikes.
    atoms, mass = np.array([0.8, 1.2]), np.array([0.5, 0.5])
    rows = [(k, True, *2 * (float(mass @ np.maximum(atoms - k, 0.0)),)) for k in (0.8, 0.9, 1.1, 1.2)]
    low, high = cdf_bounds(intervals_of(rows), np.array([0.7, 0.95, 1.0, 1.1, 1.3]))
    np.testing.assert_allclose(low, [0.0, 0.5, 0.5, 0.5, 1.0], atol=1e-9)
    np.testing.assert_allclose(high, [0.0, 0.5, 0.5, 0.5, 1.0], atol=1e-9)


def noisy_chain(strikes: np.ndarray, deviation: float, forward: float, seed: int, thin: bool) -> QuotedIntervals:
    """Lognormal truth; width .1 cent + 5.5 % of premium, doubled and with a quarter of the sides missing if thin."""
    rng = np.random.default_rng(seed)
    truth = Mixture(np.ones(1), np.array([-(deviation**2) / 2]), np.array([deviation]), 1.0, 0.0)
    rows: list[Row] = []
    for strike in strikes:
        for is_call in (False, True):
            if thin and rng.random() < 0.25:
                continue
            value = forward * truth.call(strike / forward) - (0.0 if is_call else forward - strike)
            half = (2.0 if thin else 1.0) * (0.05 + 0.0275 * value)
            middle = value + half * rng.uniform(-0.7, 0.7)
            bid = max(0.0, math.floor((middle - half) / 0.025) * 0.025)
            rows.append(
                (strike / forward, is_call, bid / forward, math.ceil((middle + half) / 0.025) * 0.025 / forward)
            )
    return intervals_of(rows)


def test_thin_wide_chains_say_little() -> None:
    """The bounds published for chains like these: .32 to .70 at the median of 25 strikes, .02 to .45 for 9 wide ones,
    truth about a quarter. A point density without a band is unsupported."""
    medians, thin = [], []
    for seed in range(20):
        chain = noisy_chain(61.0 + 2.0 * np.arange(25.0), 0.0878, 85.0, seed, False)
        medians.append(np.ravel(cdf_bounds(chain, np.array([84.75 / 85.0]))))
        chain = noisy_chain(74.0 + 2.0 * np.arange(9.0), 0.09, 83.0, seed, True)
        thin.append(np.ravel(cdf_bounds(chain, np.array([78.75 / 83.0]))))
    low, high = np.median(np.array(medians), axis=0)
    assert 0.2 < low < 0.42 and 0.58 < high < 0.8
    low, high = np.median(np.array(thin), axis=0)
    assert 0.0 <= low < 0.15 and 0.4 < high < 0.65


def test_repaired_quotes_have_bounds_and_impossible_ones_none() -> None:
    impossible = intervals_of([(0.95, True, 0.06, 0.07), (1.0, True, 0.08, 0.09), (1.1, False, 0.1, 0.12)])
    assert all(np.isnan(side).all() for side in cdf_bounds(impossible, GRID))
    assert all(np.isnan(side).all() for side in option_price_bounds(impossible, GRID))
    repaired = check_static_arbitrage(impossible).repaired
    low, high = cdf_bounds(repaired, GRID)
    assert np.all((low >= 0.0) & (low <= high) & (high <= 1.0))
    assert np.all(np.diff(low) >= -1e-9) and np.all(np.diff(high) >= -1e-9)


def test_a_bad_point_is_missing_and_touches_no_other() -> None:
    chain = intervals_of([(0.9, True, 0.1, 0.13), (1.1, True, 0.02, 0.04)])
    low, high = cdf_bounds(chain, np.array([math.nan, 0.95, -1.0, 0.0, math.inf]))
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True, True, True]
    assert low[1] == cdf_bounds(chain, np.array([0.95]))[0][0]
