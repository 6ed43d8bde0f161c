"""The level at the money, and what counts as quoted."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signals.options_math.black76 import price
from engine.signals.options_math.quoted_deviations import quoted_deviations, two_sided_strikes
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.svi import Svi
from tests.engine.signals.options_math.quoted_chains import quoted_around

SMILE = Svi(0.002, 0.06, -0.4, 0.03, 0.08)
STRIKES = np.arange(0.85, 1.16, 0.025)


def test_inverts_each_middle_and_reads_the_level_at_the_money() -> None:
    quoted = quoted_deviations(quoted_around(SMILE.distribution, STRIKES, 2e-5))
    assert quoted is not None
    w = SMILE.total_variance(quoted.k)[0]
    np.testing.assert_allclose(quoted.deviation, np.sqrt(w), rtol=1e-8)
    assert quoted.at_the_money == pytest.approx(float(np.sqrt(SMILE.total_variance(np.zeros(1))[0][0])), rel=0.05)
    assert quoted.gap == pytest.approx(0.025, rel=0.05)
    assert np.all(quoted.error > 0.0)


def test_quotes_on_one_side_of_the_money_give_a_level_all_the_same() -> None:
    value, _ = price(1.0, np.array([1.05, 1.1]), 1.0, 0.2, True)
    one_side = QuotedIntervals(
        np.array([1.05, 1.1]), np.array([True, True]), value - 1e-3, value + 1e-3, value, np.array([True, True])
    )
    quoted = quoted_deviations(one_side)
    assert quoted is not None and quoted.at_the_money == pytest.approx(0.2, rel=1e-6)


def test_nothing_to_invert_is_none() -> None:
    empty = QuotedIntervals(
        np.array([1.1]), np.array([True]), np.zeros(1), np.array([0.01]), np.array([0.005]), np.array([False])
    )
    assert quoted_deviations(empty) is None
    assert two_sided_strikes(empty) == 0


def test_both_rights_of_one_strike_count_once() -> None:
    both = QuotedIntervals(
        np.array([1.0, 1.0, 1.1]), np.array([False, True, True]), np.full(3, 0.01), np.full(3, 0.02),
        np.full(3, 0.015), np.array([True, True, True]),
    )  # fmt: skip
    assert two_sided_strikes(both) == 2
