"""One report as shares: by class, whatever the order; suppressed is missing; mirrored is mirrored."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import CotPosition, CotReport
from engine.signals.sentiment.cot_shares import cot_shares

contracts = st.integers(0, 200_000).map(float)
classes = st.tuples(*(st.builds(CotPosition, st.just(name), contracts, contracts, contracts)
                      for name in ("producer_merchant", "swap_dealer", "managed_money", "nonreportable")))  # fmt: skip


def of(positions: tuple[CotPosition, ...], interest: float = 250_000.0) -> CotReport:
    return CotReport("lean_hogs", "disaggregated", False, 0, 1, interest, positions)


def test_figures_by_hand() -> None:
    found = cot_shares(of((CotPosition("producer_merchant", 20.0, 60.0, math.nan),
                           CotPosition("managed_money", 60.0, 40.0, 5.0),
                           CotPosition("nonreportable", 20.0, 0.0, math.nan)), 100.0))  # fmt: skip
    assert found.crowd == pytest.approx(0.2) and found.hedgers == pytest.approx(-0.4)
    assert found.concentration == pytest.approx(0.6**2 + 0.2**2 + 0.2**2)


@given(classes, st.permutations(range(4)))
def test_the_order_of_the_classes_means_nothing(positions: tuple[CotPosition, ...], order: list[int]) -> None:
    assert repr(cot_shares(of(positions))) == repr(cot_shares(of(tuple(positions[index] for index in order))))


@given(classes)
def test_long_for_short_changes_the_signs_alone(positions: tuple[CotPosition, ...]) -> None:
    swapped = tuple(CotPosition(one.category, one.short, one.long, one.spreading) for one in positions)
    one, other = cot_shares(of(positions)), cot_shares(of(swapped))
    assert (other.crowd, other.hedgers) == (-one.crowd, -one.hedgers)
    assert repr(other.concentration) == repr(one.concentration)
    if one.concentration == one.concentration:
        assert 0.25 - 1e-12 <= one.concentration <= 1.0 + 1e-12


def test_what_is_suppressed_is_missing_and_nothing_else() -> None:
    hidden = (CotPosition("producer_merchant", 20.0, 60.0, math.nan), CotPosition("managed_money", math.nan, 40.0, 5.0))
    found = cot_shares(of(hidden, 100.0))
    assert math.isnan(found.crowd) and math.isnan(found.concentration) and found.hedgers == pytest.approx(-0.4)


@pytest.mark.parametrize("interest", [0.0, -1.0, math.nan])
def test_without_open_interest_there_is_no_share(interest: float) -> None:
    found = cot_shares(of((CotPosition("managed_money", 60.0, 40.0, 5.0),), interest))
    assert math.isnan(found.crowd)


def test_financial_reports_are_not_scored() -> None:
    with pytest.raises(ValueError, match="financial"):
        cot_shares(CotReport("es", "financial", False, 0, 1, 10.0, (CotPosition("leveraged", 1.0, 2.0, 0.0),)))
