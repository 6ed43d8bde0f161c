"""Where a rate comes from: the chain itself, its neighbours, or the bounds; the more precise one, never silently."""

from __future__ import annotations

import math

import pytest

from engine.signals.options_math.chain_rate import ChainRate, RateBounds, RateCurve, own_rate, rate_of_chain
from engine.signals.options_math.forward import ForwardEstimate

BOUNDS = RateBounds(0.0, 0.06)


def estimate(rate: float, years: float, error: float) -> ForwardEstimate:
    discount = math.exp(-rate * years)
    return ForwardEstimate(100.0, discount, 0.1, 20, error * discount * years)


def test_a_parity_estimate_says_its_rate_and_error() -> None:
    told = own_rate(estimate(0.05, 0.5, 0.002), 0.5)
    assert told is not None and told.source == "parity"
    assert told.rate == pytest.approx(0.05) and told.error == pytest.approx(0.002)
    assert own_rate(ForwardEstimate(100.0, 1.0, 0.1, 3, math.inf), 0.5) is None


def test_the_curve_is_linear_between_and_level_beyond_and_doubts_what_is_far() -> None:
    curve = RateCurve.of([(1.0, ChainRate(0.04, 0.002, "american pairs")), (0.5, ChainRate(0.02, 0.001, "parity")),
                          (0.1, ChainRate(0.5, 0.2, "parity")), (0.2, BOUNDS.as_rate()),
                          (0.3, ChainRate(0.5, 0.001, "other expiries"))])  # fmt: skip
    assert [point[0] for point in curve.points] == [0.5, 1.0], "those that tell it themselves, and well"
    middle, beyond, far = curve.at(0.75), curve.at(2.0), curve.at(1e-3)
    assert middle is not None and middle.rate == pytest.approx(0.03)
    assert beyond is not None and beyond.rate == pytest.approx(0.04) and beyond.error > 0.002
    assert far is None
    assert RateCurve(()).at(1.0) is None


def test_a_chain_is_not_its_own_neighbour() -> None:
    curve = RateCurve.of([(0.5, ChainRate(0.02, 0.001, "parity"))])
    assert curve.at(0.5) is not None and curve.at(0.5, without_own=True) is None


def test_the_more_precise_source_speaks() -> None:
    curve = RateCurve.of([(0.5, ChainRate(0.02, 0.001, "parity"))])
    precise, vague = ChainRate(0.03, 0.0005, "parity"), ChainRate(0.10, 0.009, "parity")
    assert rate_of_chain(precise, curve, 0.6, BOUNDS) is precise
    assert rate_of_chain(vague, curve, 0.6, BOUNDS).source == "other expiries"
    assert rate_of_chain(vague, None, 0.6, BOUNDS) is vague
    assert rate_of_chain(None, None, 0.6, BOUNDS) == ChainRate(0.03, 0.03, "bounds")


def test_what_is_known_exactly_is_not_overruled() -> None:
    known = RateBounds(0.0, 0.0)
    curve = RateCurve.of([(0.5, ChainRate(0.02, 0.001, "parity"))])
    assert rate_of_chain(ChainRate(0.01, 0.001, "parity"), curve, 0.6, known) == ChainRate(0.0, 0.0, "bounds")


def test_a_doubtful_reading_narrows_the_bounds() -> None:
    told = BOUNDS.narrowed(ChainRate(0.06, 0.01, "american pairs"))
    assert 0.03 < told.rate < 0.06 and told.error < 0.01 and told.source == "american pairs"
    assert BOUNDS.narrowed(ChainRate(0.5, 0.2, "american pairs")) == BOUNDS.as_rate()
    assert rate_of_chain(ChainRate(0.06, 0.015, "parity"), None, 0.05, BOUNDS).error < 0.015
