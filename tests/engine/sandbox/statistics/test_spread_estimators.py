"""Spreads from prices: hand-made cases, EDGE against `bidask`, and a walk traded at a known spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.edge_spread import edge_spread
from engine.sandbox.statistics.ohlc_spread import abdi_ranaldo_spread, corwin_schultz_spread, roll_spread

FloatArray = NDArray[np.float64]
SPREAD = 0.004


@dataclass(frozen=True, slots=True)
class Bars:
    """Prices by bar, shape [4, bars] (open, high, low, close; NaN where nothing was traded), and every single trade."""

    columns: FloatArray
    trades: FloatArray


def traded_walk(seed: int, *, bars: int = 1_000, bar_sd: float = 0.01, trade_probability: float = 1.0) -> Bars:
    """390 moments a bar, each perhaps with a trade at half a spread above or below the middle, and overnight gaps."""
    generator = np.random.default_rng(seed)
    steps = generator.standard_normal((bars, 390)) * bar_sd / math.sqrt(390)
    steps[:, 0] += generator.standard_normal(bars) * bar_sd / 2.0
    middle = np.cumsum(steps).reshape(bars, 390)
    price = np.exp(middle + SPREAD / 2.0 * generator.choice([-1.0, 1.0], (bars, 390)))
    traded = generator.random((bars, 390)) < trade_probability
    columns = np.full((4, bars), np.nan)
    for bar in range(bars):
        trades = price[bar][traded[bar]]
        if len(trades):
            columns[:, bar] = trades[0], trades.max(), trades.min(), trades[-1]
    return Bars(columns, price[traded])


@pytest.mark.parametrize("trade_probability", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("bars", [3, 5, 30, 400])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_edge_agrees_with_the_library(trade_probability: float, bars: int, missing: float) -> None:
    library = pytest.importorskip("bidask", reason="bidask is a test-only oracle of the dev extra")
    for seed in range(4):
        columns = traded_walk(seed, bars=bars, trade_probability=trade_probability).columns.copy()
        columns[np.random.default_rng(seed + 50).random(columns.shape) < missing] = np.nan
        for signed in (False, True):
            expected = library.edge(*columns, sign=signed)
            assert edge_spread(*columns, signed=signed) == pytest.approx(expected, abs=1e-9, nan_ok=True)


rounded = st.floats(0.01, 0.05).map(lambda move: round(move, 2))


@given(st.lists(st.tuples(rounded, rounded, st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=25))
@settings(max_examples=60, deadline=None)
def test_edge_agrees_with_the_library_where_prices_tie(bars: list[tuple[float, float, int, int]]) -> None:
    library = pytest.importorskip("bidask", reason="bidask is a test-only oracle of the dev extra")
    rows = []
    for low, width, first, last in bars:
        places = (low, low + width / 2.0, low + width)
        rows.append((1.0 + places[first], 1.0 + places[2], 1.0 + places[0], 1.0 + places[last]))
    columns = np.array(rows).T
    expected = library.edge(*columns, sign=True)
    assert edge_spread(*columns, signed=True) ** 2 == pytest.approx(expected**2, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("trade_probability", [1.0, 0.02])
def test_edge_is_right_where_high_low_estimators_miss(trade_probability: float) -> None:
    """Within a tenth for EDGE, beyond that for the others, with many trades a bar and with about eight."""
    open_, high, low, close = traded_walk(1, trade_probability=trade_probability).columns
    assert edge_spread(open_, high, low, close) == pytest.approx(SPREAD, rel=0.10)
    for other in (
        corwin_schultz_spread(high, low),
        corwin_schultz_spread(high, low, floored=False),
        abdi_ranaldo_spread(high, low, close, by_pair=True),
        roll_spread(close),
    ):
        assert abs(other - SPREAD) > 0.10 * SPREAD


def test_edge_is_unbiased_in_its_square() -> None:
    squares = []
    for seed in range(60):
        root = edge_spread(*traded_walk(seed, bars=250, trade_probability=0.05).columns, signed=True)
        squares.append(math.copysign(root**2, root))
    assert abs(np.mean(squares) - SPREAD**2) < 3.0 * np.std(squares) / math.sqrt(len(squares))


def test_roll_recovers_the_spread_of_single_trades_but_not_of_closes() -> None:
    bars = traded_walk(2, bars=200, trade_probability=0.2)
    assert roll_spread(bars.trades) == pytest.approx(SPREAD, rel=0.03)
    rising = np.exp(np.cumsum(np.cumsum(np.ones(30)) * 0.001))
    assert roll_spread(rising) == 0.0
    assert roll_spread(rising, floored=False) < 0.0


def test_roll_by_hand() -> None:
    """Log returns +a, -a, +a, -a: pairs (a, -a), (-a, a), (a, -a) have covariance -4/3 a^2, so S = 4 a / sqrt(3)."""
    price = np.exp([0.0, 0.01, 0.0, 0.01, 0.0])
    assert roll_spread(price) == pytest.approx(4.0 * 0.01 / math.sqrt(3.0))


def test_corwin_schultz_by_hand() -> None:
    """Two bars that each span exactly the spread: no volatility, so all of the range is spread."""
    high, low = np.exp(np.full(2, 0.005)), np.exp(np.full(2, -0.005))
    assert corwin_schultz_spread(high, low) == pytest.approx(2.0 * (math.exp(0.01) - 1.0) / (math.exp(0.01) + 1.0))
    apart = corwin_schultz_spread(high * [1.0, 1.1], low * [1.0, 1.1], floored=False)
    assert apart < 0.0
    assert corwin_schultz_spread(high * [1.0, 1.1], low * [1.0, 1.1]) == 0.0
    moved_back = corwin_schultz_spread(high * [1.0, 1.1], low * [1.0, 1.1], np.exp([0.005, 0.1]))
    assert moved_back == pytest.approx(
        corwin_schultz_spread(high * [1.0, 1.0 * math.exp(0.01)], low * [1.0, math.exp(0.01)])
    )


def test_abdi_ranaldo_by_hand() -> None:
    """Close at the ask of a still market, middles at 0: c - eta = S / 2 twice."""
    high, low, close = np.exp(np.full(5, 0.01)), np.exp(np.full(5, -0.01)), np.exp(np.full(5, 0.002))
    assert abdi_ranaldo_spread(high, low, close) == pytest.approx(0.004)
    assert abdi_ranaldo_spread(high, low, close, by_pair=True) == pytest.approx(0.004)
    trending = np.exp(np.arange(5) * 0.05)
    assert abdi_ranaldo_spread(high * trending, low * trending, close * trending) == 0.0
    assert abdi_ranaldo_spread(high * trending, low * trending, close * trending, floored=False) < 0.0


@given(st.floats(0.1, 1000.0), st.integers(0, 20))
@settings(max_examples=20, deadline=None)
def test_the_unit_of_the_price_does_not_matter(unit: float, seed: int) -> None:
    open_, high, low, close = traded_walk(seed, bars=40, trade_probability=0.05).columns
    for estimate in (
        lambda by: edge_spread(open_ * by, high * by, low * by, close * by) ** 2,
        lambda by: corwin_schultz_spread(high * by, low * by, close * by),
        lambda by: abdi_ranaldo_spread(high * by, low * by, close * by, by_pair=True),
        lambda by: roll_spread(close * by, floored=False),
    ):
        assert estimate(unit) == pytest.approx(estimate(1.0), abs=1e-9, nan_ok=True)


def test_too_little_is_unknown_and_impossible_prices_are_refused() -> None:
    few = np.array([1.0, 1.1])
    still = np.ones(10)
    assert math.isnan(edge_spread(few, few, few, few))
    assert math.isnan(edge_spread(still, still, still, still))
    assert math.isnan(edge_spread(*np.full((4, 10), np.nan)))
    assert math.isnan(roll_spread(few))
    assert math.isnan(corwin_schultz_spread(few[:1], few[:1]))
    assert math.isnan(abdi_ranaldo_spread(still * math.nan, still, still))
    for bad in (lambda: edge_spread(-still, still, still, still), lambda: edge_spread(few, still, still, still)):
        with pytest.raises(CalculationError):
            bad()
    for bad in (lambda: roll_spread(still - 1.0), lambda: corwin_schultz_spread(few, still)):
        with pytest.raises(CalculationError):
            bad()
