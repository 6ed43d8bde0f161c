"""Kelly with shrinkage and caps."""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.sizing import kelly_shrinkage, position_cap_leverage, target_size
from engine.core.trading_types import Prediction

PREDICTION = Prediction(1, "m", 0.0004, 0.002, 0.6, 0.1, 0.8)
PREDICTIONS = st.builds(
    Prediction,
    ts=st.just(1),
    model_id=st.just("m"),
    expected_return=st.floats(-0.05, 0.05),
    return_sd=st.floats(1e-4, 0.1),
    confidence=st.just(0.5),
    edge_lower_bound=st.floats(-1.0, 1.0),
    shrinkage=st.floats(0.0, 1.0),
    horizon_bars=st.integers(1, 20),
    usable=st.booleans(),
)


def _lots(scenarios: ModuleType, prediction: Prediction, **changes: object) -> int:
    config = scenarios.config()
    arguments = {"price": 85.0, "equity_usd": 1e6, "adv_lots": 20_000.0, "degraded": False} | changes
    return target_size(prediction, risk=config.risk, market=config.market, **arguments).lots


@pytest.mark.parametrize(("sharpe", "bars", "multiplier"), [(0.05, 250, 0.385), (0.1, 250, 0.714), (0.02, 1000, 0.286)])
def test_shrinkage_agrees_with_the_published_figures(sharpe: float, bars: int, multiplier: float) -> None:
    assert kelly_shrinkage(sharpe, bars) == pytest.approx(multiplier, abs=6e-4)


@given(sharpe=st.floats(-1.0, 1.0), bars=st.integers(1, 5000), more=st.integers(1, 5000))
def test_shrinkage_grows_with_the_number_of_bars_and_stays_a_share(sharpe: float, bars: int, more: int) -> None:
    low, high = kelly_shrinkage(sharpe, bars), kelly_shrinkage(sharpe, bars + more)
    assert 0.0 <= low <= high <= 1.0


@given(
    prediction=PREDICTIONS,
    equity=st.floats(1e4, 1e8),
    price=st.floats(20, 200),
    adv=st.floats(0, 1e5),
    degraded=st.booleans(),
)
def test_size_never_passes_a_cap(
    scenarios: ModuleType, prediction: Prediction, equity: float, price: float, adv: float, degraded: bool
) -> None:
    config = scenarios.config()
    risk, market = config.risk, config.market
    size = target_size(
        prediction, price=price, equity_usd=equity, adv_lots=adv, degraded=degraded, risk=risk, market=market
    )
    lots = abs(size.lots)
    assert lots <= risk.max_position_lots
    assert lots <= risk.max_adv_fraction * adv
    assert lots <= position_cap_leverage(price, equity, risk, market)
    assert lots * market.contract.initial_margin_usd <= risk.max_margin_fraction * equity
    notional = lots * price * market.contract.usd_per_point
    bar_volatility = notional / equity * prediction.return_sd / math.sqrt(prediction.horizon_bars)
    target = risk.volatility_target_annual / math.sqrt(market.bars_per_year) * risk.volatility_cap_multiple
    assert bar_volatility <= target * (1 + 1e-9)
    assert notional <= abs(size.kelly_equity_fraction) * equity * (1 + 1e-9)
    if size.lots:
        assert (size.lots > 0) == (prediction.expected_return > 0)
        assert prediction.usable
        assert prediction.edge_lower_bound > 0


@given(prediction=PREDICTIONS, low=st.floats(0, 1), high=st.floats(0, 1))
def test_size_is_monotone_in_shrinkage(scenarios: ModuleType, prediction: Prediction, low: float, high: float) -> None:
    low, high = sorted((low, high))
    small = _lots(scenarios, replace(prediction, shrinkage=low))
    assert abs(small) <= abs(_lots(scenarios, replace(prediction, shrinkage=high)))


@pytest.mark.parametrize(
    "changes",
    [
        {"edge_lower_bound": 0.0},
        {"edge_lower_bound": -0.01},
        {"edge_lower_bound": math.nan},
        {"usable": False},
        {"return_sd": 0.0},
        {"return_sd": math.nan},
        {"return_sd": math.inf},
        {"expected_return": math.nan},
        {"shrinkage": math.nan},
        {"shrinkage": 1.5},
    ],
)
def test_no_proven_edge_or_no_sound_number_means_no_position(scenarios: ModuleType, changes: dict[str, float]) -> None:
    assert _lots(scenarios, PREDICTION) > 0
    assert _lots(scenarios, replace(PREDICTION, **changes)) == 0


def test_unknown_volume_lost_equity_and_degraded_state_cut_the_size(scenarios: ModuleType) -> None:
    normal = _lots(scenarios, PREDICTION)
    assert _lots(scenarios, PREDICTION, adv_lots=0.0) == 0
    assert _lots(scenarios, PREDICTION, equity_usd=-5.0) == 0
    assert _lots(scenarios, PREDICTION, degraded=True) == int(normal * 0.5)


def test_size_names_what_bound_it(scenarios: ModuleType) -> None:
    config = scenarios.config(risk__kelly_fraction=0.5, risk__volatility_target_annual=9.0)
    arguments = {"price": 85.0, "equity_usd": 1e6, "degraded": False, "risk": config.risk, "market": config.market}
    assert target_size(PREDICTION, adv_lots=500.0, **arguments).bound_by == "average daily volume"
    assert target_size(PREDICTION, adv_lots=1e6, **arguments).bound_by == "position limit"


def test_a_multiplier_shrinks_what_a_cap_left(scenarios: ModuleType) -> None:
    large = replace(PREDICTION, expected_return=0.002)
    whole = _lots(scenarios, large)
    assert whole == _lots(scenarios, replace(large, expected_return=0.0021)), "a cap binds"
    assert _lots(scenarios, replace(large, size_multiplier=0.5)) == whole // 2
    assert _lots(scenarios, replace(large, size_multiplier=0.0)) == 0
    assert _lots(scenarios, replace(large, size_multiplier=1.5)) == 0
