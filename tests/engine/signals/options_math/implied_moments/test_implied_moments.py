"""Moments against 50-digit closed forms of lognormal mixtures, power laws, and the integrals of 2003."""

from __future__ import annotations

import math
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from engine.signals.options_math.implied_moments import (
    MomentSet,
    bkm_moments,
    bkm_moments_of_distribution,
    bkm_moments_of_quotes,
    moments_of_distribution,
)
from engine.signals.options_math.quoted_intervals import QuotedIntervals


@dataclass(frozen=True)
class Mixture:
    """Lognormal parts of x = S/F with mean 1."""

    weight: np.ndarray
    centre: np.ndarray
    deviation: np.ndarray

    def call_prices(self, strike: np.ndarray) -> np.ndarray:
        d2 = (self.centre - np.log(strike)[:, None]) / self.deviation
        means = np.exp(self.centre + self.deviation**2 / 2)
        return (means * ndtr(d2 + self.deviation) - strike[:, None] * ndtr(d2)) @ self.weight

    def put_prices(self, strike: np.ndarray) -> np.ndarray:
        d2 = (self.centre - np.log(strike)[:, None]) / self.deviation
        means = np.exp(self.centre + self.deviation**2 / 2)
        return (strike[:, None] * ndtr(-d2) - means * ndtr(-d2 - self.deviation)) @ self.weight

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return ndtr((np.log(x)[:, None] - self.centre) / self.deviation) @ self.weight

    def pdf(self, x: np.ndarray) -> np.ndarray:
        z = (np.log(x)[:, None] - self.centre) / self.deviation
        return np.exp(-0.5 * z * z) / (math.sqrt(2 * math.pi) * self.deviation * x[:, None]) @ self.weight


def mixture(weight: list[float], shift: list[float], deviation: list[float]) -> Mixture:
    w, m, s = np.array(weight) / sum(weight), np.array(shift), np.array(deviation)
    return Mixture(w, m - math.log(float(w @ np.exp(m + s**2 / 2))), s)


CASES = {
    "lognormal": mixture([1.0], [0.0], [0.0878]),
    "one day": mixture([1.0], [0.0], [0.008]),
    "two years at 150 %": mixture([1.0], [0.0], [2.1]),
    "bimodal": mixture([0.55, 0.45], [-0.07, 0.08], [0.035, 0.04]),
    "crash": mixture([0.79, 0.2, 0.01], [0.03, -0.08, -0.9], [0.08, 0.14, 0.05]),
    "fat tails": mixture([0.8, 0.2], [0.0, 0.0], [0.1, 0.6]),
    "a narrow peak far out": mixture([0.99, 0.01], [0.0, -0.8], [0.1, 0.004]),
}


def exact(truth: Mixture, of_price: bool) -> tuple[list[mpmath.mpf], MomentSet]:
    """Raw moments 0..4 and the standardised ones, of x or of ln x, in 50 digits."""
    parts = [tuple(mpmath.mpf(float(v)) for v in part)
             for part in zip(truth.weight, truth.centre, truth.deviation, strict=True)]  # fmt: skip
    total = mpmath.fsum(w for w, _, _ in parts)

    def normal(n: int, c: mpmath.mpf, s: mpmath.mpf) -> mpmath.mpf:
        even = range(0, n + 1, 2)
        return mpmath.fsum(math.comb(n, j) * c ** (n - j) * s**j * mpmath.fac2(j - 1) if j else c**n for j in even)

    raw = [
        mpmath.fsum(w * (mpmath.exp(n * c + n**2 * s**2 / 2) if of_price else normal(n, c, s)) for w, c, s in parts)
        / total
        for n in range(5)
    ]
    _, a, b, c, d = raw
    variance = b - a**2
    third = c - 3 * a * b + 2 * a**3
    fourth = d - 4 * a * c + 6 * a**2 * b - 3 * a**4
    moments = (a, variance, third / variance ** mpmath.mpf("1.5"), fourth / variance**2 - 3)
    return raw, MomentSet(*(float(item) for item in moments))


