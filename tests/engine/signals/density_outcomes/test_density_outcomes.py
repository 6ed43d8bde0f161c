"""Implied against realised: what is held, when an expiry is settled, and when it cannot be judged."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.core.records import FuturesBar
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR
from engine.signals.density_outcomes import HELD_PROBABILITIES, OUTCOMES_KEPT, DensityOutcomes, ExpiryOutcome

START = 1_704_100_000_000_000
DAY = MICROS_PER_DAY
EXPIRY = START + 10 * DAY


@dataclass(frozen=True)
class Lognormal:
    """A density whose quantiles are known in closed form."""

    forward: float
    deviation: float = 0.1
    quality: str = "good"

    def quantile(self, probability: float) -> float:
        return self.forward * math.exp(self.deviation * NormalDist().inv_cdf(probability))

    def cdf(self, prices: Any) -> Any:
        return np.array([NormalDist(0.0, self.deviation).cdf(math.log(price / self.forward)) for price in prices])


def fitted(density: Any, ts: int, expiry_ts: int = EXPIRY) -> Any:
    return SimpleNamespace(density=density, snapshot=SimpleNamespace(event_ts=ts, chain=SimpleNamespace(
        expiry_ts=expiry_ts)))  # fmt: skip


def bar(ts: int, close: float, contract: str | None = "HEZ4") -> FuturesBar:
    known_ts = ts + MICROS_PER_HOUR
    return FuturesBar("hogs", "venue", contract, 1, 3600, ts, known_ts, close, close, close, close, 10.0)


def fed(*steps: tuple[Any, FuturesBar]) -> DensityOutcomes:
    """The state after bars, each preceded by what the book holds then."""
    book = SimpleNamespace(fitted=None)
    outcomes = DensityOutcomes(book)  # type: ignore[arg-type]
    for held, one in steps:
        book.fitted = held if held is not None else book.fitted
        assert outcomes.on_decision_bar(one, {}) == ()
    return outcomes


def test_the_settled_price_is_the_last_one_before_the_expiry_placed_in_both_densities() -> None:
    first, last = Lognormal(80.0), Lognormal(84.0)
    outcomes = fed(
        (fitted(first, START), bar(START, 80.5)),
        (fitted(last, START + 7 * DAY), bar(START + 7 * DAY, 84.0)),
        (None, bar(EXPIRY - MICROS_PER_HOUR, 86.0)),
        (None, bar(EXPIRY, 99.0)),
    )
    (settled,) = outcomes.settled
    assert outcomes.open == () and settled.settled and settled.is_judged
    assert (settled.price, settled.price_ts) == (86.0, EXPIRY)
    assert settled.days_ahead == 10.0
    assert settled.first.probability_below(86.0) == pytest.approx(first.cdf([86.0])[0], abs=1e-3)
    assert settled.last.probability_below(86.0) == pytest.approx(last.cdf([86.0])[0], abs=1e-3)
    assert settled.first.quantiles == pytest.approx([first.quantile(p) for p in HELD_PROBABILITIES], rel=1e-3)


def test_until_the_expiry_the_price_goes_on_and_the_first_density_stays() -> None:
    outcomes = fed(
        (fitted(Lognormal(80.0), START), bar(START, 80.5)),
        (fitted(Lognormal(82.0), START + DAY), bar(START + DAY, 81.5)),
    )
    (ahead,) = outcomes.open
    assert not ahead.settled and ahead.price == 81.5
    assert (ahead.first.forward, ahead.last.forward) == (80.0, 82.0)


def test_the_same_density_is_taken_up_once() -> None:
    held = fitted(Lognormal(80.0), START)
    outcomes = fed((held, bar(START, 80.5)), (held, bar(START + DAY, 90.0)))
    assert outcomes.open[0].first.contract == "HEZ4"
    assert outcomes.open[0].last is outcomes.open[0].first


def test_options_on_another_future_than_the_traded_one_are_not_judged() -> None:
    outcomes = fed((fitted(Lognormal(90.0), START), bar(START, 80.5)), (None, bar(EXPIRY, 81.0)))
    (settled,) = outcomes.settled
    assert settled.first.contract is None and settled.price is None and not settled.is_judged


def test_after_a_roll_the_last_price_of_the_old_contract_stays_with_its_time() -> None:
    outcomes = fed(
        (fitted(Lognormal(80.0), START), bar(START, 80.5)),
        (None, bar(START + DAY, 95.0, "HEG5")),
        (None, bar(EXPIRY + DAY, 96.0, "HEG5")),
    )
    (settled,) = outcomes.settled
    assert (settled.price, settled.price_ts) == (80.5, START + MICROS_PER_HOUR)


def test_a_chain_without_a_density_and_one_that_has_expired_leave_nothing() -> None:
    outcomes = fed((fitted(None, START), bar(START, 80.5)), (fitted(Lognormal(80.0), START), bar(EXPIRY, 80.5)))
    assert outcomes.open == outcomes.settled == ()


def test_a_series_that_names_no_contract_is_judged_by_its_price_alone() -> None:
    outcomes = fed((fitted(Lognormal(80.0), START), bar(START, 80.5, None)), (None, bar(EXPIRY, 81.0, None)))
    assert outcomes.settled[0].price == 80.5


def test_only_the_newest_outcomes_are_kept() -> None:
    steps = []
    for index in range(OUTCOMES_KEPT + 3):
        at = START + index * DAY
        steps.append((fitted(Lognormal(80.0), at, at + DAY), bar(at, 80.5)))
    outcomes = fed(*steps, (None, bar(START + 30 * DAY, 80.5)))
    expiries = [one.expiry_ts for one in outcomes.settled]
    assert len(expiries) == OUTCOMES_KEPT and expiries == sorted(expiries, reverse=True)


def test_a_price_far_outside_is_at_0_or_1() -> None:
    (ahead,) = fed((fitted(Lognormal(80.0), START), bar(START, 80.0))).open
    assert ahead.first.probability_below(1.0) == pytest.approx(0.0, abs=1e-6)
    assert ahead.first.probability_below(1000.0) == pytest.approx(1.0, abs=1e-6)
    assert isinstance(replace(ahead, price=None), ExpiryOutcome) and not replace(ahead, price=None).is_judged
