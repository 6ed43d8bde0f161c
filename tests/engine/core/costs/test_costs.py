"""The cost of a fill."""

from __future__ import annotations

import math
from types import ModuleType

import pytest

from engine.core.costs import impact_fraction, is_near_expiry, price_fill
from engine.kernel.errors import CalculationError


@pytest.mark.parametrize(("lots", "bps"), [(1, 1.5), (15, 5.7), (150, 18.0), (300, 25.5)])
def test_impact_agrees_with_the_research_figures(scenarios: ModuleType, lots: int, bps: float) -> None:
    costs = scenarios.config().costs
    assert impact_fraction(lots, 15_000, 0.018, costs) * 1e4 == pytest.approx(bps, abs=0.06)


@pytest.mark.parametrize(("adv", "sd"), [(0.0, 0.02), (math.nan, 0.02), (1000.0, math.nan)])
def test_an_unknown_cost_is_not_zero(scenarios: ModuleType, adv: float, sd: float) -> None:
    with pytest.raises(CalculationError):
        impact_fraction(5, adv, sd, scenarios.config().costs)


@pytest.mark.parametrize("lots", [7, -7])
def test_price_holds_spread_and_impact_and_fees_come_on_top(scenarios: ModuleType, lots: int) -> None:
    config = scenarios.config()
    priced = price_fill(lots, 85.0, adv_lots=20_000, daily_sd=0.015, config=config)
    usd = config.market.contract.usd_per_point
    assert (priced.price - 85.0) * lots * usd == pytest.approx(priced.costs.spread_usd + priced.costs.impact_usd)
    assert priced.costs.fees_usd == pytest.approx(7 * 2.10)
    assert priced.costs.roll_usd == 0.0


def test_near_expiry_and_rolls_pay_the_wider_spread(scenarios: ModuleType) -> None:
    config = scenarios.config()
    normal = price_fill(7, 85.0, adv_lots=20_000, daily_sd=0.015, config=config).costs
    near = price_fill(7, 85.0, adv_lots=20_000, daily_sd=0.015, config=config, near_expiry=True).costs
    roll = price_fill(7, 85.0, adv_lots=20_000, daily_sd=0.015, config=config, roll=True).costs
    assert near.spread_usd == pytest.approx(2.0 * normal.spread_usd)
    assert roll.roll_usd == pytest.approx(near.spread_usd + near.impact_usd)
    assert roll.spread_usd == roll.impact_usd == 0.0
    assert is_near_expiry(5.0, config.costs)
    assert not is_near_expiry(5.1, config.costs)
    assert not is_near_expiry(None, config.costs)