def assert_close(found: MomentSet, wanted: MomentSet, tolerance: float) -> None:
    scale = math.sqrt(wanted.variance)
    assert found.mean == pytest.approx(wanted.mean, abs=tolerance * scale)
    assert found.variance == pytest.approx(wanted.variance, rel=tolerance)
    assert found.skewness == pytest.approx(wanted.skewness, rel=tolerance, abs=tolerance)
    assert found.excess_kurtosis == pytest.approx(wanted.excess_kurtosis, rel=tolerance, abs=3 * tolerance)


@pytest.mark.parametrize("truth", CASES.values(), ids=CASES.keys())
def test_moments_of_mixtures(truth: Mixture) -> None:
    with mpmath.workdps(50):
        (_, price), (_, log_return) = exact(truth, True), exact(truth, False)
    found = moments_of_distribution(truth)
    assert found.mass == pytest.approx(1.0, abs=1e-12)
    assert_close(found.price, price, 1e-8)
    assert_close(found.log_return, log_return, 1e-8)


@settings(max_examples=40, deadline=None)
@given(
    weight=st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3),
    shift=st.lists(st.floats(-0.8, 0.8), min_size=3, max_size=3),
    deviation=st.lists(st.floats(0.01, 0.9), min_size=3, max_size=3),
)
def test_moments_of_any_mixture(weight: list[float], shift: list[float], deviation: list[float]) -> None:
    truth = mixture(weight, shift, deviation)
    with mpmath.workdps(50):
        (_, price), (raw, log_return) = exact(truth, True), exact(truth, False)
    found = moments_of_distribution(truth)
    assert_close(found.price, price, 1e-8)
    assert_close(found.log_return, log_return, 1e-8)
    bkm = bkm_moments_of_distribution(truth)
    assert bkm is not None
    for value, wanted in zip((bkm.mean_log_contract, bkm.second, bkm.third, bkm.fourth), raw[1:], strict=True):
        assert value == pytest.approx(float(wanted), rel=1e-8, abs=1e-8 * float(raw[2]))
    assert_close(bkm.log_contract, log_return, 1e-8)
    assert_close(bkm.price, price, 1e-8)


@dataclass(frozen=True)
class PowerLaw:
    """ln x is Laplace: the density of x falls like x^-(1 + right) above and rises like x^(left - 1) below its mode."""

    left: float
    right: float

    @property
    def mode(self) -> float:
        return 1.0 / (self.left * self.right / ((self.left + 1.0) * (self.right - 1.0)))

    def pdf(self, x: np.ndarray) -> np.ndarray:
        y = np.log(x / self.mode)
        height = self.left * self.right / (self.left + self.right)
        return height * np.exp(np.where(y < 0.0, self.left * y, -self.right * y)) / x

    def cdf(self, x: np.ndarray) -> np.ndarray:
        y = np.log(x / self.mode)
        total = self.left + self.right
        below = self.right / total * np.exp(self.left * np.minimum(y, 0.0))
        return np.where(y < 0.0, below, 1.0 - self.left / total * np.exp(-self.right * np.maximum(y, 0.0)))

    def call_prices(self, strike: np.ndarray) -> np.ndarray:
        y = np.log(strike / self.mode)
        above = self.left / (self.left + self.right) * strike * np.exp(-self.right * y) / (self.right - 1.0)
        return np.where(y >= 0.0, above, self._put_below(strike) + 1.0 - strike)

    def put_prices(self, strike: np.ndarray) -> np.ndarray:
        return np.where(strike < self.mode, self._put_below(strike), self.call_prices(strike) - 1.0 + strike)

    def _put_below(self, strike: np.ndarray) -> np.ndarray:
        y = np.minimum(np.log(strike / self.mode), 0.0)
        return self.right / (self.left + self.right) * strike * np.exp(self.left * y) / (self.left + 1.0)


