"""The distribution behind a smile: a lognormal where it is flat, and calculus where it is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.stats import lognorm

from engine.signals.options_math.price_distribution import PriceDistribution
from engine.signals.options_math.smile_distribution import SmileDistribution, durrleman

X = np.linspace(0.5, 1.8, 27)


@dataclass(frozen=True)
class Parabola:
    """w = level + tilt k + bend k^2: no model, but any smile must do."""

    level: float
    tilt: float = 0.0
    bend: float = 0.0

    def total_variance(self, k: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w = self.level + self.tilt * k + self.bend * k * k
        return w, self.tilt + 2.0 * self.bend * k, np.full_like(np.asarray(k, dtype=float), 2.0 * self.bend)


def test_a_flat_smile_is_the_lognormal() -> None:
    flat: PriceDistribution = SmileDistribution(Parabola(0.04))
    oracle = lognorm(s=0.2, scale=np.exp(-0.02))
    np.testing.assert_allclose(flat.pdf(X), oracle.pdf(X), rtol=1e-13)
    np.testing.assert_allclose(flat.cdf(X), oracle.cdf(X), rtol=1e-13)
    np.testing.assert_allclose(durrleman(np.log(X), *Parabola(0.04).total_variance(np.log(X))), 1.0)


def test_derivatives_of_the_prices() -> None:
    smile = SmileDistribution(Parabola(0.04, -0.03, 0.05))
    h = 1e-4
    calls = np.stack([smile.call_prices(X + shift) for shift in (-h, 0.0, h)])
    np.testing.assert_allclose(smile.cdf(X), 1.0 + (calls[2] - calls[0]) / (2.0 * h), atol=2e-8)
    np.testing.assert_allclose(smile.pdf(X), (calls[2] - 2.0 * calls[1] + calls[0]) / h**2, atol=2e-6)


def test_parity_and_far_puts_without_cancellation() -> None:
    smile = SmileDistribution(Parabola(0.01, -0.002))
    np.testing.assert_allclose(smile.call_prices(X) - smile.put_prices(X), 1.0 - X, atol=1e-15)
    far = np.array([0.45, 0.5])
    oracle = [quad(lambda x, k=k: (k - x) * smile.pdf(np.array([x]))[0], 0.2, k, epsabs=0.0)[0] for k in far]
    assert np.all(smile.put_prices(far) < 1e-12)
    np.testing.assert_allclose(smile.put_prices(far), oracle, rtol=1e-6)


def test_an_arbitrageable_smile_shows_its_negative_density() -> None:
    steep = SmileDistribution(Parabola(0.04, 0.0, 2.0))
    assert steep.pdf(X).min() < 0.0
