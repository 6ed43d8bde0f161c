"""Quotes as intervals of undiscounted European prices: parity, discounting, de-Americanisation, doubt."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.signals.options_math.american import american_price
from engine.signals.options_math.black76 import price
from engine.signals.options_math.chain_cleaning import CleanQuote
from engine.signals.options_math.european_intervals import OptionTerms, european_intervals

STRIKES = np.array([60.0, 72.0, 80.0, 88.0, 100.0])


def quotes_of(values: np.ndarray, is_call: bool, half: float = 0.05) -> list[CleanQuote]:
    return [
        CleanQuote(float(k), is_call, max(0.0, float(v) - half), float(v) + half, math.nan)
        for k, v in zip(STRIKES, values, strict=True)
    ]


@pytest.mark.parametrize("is_call", [True, False])
def test_european_premiums_lose_their_discount_and_their_intrinsic_value(is_call: bool) -> None:
    present, _ = price(80.0, STRIKES, 0.5, 0.3, is_call, 0.05)
    intervals = european_intervals(quotes_of(present, is_call), OptionTerms(80.0, 0.5, 0.05))
    assert np.all(intervals.is_call == np.where(STRIKES == 80.0, is_call, STRIKES > 80.0))
    expected = price(80.0, STRIKES, 0.5, 0.3, intervals.is_call)[0] / 80.0
    assert np.all(intervals.low <= expected + 1e-12) and np.all(expected <= intervals.high + 1e-12)
    np.testing.assert_allclose(intervals.high - expected, 0.05 * math.exp(0.025) / 80.0, rtol=1e-6)


@pytest.mark.parametrize("is_call", [True, False])
def test_american_premiums_lose_their_early_exercise_premium(is_call: bool) -> None:
    values, _ = american_price(80.0, STRIKES, 0.8, 0.26, is_call, 0.06)
    terms = OptionTerms(80.0, 0.8, 0.06, 0.0, "american", 0.025)
    intervals = european_intervals(quotes_of(values, is_call, 0.1), terms)
    expected = price(80.0, STRIKES, 0.8, 0.26, intervals.is_call)[0] / 80.0
    assert np.all(intervals.low <= expected + 1e-9) and np.all(expected <= intervals.high + 1e-9)
    naive = european_intervals(quotes_of(values, is_call, 0.1), OptionTerms(80.0, 0.8, 0.06))
    deep = 0 if is_call else -1
    assert naive.low[deep] > expected[deep], "without it the deep in-the-money quote would be called an arbitrage"


def test_doubt_about_the_rate_widens_and_never_narrows() -> None:
    values, _ = american_price(80.0, STRIKES, 0.8, 0.26, True, 0.03)
    quotes = quotes_of(values, True)
    sure = european_intervals(quotes, OptionTerms(80.0, 0.8, 0.03, 0.0, "american", 0.025))
    unsure = european_intervals(quotes, OptionTerms(80.0, 0.8, 0.03, 0.03, "american", 0.025))
    assert np.all(unsure.low <= sure.low + 1e-12) and np.all(unsure.high >= sure.high - 1e-12)
    assert np.any(unsure.high > sure.high + 1e-5)


def test_a_bid_of_zero_bounds_from_above_only() -> None:
    quotes = [CleanQuote(100.0, True, 0.0, 0.2, 1.0), CleanQuote(60.0, True, 0.0, 21.0, 1.0)]
    for style in ("european", "american"):
        intervals = european_intervals(quotes, OptionTerms(80.0, 0.3, 0.02, 0.0, style, 0.025))  # type: ignore[arg-type]
        assert intervals.low.tolist() == [0.0, 0.0]
        assert not intervals.two_sided.any()
        assert np.all(intervals.high > 0.0)
