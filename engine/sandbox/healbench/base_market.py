"""The faultless market that all families of one seed share.

Features are AR(1) with phi .9 and unit variance; y = sigma_t (rho b'x + sqrt(1 - rho^2) eps) with eps = t5 / sqrt(5/3),
ln sigma AR(.98) sd .2, half-spread .05 exp(AR(.9) sd .3), volume exp(AR(.9) sd .4). The six weights b, of sizes
proportional to (.7, .5, .4, .25, .15, .1), stand in an order of their own for each seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.sandbox.healbench.heal_world import BARS, CORRELATION, FloatArray

FEATURES: Final = 6
FEATURE_AR1: Final = 0.9
SIGNAL_SIZES: Final = (0.7, 0.5, 0.4, 0.25, 0.15, 0.1)
FIRST_FAULT_BAR: Final = 1400
LAST_FAULT_BAR: Final = 1800
_ROOT: Final = 0x4EA1
_NOISE_FREEDOM: Final = 5.0


def random_stream(seed: int, name: str) -> np.random.Generator:
    """An independent stream for each seed and name, so that one ingredient never shifts another."""
    return np.random.default_rng(np.random.SeedSequence([_ROOT, seed, *name.encode()]))


def ar1_paths(rng: np.random.Generator, phi: float, bars: int, columns: int) -> FloatArray:
    """Stationary Gaussian AR(1) paths of unit variance, shape [bars, columns].

    x_t = sum_k phi^k e_(t-k) is summed by doubling: S_2k(t) = S_k(t) + phi^k S_k(t-k).
    """
    paths: FloatArray = rng.standard_normal((bars, columns))
    paths[1:] *= np.sqrt(1.0 - phi * phi)
    step = 1
    while step < bars:
        paths[step:] += phi**step * paths[:-step].copy()
        step *= 2
    return paths


@dataclass(slots=True)
class BaseMarket:
    """The draws of one seed, free to be changed by the families. `noise` has unit variance; `beta[t]` includes rho."""

    clean_x: FloatArray
    beta: FloatArray
    noise: FloatArray
    sigma: FloatArray
    sigma_level: FloatArray
    spread: FloatArray
    volume: FloatArray
    fault_bar: int
    fault_feature: int

    def returns(self) -> FloatArray:
        """y_t = sigma_t (beta_t . x_t + sqrt(1 - rho^2) eps_t), shape [T]."""
        signal = np.einsum("td,td->t", self.beta, self.clean_x)
        result: FloatArray = self.sigma * (signal + np.sqrt(1.0 - CORRELATION**2) * self.noise)
        return result


def draw_base_market(seed: int) -> BaseMarket:
    """The market of a seed, with the bar (uniform on 1400..1800) and the feature (uniform) at which a fault would
    strike."""
    sizes = np.array(SIGNAL_SIZES) / np.linalg.norm(SIGNAL_SIZES)
    weights = CORRELATION * random_stream(seed, "order").permutation(sizes)
    noise = random_stream(seed, "noise").standard_t(_NOISE_FREEDOM, BARS)
    log_sigma = 0.2 * ar1_paths(random_stream(seed, "sigma"), 0.98, BARS, 1)[:, 0]
    log_spread = 0.3 * ar1_paths(random_stream(seed, "spread"), 0.9, BARS, 1)[:, 0]
    log_volume = 0.4 * ar1_paths(random_stream(seed, "volume"), 0.9, BARS, 1)[:, 0]
    fault = random_stream(seed, "fault")
    fault_bar = int(fault.integers(FIRST_FAULT_BAR, LAST_FAULT_BAR + 1))
    return BaseMarket(
        clean_x=ar1_paths(random_stream(seed, "features"), FEATURE_AR1, BARS, FEATURES),
        beta=np.tile(weights, (BARS, 1)),
        noise=noise / np.sqrt(_NOISE_FREEDOM / (_NOISE_FREEDOM - 2.0)),
        sigma=np.exp(log_sigma),
        sigma_level=np.ones(BARS),
        spread=0.05 * np.exp(log_spread),
        volume=np.exp(log_volume),
        fault_bar=fault_bar,
        fault_feature=int(fault.integers(FEATURES)),
    )
