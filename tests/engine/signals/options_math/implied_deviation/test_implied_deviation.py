"""One step where it may be taken, iterations elsewhere: both find the deviation that was put in."""

from __future__ import annotations

import numpy as np

from engine.signals.options_math.implied_deviation import iterated, one_step
from engine.signals.options_math.normalised_black import normalised_price


def grid(s_from: float, s_to: float, h_to: float) -> tuple[np.ndarray, np.ndarray]:
    h, s = np.meshgrid(np.linspace(1e-3, h_to, 60), np.linspace(s_from, s_to, 60))
    return (h * s).ravel(), s.ravel()


def test_one_step_is_enough_for_every_ordinary_option() -> None:
    x, s = grid(0.005, 0.95, 6.0)
    value = normalised_price(x, s)
    w = np.log1p(2.0 * np.sinh(0.5 * x) / value)
    found, slope, good = one_step(x, value, np.ones_like(x), w)
    assert good.all()
    assert np.max(np.abs(found / s - 1.0)) < 1e-14
    step = 1e-6 * s
    log_slope = (np.log(normalised_price(x, s + step)) - np.log(normalised_price(x, s - step))) / (2.0 * step)
    assert np.max(np.abs(slope / log_slope - 1.0)) < 1e-2


def test_one_step_says_where_it_does_not_reach() -> None:
    x, s = grid(1.5, 6.0, 8.0)
    value = normalised_price(x, s)
    with np.errstate(all="ignore"):
        found, _, good = one_step(x, value, np.ones_like(x), np.log1p(2.0 * np.sinh(0.5 * x) / value))
    assert not good.all()
    assert np.all(np.abs(found[good] / s[good] - 1.0) < 1e-14)


def test_iterations_reach_every_other_option() -> None:
    for x, s in (grid(0.01, 9.0, 30.0), grid(1e-7, 1e-3, 20.0)):
        value = normalised_price(x, s)
        missing = np.exp(-0.5 * x) - value
        usable = (missing > 1e-6 * np.exp(-0.5 * x)) & (value > 0)
        with np.errstate(all="ignore"):
            found, slope = iterated(x[usable], np.log(value[usable]), np.log(missing[usable]))
        resolution = 1e-15 * np.exp(-0.5 * x[usable]) / np.minimum(missing, value)[usable]
        assert np.all(np.abs(found / s[usable] - 1.0) < 1e-13 + 10.0 * resolution)
        assert np.all(slope > 0)