def test_power_laws_have_the_moments_that_exist_and_no_others() -> None:
    heavy = PowerLaw(left=6.0, right=3.8)
    found = moments_of_distribution(heavy)
    assert found.mass == pytest.approx(1.0, abs=1e-10)
    raw = [heavy.mode**n * 6.0 * 3.8 / ((6.0 + n) * (3.8 - n)) for n in range(4)]
    variance = raw[2] - raw[1] ** 2
    assert found.price.mean == pytest.approx(1.0, rel=1e-10)
    assert found.price.variance == pytest.approx(variance, rel=1e-9)
    skewness = (raw[3] - 3 * raw[1] * raw[2] + 2 * raw[1] ** 3) / variance**1.5
    assert found.price.skewness == pytest.approx(skewness, rel=1e-8)
    assert math.isnan(found.price.excess_kurtosis)
    # The cumulants of an asymmetric Laplace: (n - 1)! (1 / right^n + (-1)^n / left^n).
    cumulant = [math.factorial(n - 1) * (1 / 3.8**n + (-1) ** n / 6.0**n) for n in range(1, 5)]
    assert found.log_return.mean == pytest.approx(math.log(heavy.mode) + cumulant[0], rel=1e-9)
    assert found.log_return.variance == pytest.approx(cumulant[1], rel=1e-9)
    assert found.log_return.skewness == pytest.approx(cumulant[2] / cumulant[1] ** 1.5, rel=1e-9)
    assert found.log_return.excess_kurtosis == pytest.approx(cumulant[3] / cumulant[1] ** 2, rel=1e-9)
    limited = moments_of_distribution(heavy, price_limit=5.0).price
    assert limited.mean < 1.0 and math.isfinite(limited.excess_kurtosis)


def test_shares_outside_the_quoted_strikes() -> None:
    truth = CASES["crash"]
    found = moments_of_distribution(truth, 0.85, 1.15)
    with mpmath.workdps(20):

        def integral(low: float, high: float, power: int) -> float:
            def at(y: mpmath.mpf) -> mpmath.mpf:
                z = [(y - c) / s for c, s in zip(truth.centre.tolist(), truth.deviation.tolist(), strict=True)]
                density = mpmath.fsum(
                    w * mpmath.npdf(v) / s
                    for w, v, s in zip(truth.weight.tolist(), z, truth.deviation.tolist(), strict=True)
                )
                return density * abs(y - found.log_return.mean) ** power

            cuts = [p for p in (-1.2, -0.9, -0.6, -0.3, 0.0, 0.3) if low < p < high]
            return float(mpmath.quad(at, [low, *cuts, high]))

        for power, name in ((2, "variance"), (3, "skewness"), (4, "excess_kurtosis")):
            inside = integral(math.log(0.85), math.log(1.15), power)
            share = 1.0 - inside / (
                inside + integral(-2.0, math.log(0.85), power) + integral(math.log(1.15), 1.5, power)
            )
            assert getattr(found.log_share_outside, name) == pytest.approx(share, abs=1e-7)
    shares = found.price_share_outside
    assert 0.0 < shares.mean < shares.variance < shares.skewness < shares.excess_kurtosis < 1.0
    wider = moments_of_distribution(truth, 0.6, 1.4).price_share_outside
    assert wider.variance < shares.variance


def test_what_is_not_a_distribution_has_no_moments() -> None:
    class Nothing(Mixture):
        def pdf(self, x: np.ndarray) -> np.ndarray:
            return np.full_like(x, np.nan)

    truth = CASES["lognormal"]
    found = moments_of_distribution(Nothing(truth.weight, truth.centre, truth.deviation))
    assert math.isnan(found.price.variance) and math.isnan(found.log_return.mean)


def test_without_strikes_no_share_is_claimed() -> None:
    found = moments_of_distribution(CASES["lognormal"])
    assert math.isnan(found.price_share_outside.variance) and math.isnan(found.log_share_outside.skewness)


def test_units_of_the_price() -> None:
    scaled = MomentSet(1.0, 0.04, -0.3, 1.2).scaled(80.0)
    assert scaled == MomentSet(80.0, 256.0, -0.3, 1.2)


