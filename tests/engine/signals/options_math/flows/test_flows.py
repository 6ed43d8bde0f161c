"""Flows against finite differences of prices and plain loops; units, signs, and what is missing."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.signals.options_math import black76
from engine.signals.options_math.flows import FLOW_UNITS, OptionFlows, option_flows

FORWARD, YEARS, RATE, MULTIPLIER = 82.0, 0.2, 0.045, 400.0
STRIKE = np.repeat(np.arange(70.0, 96.0, 2.0), 2)
IS_CALL = np.tile([True, False], STRIKE.size // 2)
VOLATILITY = 0.25 - 0.3 * np.log(STRIKE / FORWARD) + 0.01 * IS_CALL
INTEREST = np.random.default_rng(3).integers(0, 900, STRIKE.size).astype(float)
INTEREST[(STRIKE < FORWARD) & IS_CALL] *= 0.2
INTEREST[(STRIKE > FORWARD) & ~IS_CALL] *= 0.2


def book(**changes: Any) -> OptionFlows:
    inputs: dict[str, Any] = {
        "forward": FORWARD, "strike": STRIKE, "is_call": IS_CALL, "years": YEARS, "volatility": VOLATILITY,
        "open_interest": INTEREST, "rate": RATE, "multiplier": MULTIPLIER,
    }  # fmt: skip
    return option_flows(**(inputs | changes))


def price(row: int, forward: float = FORWARD, years: float = YEARS, bump: float = 0.0) -> float:
    value, _ = black76.price(forward, STRIKE[row], years, VOLATILITY[row] + bump, bool(IS_CALL[row]), RATE)
    return float(value)


def delta(row: int, forward: float = FORWARD, years: float = YEARS, bump: float = 0.0) -> float:
    step = 1e-3
    up, down = price(row, forward + step, years, bump), price(row, forward - step, years, bump)
    return (up - down) / (2.0 * step)


def by_differences(sign_of_put: float) -> dict[str, float]:
    """The definitions, word by word: contracts to trade after a move, for holders of the assumed side."""
    totals = dict.fromkeys(FLOW_UNITS, 0.0)
    for row in range(STRIKE.size):
        held = INTEREST[row] * (1.0 if IS_CALL[row] else sign_of_put)
        gamma = (delta(row, FORWARD + 0.01) - delta(row, FORWARD - 0.01)) / 0.02
        totals["gex_contracts_per_cent"] += held * gamma
        totals["gross_gamma_contracts_per_cent"] += INTEREST[row] * gamma
        totals["gex_usd_per_1pct"] += held * gamma * 0.01 * FORWARD * FORWARD * MULTIPLIER
        totals["vanna_contracts_per_volpt"] += held * (delta(row, bump=0.005) - delta(row, bump=-0.005))
        day = 1.0 / 365.0
        totals["charm_contracts_per_day"] += held * (
            delta(row, years=YEARS - day / 2) - delta(row, years=YEARS + day / 2)
        )
    return totals


@pytest.mark.parametrize("rule", ["calls_long_puts_short", "unsigned"])
def test_sums_are_the_definitions(rule: Any) -> None:
    flows = book(sign_rule=rule)
    wanted = by_differences(-1.0 if rule == "calls_long_puts_short" else 1.0)
    assert flows.sign_rule == rule
    for name, value in wanted.items():
        assert getattr(flows, name) == pytest.approx(value, rel=2e-3, abs=0.02), name


def test_a_call_by_hand() -> None:
    # F = K = 100, s = 0.2, r = 0: gamma n(.1)/20, vanna n(.1) .1/.2, charm -n(.1) .2/4 per year.
    one = option_flows(100.0, 100.0, True, 1.0, 0.2, 1000.0, multiplier=50.0)
    density = math.exp(-0.005) / math.sqrt(2 * math.pi)
    assert one.gex_contracts_per_cent == pytest.approx(1000 * density / 20)
    assert one.gex_usd_per_1pct == pytest.approx(1000 * density / 20 * 1.0 * 5000.0)
    assert one.vanna_contracts_per_volpt == pytest.approx(1000 * density * 0.5 / 100)
    assert one.charm_contracts_per_day == pytest.approx(-1000 * density * 0.05 / 365)
    put = option_flows(100.0, 100.0, False, 1.0, 0.2, 1000.0, multiplier=50.0)
    assert put.gex_contracts_per_cent == pytest.approx(-one.gex_contracts_per_cent)
    assert put.gross_gamma_contracts_per_cent == pytest.approx(one.gross_gamma_contracts_per_cent)


def test_the_mirrored_rule_is_the_other_rule() -> None:
    first = book(average_daily_volume=20_000.0)
    second = book(sign_rule="calls_short_puts_long", average_daily_volume=20_000.0)
    mirrored = first.mirrored()
    assert mirrored.sign_rule == "calls_short_puts_long"
    for field in dataclasses.fields(OptionFlows):
        if field.name != "by_strike":
            assert getattr(mirrored, field.name) == getattr(second, field.name), field.name
    for field in dataclasses.fields(first.by_strike):
        np.testing.assert_array_equal(getattr(mirrored.by_strike, field.name), getattr(second.by_strike, field.name))
    assert mirrored.gex_usd_per_1pct == -first.gex_usd_per_1pct
    assert mirrored.gross_gamma_contracts_per_cent == first.gross_gamma_contracts_per_cent
    assert mirrored.mirrored().gex_usd_per_1pct == first.gex_usd_per_1pct
    unsigned = book(sign_rule="unsigned")
    assert unsigned.mirrored() is unsigned
    assert unsigned.gex_contracts_per_cent == unsigned.gross_gamma_contracts_per_cent


def test_strikes_add_up_to_the_sums() -> None:
    flows = book()
    assert np.all(np.diff(flows.by_strike.strike) > 0.0)
    for name in FLOW_UNITS:
        assert float(getattr(flows.by_strike, name).sum()) == pytest.approx(getattr(flows, name), rel=1e-12), name
    calls = [INTEREST[(k == STRIKE) & IS_CALL].sum() for k in flows.by_strike.strike]
    np.testing.assert_array_equal(flows.by_strike.call_open_interest, calls)
    assert flows.by_strike.put_open_interest.sum() == INTEREST[~IS_CALL].sum()


def test_zero_gamma_levels_are_zeros_of_the_sum() -> None:
    flows = book()
    assert flows.searched_low < 70.0 and flows.searched_high > 94.0
    assert flows.zero_gamma_levels
    for level in flows.zero_gamma_levels:
        there = book(forward=level)
        assert abs(there.gex_contracts_per_cent) <= 1e-9 * there.gross_gamma_contracts_per_cent
    signs = [math.copysign(1.0, book(forward=f).gex_usd_per_1pct) for f in np.linspace(62.0, 105.0, 400)]
    inside = [level for level in flows.zero_gamma_levels if 62.0 < level < 105.0]
    assert sum(a != b for a, b in pairwise(signs)) == len(inside)
    assert book(sign_rule="unsigned").zero_gamma_levels == ()
    assert book(open_interest=np.where(IS_CALL, INTEREST, 0.0)).zero_gamma_levels == ()


def test_missing_is_left_out_and_counted_never_zero() -> None:
    interest, volatility = INTEREST.copy(), VOLATILITY.copy()
    interest[[2, 5]] = math.nan
    interest[7] = -1.0
    volatility[[5, 9]] = math.nan
    flows = book(open_interest=interest, volatility=volatility)
    assert (flows.missing_open_interest, flows.missing_greek) == (3, 1)
    assert flows.options_used == STRIKE.size - 4
    left = np.setdiff1d(np.arange(STRIKE.size), [2, 5, 7, 9])
    parts = {"strike": STRIKE, "is_call": IS_CALL, "volatility": VOLATILITY, "open_interest": INTEREST}
    alone = book(**{name: item[left] for name, item in parts.items()})
    for name in FLOW_UNITS:
        assert getattr(flows, name) == getattr(alone, name)
    puts = np.nansum(np.where(interest >= 0, interest, 0.0)[~IS_CALL])
    calls = np.nansum(np.where(interest >= 0, interest, 0.0)[IS_CALL])
    assert flows.put_call_oi_ratio == pytest.approx(puts / calls)


def test_nothing_usable_is_not_zero() -> None:
    for flows in (book(open_interest=math.nan), book(volatility=math.nan), book(years=0.0), book(strike=np.zeros(26))):
        assert flows.options_used == 0
        assert all(math.isnan(getattr(flows, name)) for name in FLOW_UNITS)
        assert flows.zero_gamma_levels == () and flows.by_strike.strike.size == 0
    assert option_flows(82.0, [], [], 0.2, [], []).options_used == 0


def test_ratio_without_calls_is_missing() -> None:
    assert math.isnan(book(open_interest=np.where(IS_CALL, 0.0, 5.0)).put_call_oi_ratio)
    assert math.isnan(book(open_interest=np.where(IS_CALL, math.nan, 5.0)).put_call_oi_ratio)
    assert math.isnan(book(open_interest=np.where(IS_CALL, 5.0, math.nan)).put_call_oi_ratio)
    assert book(open_interest=np.where(IS_CALL, 5.0, 0.0)).put_call_oi_ratio == 0.0
    assert book(open_interest=np.where(IS_CALL, 5.0, 10.0)).put_call_oi_ratio == 2.0


def test_share_of_volume() -> None:
    flows = book(average_daily_volume=20_000.0)
    assert flows.volume_shares is not None
    assert flows.volume_shares.gex_percent_per_cent == pytest.approx(flows.gex_contracts_per_cent / 200.0)
    assert flows.volume_shares.vanna_percent_per_volpt == pytest.approx(flows.vanna_contracts_per_volpt / 200.0)
    assert flows.volume_shares.charm_percent_per_day == pytest.approx(flows.charm_contracts_per_day / 200.0)
    gross = flows.gross_gamma_contracts_per_cent / 200.0
    assert flows.volume_shares.gross_gamma_percent_per_cent == pytest.approx(gross)
    assert book().volume_shares is None
    halted = book(average_daily_volume=0.0).volume_shares
    assert halted is not None and math.isnan(halted.gex_percent_per_cent)


def test_order_does_not_matter() -> None:
    shuffled = np.random.default_rng(5).permutation(STRIKE.size)
    parts = {"strike": STRIKE, "is_call": IS_CALL, "volatility": VOLATILITY, "open_interest": INTEREST}
    first, second = book(), book(**{name: item[shuffled] for name, item in parts.items()})
    for name in (*FLOW_UNITS, "zero_gamma_levels", "put_call_oi_ratio"):
        assert getattr(first, name) == getattr(second, name), name


def test_scaling_prices_scales_the_flows() -> None:
    small, large = book(), book(forward=FORWARD * 10, strike=STRIKE * 10, multiplier=MULTIPLIER / 10)
    assert large.gex_contracts_per_cent == pytest.approx(small.gex_contracts_per_cent / 10)
    assert large.gex_usd_per_1pct == pytest.approx(small.gex_usd_per_1pct)
    assert large.vanna_contracts_per_volpt == pytest.approx(small.vanna_contracts_per_volpt)
    assert large.zero_gamma_levels == pytest.approx([10 * level for level in small.zero_gamma_levels])


def test_two_expiries_add_and_the_level_is_that_of_the_first() -> None:
    late = {"forward": 90.0, "years": 0.6}
    near, far = book(), book(**late)
    both = book(
        forward=np.concatenate([np.full(STRIKE.size, FORWARD), np.full(STRIKE.size, 90.0)]),
        years=np.concatenate([np.full(STRIKE.size, YEARS), np.full(STRIKE.size, 0.6)]),
        **{name: np.tile(item, 2) for name, item in
           {"strike": STRIKE, "is_call": IS_CALL, "volatility": VOLATILITY, "open_interest": INTEREST}.items()},
    )  # fmt: skip
    for name in FLOW_UNITS:
        assert getattr(both, name) == pytest.approx(getattr(near, name) + getattr(far, name), rel=1e-12)
    assert both.zero_gamma_levels
    for level in both.zero_gamma_levels:
        move = level / FORWARD
        net = book(forward=level).gex_usd_per_1pct + book(**(late | {"forward": 90.0 * move})).gex_usd_per_1pct
        gross = book(forward=level, sign_rule="unsigned").gex_usd_per_1pct
        assert abs(net) <= 1e-9 * gross
