"""Flow features: the sums over the reference chain, in the market's units, and what is missing when."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest

from engine.core.records import OptionChain, RawRecord
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_row import Reading
from engine.signals.option_flows import OptionFlowFeatures, snapshot_flows
from engine.signals.option_snapshot import SnapshotSelector, prepare_snapshot
from engine.signals.option_surface import OptionSurface
from engine.signals.options_math import black76

MarketBuilder = Callable[..., list[RawRecord]]
NAMES = ("gex", "vanna_flow", "charm_flow", "gross_gamma", "flow_zero_gamma_distance")


@pytest.fixture
def chain(market_records: MarketBuilder) -> OptionChain:
    return next(record for record in market_records(1) if isinstance(record, OptionChain))


def readings(config: HydraConfig, *chains: OptionChain, mirrored: bool = False) -> dict[str, Reading]:
    surface = OptionSurface(config, SnapshotSelector())
    rule = {"sign_rule": "calls_short_puts_long"} if mirrored else {}
    flows = OptionFlowFeatures(config, surface, **rule)  # type: ignore[arg-type]
    found: dict[str, Reading] = {}
    for item in chains:
        surface.on_chain(item)
        found |= {reading.feature: reading for reading in flows.on_chain(item)}
    return found


def with_interest(chain: OptionChain, interest: Callable[[float, bool], float]) -> OptionChain:
    quotes = tuple(dataclasses.replace(q, open_interest=interest(q.strike, q.right == "C")) for q in chain.quotes)
    return dataclasses.replace(chain, quotes=quotes)


def test_every_description_is_read_and_nothing_else(simulated: HydraConfig, chain: OptionChain) -> None:
    family = OptionFlowFeatures(simulated, OptionSurface(simulated, SnapshotSelector()))
    assert tuple(item.name for item in family.describe()) == NAMES == tuple(readings(simulated, chain))
    assert all("calls_long_puts_short" in item.description for item in family.describe() if item.name != "gross_gamma")


def test_sums_are_those_of_the_true_volatilities(simulated: HydraConfig, chain: OptionChain) -> None:
    """The chain is quoted around known volatilities; greeks from its quotes must sum to theirs, nearly."""
    found = readings(simulated, chain)
    forward = chain.underlying_price
    years = (chain.expiry_ts - chain.event_ts) / (365 * MICROS_PER_DAY)
    snapshot = prepare_snapshot(chain, chain.event_ts, False)
    gex = gross = vanna = charm = 0.0
    usd = simulated.market.contract.usd_per_point
    flows = snapshot_flows(snapshot, usd)
    assert flows is not None and flows.options_used == len(chain.quotes)
    otm = {q.strike: q.mid for q in snapshot.clean.quotes if q.is_call == (q.strike >= forward)}
    for quote in chain.quotes:
        volatility = volatility_of(otm[quote.strike], forward, quote.strike, years)
        greek = black76.greeks(forward, quote.strike, years, volatility, quote.right == "C")
        held = quote.open_interest * (1.0 if quote.right == "C" else -1.0)
        gex += held * float(greek.gamma) * 0.01 * forward * forward * usd
        gross += quote.open_interest * float(greek.gamma)
        vanna += held * float(greek.vanna) / 100.0
        charm += held * float(greek.charm_per_year) / 365.0
    assert found["gex"].value == pytest.approx(gex, rel=1e-6)
    assert found["gross_gamma"].value == pytest.approx(gross, rel=1e-6)
    assert found["vanna_flow"].value == pytest.approx(vanna, rel=1e-6)
    assert found["charm_flow"].value == pytest.approx(charm, rel=1e-6)
    assert {reading.quality for name, reading in found.items() if name != "flow_zero_gamma_distance"} == {"ok"}


def volatility_of(value: float, forward: float, strike: float, years: float) -> float:
    """Plain bisection on the price of the option that is out of the money."""
    low, high = 1e-4, 5.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        below = float(black76.price(forward, strike, years, middle, strike >= forward)[0]) < value
        low, high = (middle, high) if below else (low, middle)
    return 0.5 * (low + high)


def test_puts_below_and_calls_above_have_a_zero_between(simulated: HydraConfig, chain: OptionChain) -> None:
    forward = chain.underlying_price
    held = with_interest(chain, lambda strike, call: 500.0 if call == (strike > forward) else 0.0)
    found = readings(simulated, held)
    assert abs(found["flow_zero_gamma_distance"].value) < 0.05
    flows = snapshot_flows(prepare_snapshot(held, held.event_ts, False), 400.0)
    assert flows is not None
    nearest = min(flows.zero_gamma_levels, key=lambda level: abs(level - forward))
    assert found["flow_zero_gamma_distance"].value == nearest / forward - 1.0
    calls_only = with_interest(chain, lambda strike, call: 500.0 if call else 0.0)
    missing = readings(simulated, calls_only)["flow_zero_gamma_distance"]
    assert math.isnan(missing.value) and missing.quality == "no_zero_gamma_level"


def test_the_other_sign_rule_mirrors(simulated: HydraConfig, chain: OptionChain) -> None:
    first, second = readings(simulated, chain), readings(simulated, chain, mirrored=True)
    for name in ("gex", "vanna_flow", "charm_flow"):
        assert second[name].value == -first[name].value
    assert second["gross_gamma"] == first["gross_gamma"]


def test_missing_says_why(simulated: HydraConfig, chain: OptionChain) -> None:
    cases = {
        "unknown_style": dataclasses.replace(chain, style="unknown"),
        "no_forward": dataclasses.replace(chain, style="american", underlying_price=math.nan),
        "no_open_interest": with_interest(chain, lambda strike, call: math.nan),
        "no_volatility": dataclasses.replace(
            chain, quotes=tuple(dataclasses.replace(q, bid=0.0) for q in chain.quotes)
        ),
        "no_usable_quote": dataclasses.replace(chain, quotes=()),
    }
    for reason, case in cases.items():
        found = readings(simulated, case)
        assert set(found) == set(NAMES)
        assert all(math.isnan(item.value) and item.quality == reason for item in found.values()), reason


def test_unknown_open_interest_is_left_out_and_said(simulated: HydraConfig, chain: OptionChain) -> None:
    strike = chain.quotes[4].strike
    partial = with_interest(chain, lambda k, call: math.nan if k == strike else 100.0)
    without = with_interest(chain, lambda k, call: 0.0 if k == strike else 100.0)
    found, zero = readings(simulated, partial), readings(simulated, without)
    assert found["gross_gamma"].quality == "partial" and zero["gross_gamma"].quality == "ok"
    assert found["gross_gamma"].value == pytest.approx(zero["gross_gamma"].value, rel=1e-12)


def test_an_option_listed_twice_counts_once(simulated: HydraConfig, chain: OptionChain) -> None:
    twice = dataclasses.replace(chain, quotes=(*chain.quotes, *chain.quotes[:5]))
    assert readings(simulated, twice)["gex"].value == readings(simulated, chain)["gex"].value


def test_a_repeated_chain_repeats_and_a_later_expiry_is_silent(simulated: HydraConfig, chain: OptionChain) -> None:
    again = dataclasses.replace(chain, event_ts=chain.event_ts + 60_000_000, known_ts=chain.known_ts + 60_000_000)
    first, second = readings(simulated, chain), readings(simulated, chain, again)
    assert {item.quality for item in second.values()} <= {"repeated", "no_zero_gamma_level"}
    assert all(second[name].event_ts == first[name].event_ts for name in NAMES)
    np.testing.assert_equal([second[name].value for name in NAMES], [first[name].value for name in NAMES])
    later = dataclasses.replace(chain, expiry_ts=chain.expiry_ts + 60 * MICROS_PER_DAY)
    surface = OptionSurface(simulated, SnapshotSelector())
    flows = OptionFlowFeatures(simulated, surface)
    surface.on_chain(chain)
    assert flows.on_chain(chain)
    surface.on_chain(later)
    assert not flows.on_chain(later)