@pytest.mark.parametrize("name", ["lognormal", "bimodal", "crash"])
def test_bkm_from_a_dense_wide_ladder(name: str) -> None:
    truth = CASES[name]
    strike = np.concatenate([np.linspace(0.15, 1.0, 8001), np.linspace(1.0, 3.0, 8001)[1:]])
    otm = np.where(strike < 1.0, truth.put_prices(strike), truth.call_prices(strike))
    with mpmath.workdps(50):
        raw, log_return = exact(truth, False)
        _, price = exact(truth, True)
    found = bkm_moments(strike, otm)
    assert found is not None and (found.strike_low, found.strike_high) == (0.15, 3.0)
    for value, wanted in zip((found.mean_log_contract, found.second, found.third, found.fourth), raw[1:], strict=True):
        assert value == pytest.approx(float(wanted), abs=1e-8)
    assert_close(found.log_contract, log_return, 1e-6)
    assert_close(found.price, price, 1e-6)
    rough = bkm_moments(strike, otm, "trapezoid")
    assert rough is not None and rough.second == pytest.approx(found.second, rel=1e-4)


def test_the_mean_has_no_drift_on_a_future() -> None:
    found = bkm_moments_of_distribution(CASES["lognormal"])
    assert found is not None
    assert found.mean_series == -(found.second / 2 + found.third / 6 + found.fourth / 24)
    # E[exp(R)] = 1 up to the fifth moment of R; E[R] = -variance / 2 for a lognormal.
    assert found.mean_series == pytest.approx(-(0.0878**2) / 2, rel=1e-5)
    assert found.mean_log_contract == pytest.approx(-(0.0878**2) / 2, rel=1e-10)
    assert found.series.variance == pytest.approx(found.log_contract.variance, rel=1e-5)


def test_truncation_hides_the_tails() -> None:
    truth = CASES["crash"]
    whole, cut = bkm_moments_of_distribution(truth), bkm_moments_of_distribution(truth, 0.8, 1.2)
    assert whole is not None and cut is not None
    assert (cut.strike_low, cut.strike_high) == (0.8, 1.2)
    assert cut.log_contract.variance < whole.log_contract.variance
    assert abs(cut.log_contract.skewness) < abs(whole.log_contract.skewness)
    assert cut.log_contract.excess_kurtosis < whole.log_contract.excess_kurtosis


def chain(truth: Mixture, strike: np.ndarray) -> QuotedIntervals:
    levels = np.repeat(strike, 2)
    is_call = np.tile([False, True], strike.size)
    value = np.where(is_call, truth.call_prices(levels), truth.put_prices(levels))
    low, high = np.maximum(value - 5e-4, 0.0), value + 5e-4
    return QuotedIntervals(levels, is_call, low, high, 0.5 * (low + high), low > 0.0)


def test_bkm_of_quotes_between_strikes() -> None:
    truth = CASES["lognormal"]
    quotes = chain(truth, np.arange(61.0, 100.0, 2.0) / 80.0)
    found = bkm_moments_of_quotes(quotes)
    assert found is not None
    assert found.strike_low == quotes.strike[quotes.two_sided & ~quotes.is_call].min()
    assert math.sqrt(found.log_contract.variance) == pytest.approx(0.0878, rel=0.01)
    assert abs(found.log_contract.skewness) < 0.15
    shuffled = np.random.default_rng(1).permutation(quotes.strike.size)
    fields = (quotes.strike, quotes.is_call, quotes.low, quotes.high, quotes.middle, quotes.two_sided)
    assert bkm_moments_of_quotes(QuotedIntervals(*(item[shuffled] for item in fields))) == found


def test_bkm_needs_two_strikes_on_each_side() -> None:
    strike = np.array([0.9, 0.95, 1.05, 1.1])
    assert bkm_moments(strike, np.array([0.01, 0.02, 0.02, 0.01])) is not None
    assert bkm_moments(strike[1:], np.array([0.02, 0.02, 0.01])) is None
    assert bkm_moments(strike, np.array([0.01, math.nan, 0.02, 0.01])) is None
    assert bkm_moments(strike, np.array([0.01, 0.96, 0.02, 0.01])) is None, "a put worth more than its strike"
