"""The planted law: what is drawn, what a seed fixes, and that no session or price leaves its bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.configuration import load_config
from engine.kernel.errors import InputError
from engine.sandbox.venue import market_facts
from engine.sandbox.venue.market_facts import FEATURES, INFORMATION_COEFFICIENT, TICK_SIZE
from engine.sandbox.venue.trading_calendar import BAR_MICROS
from engine.sandbox.venue.world import MarketWorld, WorldSettings, build_world

SEEDS = range(6)


def healthy(seed: int, history: int = 1100, live: int = 2900) -> MarketWorld:
    return build_world(WorldSettings(seed, history, live, "none"))


def next_return_correlation(world: MarketWorld) -> float:
    return float(np.corrcoef(world.factors[:-1] @ world.loadings, world.returns[1:])[0, 1])


def test_the_venue_keeps_the_facts_of_its_market() -> None:
    market = load_config(market_facts.MARKET, environment={}).config.market
    session = market.session
    hour, minute = market_facts.SESSION_OPEN_LOCAL
    assert session.open_local == f"{hour:02d}:{minute:02d}"
    assert session.timezone == market_facts.EXCHANGE_ZONE
    close_minutes = hour * 60 + minute + market_facts.BARS_PER_SESSION * market_facts.BAR_SECONDS // 60
    assert session.close_local == f"{close_minutes // 60:02d}:{close_minutes % 60:02d}"
    assert market.bar_seconds == market_facts.BAR_SECONDS
    assert market.contract.tick_size == TICK_SIZE
    assert tuple(market.champion_features) == FEATURES


@given(seed=st.integers(0, 2**63 - 1))
@settings(max_examples=25, deadline=None)
def test_loadings_are_unit_norm_and_all_matter(seed: int) -> None:
    loadings = build_world(WorldSettings(seed, 3, 6)).loadings
    assert np.linalg.norm(loadings) == pytest.approx(1.0)
    assert np.all((np.abs(loadings) >= 0.33) & (np.abs(loadings) <= 0.50))


def test_equal_seeds_give_equal_worlds_and_other_seeds_others() -> None:
    first, again, other = healthy(4), healthy(4), healthy(5)
    np.testing.assert_array_equal(first.traded.close, again.traded.close)
    np.testing.assert_array_equal(first.factors, again.factors)
    assert not np.array_equal(first.traded.close, other.traded.close)


def test_a_longer_run_starts_like_a_shorter_one() -> None:
    short, long = healthy(3, 200, 300), healthy(3, 200, 400)
    np.testing.assert_array_equal(short.factors, long.factors[:500])


def test_factors_are_unit_variance_with_persistence_ninety_percent() -> None:
    factors = np.concatenate([healthy(seed).factors for seed in SEEDS])
    assert np.std(factors) == pytest.approx(1.0, abs=0.05)
    lagged = [np.corrcoef(factors[:-1, column], factors[1:, column])[0, 1] for column in range(6)]
    assert lagged == pytest.approx([0.9] * 6, abs=0.02)


def test_the_planted_information_coefficient_is_realised() -> None:
    coefficients = [next_return_correlation(healthy(seed)) for seed in SEEDS]
    assert min(coefficients) >= 0.85 * INFORMATION_COEFFICIENT
    assert np.mean(coefficients) == pytest.approx(0.96 * INFORMATION_COEFFICIENT, abs=0.03)


def test_without_an_edge_nothing_predicts() -> None:
    for seed in SEEDS:
        world = build_world(WorldSettings(seed, 1100, 2900, "no-edge"))
        assert abs(next_return_correlation(world)) < 0.06


def test_prices_stay_in_a_plausible_band_on_the_tick() -> None:
    for seed in SEEDS:
        world = healthy(seed)
        for bars in (world.traded, world.deferred):
            for series in (bars.open, bars.high, bars.low, bars.close):
                np.testing.assert_allclose(series / TICK_SIZE, np.round(series / TICK_SIZE), atol=1e-6)
            assert np.all(bars.low <= np.minimum(bars.open, bars.close) + 1e-9)
            assert np.all(bars.high >= np.maximum(bars.open, bars.close) - 1e-9)
            assert np.all(bars.volume >= 1)
        assert world.traded.close.min() >= 60.0 and world.traded.close.max() <= 112.0
        np.testing.assert_allclose(world.traded.open[1:], world.traded.close[:-1])


def test_a_bar_moves_about_twenty_five_basis_points() -> None:
    spread = [float(np.std(healthy(seed).returns)) for seed in SEEDS]
    assert np.mean(spread) == pytest.approx(0.0025, rel=0.1)


def test_bars_fill_weekday_sessions_across_the_change_of_clocks() -> None:
    world = healthy(1, 55, 55 * 30)
    starts = world.times.start_ts.reshape(-1, 55)
    assert np.all(np.diff(starts, axis=1) == BAR_MICROS)
    days = [world.times.session[row * 55] for row in range(starts.shape[0])]
    assert all(day.weekday() < 5 for day in days)
    utc_hours = {int(start // 3_600_000_000 % 24) for start in starts[:, 0]}
    assert utc_hours == {13, 14}  # 08:30 Chicago is 14:30 UTC in winter and 13:30 in summer


def test_impossible_spans_are_refused() -> None:
    for history, live in ((1, 10), (10, 0), (2000, 2001)):
        with pytest.raises(InputError, match="simulated contract covers"):
            build_world(WorldSettings(0, history, live))
    with pytest.raises(InputError, match="seed"):
        build_world(WorldSettings(-1, 10, 10))


def test_even_tripled_volatility_keeps_prices_plausible() -> None:
    contract = load_config(market_facts.MARKET, environment={}).config.market.contract
    for seed in range(12):
        world = build_world(WorldSettings(seed, 1100, 2900, "volatility"))
        for bars in (world.traded, world.deferred):
            assert contract.plausible_price_low < bars.low.min() and bars.high.max() < contract.plausible_price_high
