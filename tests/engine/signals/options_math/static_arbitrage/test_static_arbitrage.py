"""Static arbitrage: not seen where a distribution made the quotes, seen where one was planted, repaired minimally."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.special import ndtr

from engine.core.records import OptionChain
from engine.ingestion.input_file import read_input
from engine.ingestion.options.cboe_quotes import CboeQuotesPipeline
from engine.kernel.config_models import HydraConfig
from engine.signals.options_math.chain_cleaning import clean_chain
from engine.signals.options_math.forward import infer_forward
from engine.signals.options_math.quoted_intervals import QuotedIntervals
from engine.signals.options_math.static_arbitrage import check_static_arbitrage

Row = tuple[float, bool, float, float]


def intervals_of(rows: Sequence[Row]) -> QuotedIntervals:
    strike, is_call, low, high = (np.array(item) for item in zip(*rows, strict=True))
    return QuotedIntervals(strike, is_call, low, high, 0.5 * (low + high), low > 0.0)


def mixture_call(strike: float, weight: np.ndarray, centre: np.ndarray, deviation: np.ndarray) -> float:
    d2 = (centre - math.log(strike)) / deviation
    legs = np.exp(centre + deviation**2 / 2) * ndtr(d2 + deviation) - strike * ndtr(d2)
    return float(weight @ legs)


def lognormal_rows(strikes: Sequence[float], half_width: float, deviation: float = 0.1) -> list[Row]:
    """Both rights at every strike, puts first."""
    rows: list[Row] = []
    for strike in strikes:
        call = mixture_call(strike, np.ones(1), np.array([-(deviation**2) / 2]), np.array([deviation]))
        for is_call, value in ((False, call - 1.0 + strike), (True, call)):
            rows.append((strike, is_call, max(0.0, value - half_width), value + half_width))
    return rows


@st.composite
def mixture_rows(draw: st.DrawFn) -> list[Row]:
    """Quotes of a lognormal mixture with mean 1, rounded outwards to a tick, some of them missing, in any order."""
    parts = draw(st.integers(1, 3))
    weight = np.array([draw(st.floats(0.05, 1.0)) for _ in range(parts)])
    weight /= weight.sum()
    shift = np.array([draw(st.floats(-0.4, 0.4)) for _ in range(parts)])
    deviation = np.array([draw(st.floats(0.01, 0.8)) for _ in range(parts)])
    centre = shift - math.log(float(weight @ np.exp(shift + deviation**2 / 2)))
    tick = draw(st.sampled_from([1e-9, 3e-4, 1e-2]))
    rows: list[Row] = []
    for strike in draw(st.lists(st.integers(20, 300), min_size=1, max_size=12, unique=True)):
        k = strike / 100.0
        call = mixture_call(k, weight, centre, deviation)
        for is_call, value in ((True, call), (False, call - 1.0 + k)):
            half = draw(st.floats(0.0, 0.02))
            if draw(st.booleans()):
                low, high = math.floor((value - half) / tick) * tick, math.ceil((value + half) / tick) * tick
                rows.append((k, is_call, max(0.0, low), high))
    return draw(st.permutations(rows)) if rows else [(1.0, True, 0.0, 1.0)]


@st.composite
def any_rows(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = []
    for strike in draw(st.lists(st.integers(5, 20), min_size=1, max_size=5, unique=True)):
        for is_call in (False, True):
            if draw(st.booleans()):
                low = draw(st.integers(0, 60)) / 100.0
                rows.append((strike / 10.0, is_call, low, low + draw(st.integers(1, 20)) / 100.0))
    return rows or [(1.0, True, 0.5, 0.6)]


@settings(max_examples=150, deadline=None)
@given(rows=mixture_rows())
def test_no_arbitrage_where_a_distribution_made_the_quotes(rows: list[Row]) -> None:
    check = check_static_arbitrage(intervals_of(rows))
    assert check.feasible and not check.violation.any() and check.repair_half_widths == 0.0


def test_exact_prices_of_atoms_are_feasible() -> None:
    place, mass = np.array([0.5, 0.9, 1.0, 1.4]), np.array([0.2, 0.3, 0.3, 0.2])
    place = place / float(place @ mass)
    rows: list[Row] = []
    for strike in (*place, 0.3, 0.77, 1.2, 3.0):
        call = float(mass @ np.maximum(place - strike, 0.0))
        rows += [(float(strike), True, call, call), (float(strike), False, call - 1.0 + strike, call - 1.0 + strike)]
    assert check_static_arbitrage(intervals_of(rows)).feasible


PLANTED: dict[str, list[Row]] = {
    "a call dearer at the higher strike": [(0.95, True, 0.06, 0.07), (1.0, True, 0.08, 0.09)],
    "a call spread above its width": [(0.95, True, 0.20, 0.21), (1.0, True, 0.10, 0.11)],
    "a butterfly of negative cost": [(0.95, True, 0.05, 0.07), (1.0, True, 0.06, 0.07), (1.05, True, 0.01, 0.02)],
    "a put dearer than its strike": [(0.5, False, 0.51, 0.6)],
    "a call above the forward": [(0.5, True, 1.01, 1.1)],
    "a call below intrinsic value": [(0.9, True, 0.05, 0.09)],
    "parity": [(1.0, True, 0.05, 0.06), (1.0, False, 0.08, 0.09)],
    "parity through a neighbour": [(0.98, False, 0.06, 0.07), (1.0, True, 0.01, 0.03), (1.02, False, 0.06, 0.07)],
    "the same option twice": [(1.0, True, 0.05, 0.06), (1.0, True, 0.07, 0.08)],
    "bid above ask": [(1.0, True, 0.06, 0.05)],
}  # fmt: skip


@pytest.mark.parametrize("rows", PLANTED.values(), ids=PLANTED.keys())
def test_planted_arbitrage_is_found_and_repaired(rows: list[Row]) -> None:
    check = check_static_arbitrage(intervals_of(rows))
    assert not check.feasible
    assert check.violation.max() > 0.0
    assert check_static_arbitrage(check.repaired).feasible
    assert check.repair_half_widths == pytest.approx(least_repair(rows), rel=1e-5)


def least_repair(rows: Sequence[Row]) -> float:
    """The size of the smallest repair, in half widths, over distributions: atoms at 0, at the strikes and at infinity.

    An oracle in other unknowns: probabilities instead of call prices. Mass at infinity is a share of the mean alone.
    """
    strike = np.array([row[0] for row in rows])
    half = 0.5 * np.array([row[3] - row[2] for row in rows])
    half = np.maximum(half, max(0.5 * float(np.median(half)), 1e-6))
    atom = np.unique(np.concatenate([[0.0], strike]))
    payoff = np.array([np.maximum(atom - row[0], 0.0) if row[1] else np.maximum(row[0] - atom, 0.0) for row in rows])
    payoff = np.hstack([payoff, np.array([[1.0 if row[1] else 0.0] for row in rows])])
    count = len(rows)
    matrix = np.vstack([np.hstack([payoff, -np.diag(half)]), np.hstack([-payoff, -np.diag(half)])])
    bound = np.concatenate([[row[3] for row in rows], [-row[2] for row in rows]])
    mass = np.concatenate([np.ones(atom.size), [0.0], np.zeros(count)])
    mean = np.concatenate([atom, [1.0], np.zeros(count)])
    cost = np.concatenate([np.zeros(atom.size + 1), np.ones(count)])
    found = linprog(cost, A_ub=matrix, b_ub=bound, A_eq=np.array([mass, mean]), b_eq=[1.0, 1.0], bounds=(0.0, None))
    return float(found.fun)


@settings(max_examples=150, deadline=None)
@given(rows=any_rows())
def test_the_repair_is_the_smallest_and_feasible(rows: list[Row]) -> None:
    intervals = intervals_of(rows)
    check = check_static_arbitrage(intervals)
    least = least_repair(rows)
    assert check.feasible == (least < 1e-9)
    assert check.repair_half_widths == pytest.approx(least, rel=1e-5, abs=1e-8)
    assert check_static_arbitrage(check.repaired).feasible
    down, up = intervals.low - check.repaired.low, check.repaired.high - intervals.high
    assert np.all(down >= 0.0) and np.all(up >= 0.0)
    np.testing.assert_allclose(np.maximum(down, up), check.violation, atol=1e-12)
    assert np.all(check.repaired.middle[check.violation == 0.0] == intervals.middle[check.violation == 0.0])


@pytest.mark.parametrize("by", [0.006, -0.006])
@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("strike", [0.92, 1.0, 1.06])
def test_one_stale_leg_is_the_one_named(strike: float, is_call: bool, by: float) -> None:
    rows = lognormal_rows(np.round(np.arange(0.86, 1.141, 0.02), 2).tolist(), 0.001)
    index = next(i for i, row in enumerate(rows) if row[:2] == (strike, is_call))
    rows[index] = (strike, is_call, rows[index][2] + by, rows[index][3] + by)
    check = check_static_arbitrage(intervals_of(rows))
    assert np.flatnonzero(check.violation).tolist() == [index]
    assert check.violation[index] <= abs(by)


def test_in_noisy_chains_the_stale_leg_is_nearly_always_the_worst_row() -> None:
    worst = found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        rows: list[Row] = []
        for strike, is_call, low, high in lognormal_rows((np.arange(68, 93) / 80.0).tolist(), 0.0):
            half = 0.05 / 80.0 + 0.0275 * high
            middle = 0.5 * (low + high) + half * rng.uniform(-0.7, 0.7)
            tick = 0.025 / 80.0
            bid, ask = math.floor((middle - half) / tick) * tick, math.ceil((middle + half) / tick) * tick
            rows.append((strike, is_call, max(0.0, bid), ask))
        assert check_static_arbitrage(intervals_of(rows)).feasible
        index = int(rng.integers(len(rows)))
        strike, is_call, low, high = rows[index]
        by = float(rng.choice([-1.0, 1.0]) * rng.uniform(2.0, 6.0)) * (high - low)
        rows[index] = (strike, is_call, max(0.0, low + by), max(tick, high + by))
        check = check_static_arbitrage(intervals_of(rows))
        found += not check.feasible
        worst += not check.feasible and int(np.argmax(check.violation)) == index
    assert found >= 55
    assert worst >= 0.85 * found


@settings(max_examples=40, deadline=None)
@given(rows=any_rows(), seed=st.integers(0, 1000))
def test_order_does_not_matter(rows: list[Row], seed: int) -> None:
    shuffle = np.random.default_rng(seed).permutation(len(rows))
    plain = check_static_arbitrage(intervals_of(rows))
    other = check_static_arbitrage(intervals_of([rows[i] for i in shuffle]))
    for field in ("strike", "low", "high", "middle"):
        same = getattr(plain.repaired, field)[shuffle].tobytes() == getattr(other.repaired, field).tobytes()
        assert same, field
    assert plain.violation[shuffle].tobytes() == other.violation.tobytes()


@settings(max_examples=40, deadline=None)
@given(rows=any_rows(), factor=st.sampled_from([0.37, 83.2, 4100.0]))
def test_scaling_all_prices_changes_nothing(rows: list[Row], factor: float) -> None:
    scaled = [(k * factor / factor, call, low * factor / factor, high * factor / factor) for k, call, low, high in rows]
    plain, other = check_static_arbitrage(intervals_of(rows)), check_static_arbitrage(intervals_of(scaled))
    assert plain.feasible == other.feasible
    np.testing.assert_allclose(other.violation, plain.violation, atol=1e-9)


def test_of_equal_repairs_the_option_in_the_money_moves() -> None:
    rows = [(0.96, True, 0.05, 0.06), (1.04, True, 0.07, 0.08)]
    check = check_static_arbitrage(intervals_of(rows))
    np.testing.assert_allclose(check.violation, [0.01, 0.0], atol=1e-12)


def test_rows_without_numbers_say_nothing_and_touch_no_other() -> None:
    rows = PLANTED["a butterfly of negative cost"]
    plain = check_static_arbitrage(intervals_of(rows))
    silent: list[Row] = [(math.nan, True, 0.1, 0.2), (1.0, True, math.nan, math.nan), (-1.0, False, 0.1, 0.2)]
    mixed = check_static_arbitrage(intervals_of([*silent, *rows]))
    assert np.isnan(mixed.violation[:3]).all()
    assert mixed.violation[3:].tobytes() == plain.violation.tobytes()
    alone = check_static_arbitrage(intervals_of(silent))
    assert alone.feasible and np.isnan(alone.violation).all()
    open_above = check_static_arbitrage(intervals_of([(1.0, True, 0.05, math.nan), (1.1, True, 0.07, 0.08)]))
    assert open_above.feasible, "a row without an ask holds from below only"
    crossed = intervals_of([(1.0, True, math.nan, 0.05), (1.1, True, 0.07, 0.08)])
    assert not check_static_arbitrage(crossed).feasible
    assert check_static_arbitrage(replace(crossed, low=np.array([0.0, 0.04]))).feasible


@pytest.mark.real_data
def test_out_of_the_money_index_quotes_are_free_of_arbitrage(real_data: Path, hogs: HydraConfig) -> None:
    """European options of a liquid index: what is found there would be the test's own error. 0.1 USD of 450 is a mark
    that an inferred forward can miss by."""
    market = hogs.market.model_copy(update={"contract": hogs.market.contract.model_copy(update={"root": "XSP"})})
    file = real_data / "options" / "cboe_quotedata" / "XSP_2023-09-14.csv.gz"
    chains = [row for row in CboeQuotesPipeline().parse(read_input(file), market).rows if isinstance(row, OptionChain)]
    assert len(chains) > 20
    for chain in chains[::3]:
        estimate = infer_forward(clean_chain(chain).quotes)
        assert estimate is not None
        unit = estimate.forward * estimate.discount
        rows: list[Row] = [
            (quote.strike / estimate.forward, quote.is_call, quote.bid / unit, quote.ask / unit)
            for quote in clean_chain(chain, estimate.forward, estimate.discount).quotes
            if quote.is_call == (quote.strike >= estimate.forward)
        ]
        check = check_static_arbitrage(intervals_of(rows))
        assert check.violation.max() * unit < 0.1
        assert check_static_arbitrage(check.repaired).feasible


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_locked_quotes_that_contradict_each_other_are_repaired(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 9))
    strike = np.sort(rng.choice(np.arange(60, 101, 2), count)) / 80.0
    is_call = rng.random(count) < 0.5
    price = np.round(rng.uniform(0.0, 12.0, count) * 4.0) / 320.0
    locked = QuotedIntervals(strike, is_call, price, price, price, price > 0.0)
    found = check_static_arbitrage(locked)
    assert found.feasible or np.nanmax(found.violation) > 0.0
    assert check_static_arbitrage(found.repaired).feasible
