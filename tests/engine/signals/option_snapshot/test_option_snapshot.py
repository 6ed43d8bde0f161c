"""One moment of one expiry: where its forward comes from, and what is left open without knowledge of rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.core.records import ExerciseStyle, OptionChain
from engine.signals.option_snapshot import OptionSnapshot, SnapshotSelector, prepare_snapshot
from engine.signals.options_math.chain_rate import RateBounds
from tests.engine.signals.options_math.american_quotes import chain_of, quotes

BOUNDS = RateBounds(0.0, 0.06)
STRIKES = [float(strike) for strike in np.arange(60.0, 101.0, 2.0)]


def chain(style: ExerciseStyle, listed: float = math.nan, years: float = 0.5) -> OptionChain:
    american = style == "american"
    return chain_of(quotes(80.0, STRIKES, years, american=american, rate=0.05, half=0.02), years, style, listed)


def snapshot(one: OptionChain, bounds: RateBounds | None = BOUNDS) -> OptionSnapshot:
    return prepare_snapshot(one, one.event_ts, False, bounds)


def test_the_listed_future_speaks_first_and_leaves_the_rate_open() -> None:
    for bounds in (None, BOUNDS):
        found = snapshot(chain("american", 80.25), bounds)
        assert found.usable and (found.forward, found.discount) == (80.25, 1.0)
    terms = snapshot(chain("american", 80.25)).terms
    assert terms is not None and terms.rate.source == "bounds"


@pytest.mark.parametrize("bounds", [None, BOUNDS])
def test_european_parity(bounds: RateBounds | None) -> None:
    found = snapshot(chain("european"), bounds)
    assert found.forward == pytest.approx(80.0, abs=0.01)
    assert found.discount == pytest.approx(math.exp(-0.025), abs=1e-4)
    assert (found.terms is None) == (bounds is None)


def test_parity_that_cannot_tell_the_rate_leaves_it_open() -> None:
    found = snapshot(chain("european", years=0.01), None)
    assert found.discount == 1.0 and found.forward == pytest.approx(80.0, abs=0.02)


def test_american_pairs_need_to_know_which_rates_are_possible() -> None:
    assert not snapshot(chain("american"), None).usable
    found = snapshot(chain("american"))
    assert found.usable and found.forward == pytest.approx(80.0, abs=0.05)
    assert found.terms is not None and found.terms.forward_source == "american pairs" and found.terms.carry == 0.0


def test_the_selector_hands_its_bounds_on() -> None:
    offered = SnapshotSelector(BOUNDS).offer(chain("american"))
    assert offered is not None and offered[0] == "reference" and offered[1].usable
    alone = SnapshotSelector().offer(chain("american"))
    assert alone is not None and not alone[1].usable


def test_expired_and_unknown_chains_are_unusable() -> None:
    one = chain("european")
    assert not prepare_snapshot(one, one.expiry_ts, False, BOUNDS).usable
    assert not snapshot(chain("unknown")).usable and not snapshot(chain("unknown"), None).usable
