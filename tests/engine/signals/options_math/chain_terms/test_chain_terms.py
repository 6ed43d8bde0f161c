"""Forward and rate of a chain: which source speaks when, and what each says of its error."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from engine.signals.options_math.chain_rate import RateBounds, RateCurve
from engine.signals.options_math.chain_terms import ChainTerms, terms_of_chain
from tests.engine.signals.options_math.american_quotes import chain_of, quotes

BOUNDS = RateBounds(0.0, 0.06)
STRIKES = [float(strike) for strike in np.arange(60.0, 101.0, 2.0)]


def european(years: float, rate: float, half: float = 0.02) -> list:  # type: ignore[type-arg]
    return quotes(80.0, STRIKES, years, american=False, rate=rate, half=half)


def test_a_listed_future_is_taken_as_it_is() -> None:
    chain = chain_of(quotes(80.0, STRIKES, 0.3, american=True, rate=0.04), 0.3, "american", 80.25)
    terms = terms_of_chain(chain, 0.3, BOUNDS)
    assert terms is not None
    assert (terms.forward, terms.forward_error, terms.forward_source) == (80.25, 0.0, "listed future")
    assert (terms.rate.source, terms.rate.rate, terms.rate.error, terms.carry) == ("bounds", 0.03, 0.03, 0.0)


def test_european_parity_gives_forward_and_rate() -> None:
    terms = terms_of_chain(chain_of(european(1.0, 0.045), 1.0, "european"), 1.0, BOUNDS)
    assert terms is not None and (terms.forward_source, terms.rate.source) == ("parity", "parity")
    assert terms.forward == pytest.approx(80.0, abs=0.01) and terms.rate.rate == pytest.approx(0.045, abs=1e-4)
    assert terms.discount == pytest.approx(math.exp(-0.045), abs=1e-4) and terms.pairs == len(STRIKES)


def test_a_short_chain_takes_the_rate_of_its_neighbours() -> None:
    short = chain_of(european(0.02, 0.045), 0.02, "european")
    alone = terms_of_chain(short, 0.02, BOUNDS)
    assert alone is not None and alone.rate.error > 0.01
    long = terms_of_chain(chain_of(european(0.5, 0.045), 0.5, "european"), 0.5, BOUNDS)
    assert long is not None
    beside = terms_of_chain(short, 0.02, BOUNDS, curve=RateCurve.of([(0.5, long.rate)]))
    assert beside is not None and beside.rate.source == "other expiries"
    assert beside.rate.rate == pytest.approx(0.045, abs=1e-3)


def test_american_options_on_a_future_and_on_a_spot() -> None:
    curve = RateCurve(((0.9, 0.05, 0.001),))
    on_future = chain_of(quotes(80.0, STRIKES, 1.0, american=True, rate=0.05), 1.0, "american")
    terms = terms_of_chain(on_future, 1.0, BOUNDS, curve=curve)
    assert terms is not None and terms.forward_source == "american pairs" and terms.carry == 0.0
    assert terms.forward == pytest.approx(80.0, abs=0.02) and math.isnan(terms.spot.now)
    forward = 80.0 * math.exp(0.03)
    on_spot = chain_of(quotes(forward, STRIKES, 1.0, american=True, rate=0.05, carry=0.03), 1.0, "american")
    terms = terms_of_chain(on_spot, 1.0, BOUNDS, curve=curve, on_spot=True, spot=80.0)
    assert terms is not None and terms.carry == pytest.approx(0.03, abs=1e-3)
    assert terms.forward == pytest.approx(forward, abs=0.03) and terms.spot.now == terms.spot.after == 80.0


def test_a_spot_of_another_day_is_not_believed() -> None:
    lines = quotes(80.0, STRIKES, 0.05, american=True, rate=0.02, volatility=0.15, half=0.01)
    chain = chain_of(lines, 0.05, "american")
    split = terms_of_chain(chain, 0.05, BOUNDS, on_spot=True, spot=11.4)
    assert split is not None and split.spot.now == pytest.approx(80.0, abs=0.02), "puts in the money tell it"
    assert split.forward == pytest.approx(80.0, abs=0.02)


def test_without_pairs_one_smile_then_the_spot_then_nothing() -> None:
    lines = [q for place, q in enumerate(european(0.5, 0.03)) if (place // 2) % 2 == (0 if q.is_call else 1)]
    smile = terms_of_chain(chain_of(lines, 0.5, "european"), 0.5, BOUNDS)
    assert smile is not None and smile.forward_source == "one smile"
    assert abs(smile.forward - 80.0) <= 3.0 * smile.forward_error
    puts = [quote for quote in lines if not quote.is_call]
    by_spot = terms_of_chain(chain_of(puts, 0.5, "european"), 0.5, BOUNDS, spot=79.0)
    assert by_spot is not None and (by_spot.forward, by_spot.forward_source) == (79.0, "spot")
    assert by_spot.forward_error == pytest.approx(79.0 * math.expm1(0.03))
    assert terms_of_chain(chain_of(puts, 0.5, "european"), 0.5, BOUNDS) is None


def test_american_puts_without_a_strike_in_common_use_the_same_smile() -> None:
    both = quotes(80.0, STRIKES, 0.5, american=True, rate=0.03)
    lines = [q for place, q in enumerate(both) if (place // 2) % 2 == (0 if q.is_call else 1)]
    terms = terms_of_chain(chain_of(lines, 0.5, "american"), 0.5, BOUNDS)
    assert terms is not None and terms.forward_source == "one smile"
    assert abs(terms.forward - 80.0) <= 3.0 * terms.forward_error


def test_long_american_chains_tell_their_rate() -> None:
    forward = 80.0 * math.exp(0.045)
    lines = quotes(forward, STRIKES, 1.0, american=True, rate=0.05, carry=0.045, half=0.02)
    terms = terms_of_chain(chain_of(lines, 1.0, "american"), 1.0, BOUNDS, on_spot=True, spot=80.0)
    assert terms is not None and terms.rate.source == "american pairs"
    assert abs(terms.rate.rate - 0.05) < 2.0 * terms.rate.error < 0.02
    assert terms.forward == pytest.approx(forward, abs=0.03)


def test_no_terms_for_what_may_not_speak() -> None:
    lines = european(0.5, 0.03)
    assert terms_of_chain(chain_of(lines, 0.5, "unknown"), 0.5, BOUNDS) is None
    expired = dataclasses.replace(chain_of(lines, 0.5, "european"), expiry_ts=1)
    assert terms_of_chain(expired, 0.0, BOUNDS) is None
    assert terms_of_chain(chain_of([], 0.5, "european"), 0.5, BOUNDS) is None


def test_terms_as_the_density_takes_them() -> None:
    terms = terms_of_chain(chain_of(european(1.0, 0.045), 1.0, "european"), 1.0, BOUNDS)
    assert isinstance(terms, ChainTerms)
    given = terms.option_terms("european", 0.05)
    assert (given.forward, given.years, given.rate, given.style, given.tick) == (
        terms.forward, 1.0, terms.rate.rate, "european", 0.05,
    )  # fmt: skip
    assert terms.discount_error == pytest.approx(terms.discount * terms.rate.error)
