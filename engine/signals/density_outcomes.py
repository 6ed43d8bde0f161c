"""Implied against realised: the densities that were held for each expiry, and where the price ended in them.

For every expiry that was the reference, two densities are kept: the first that was fitted and the newest. Once the
expiry has passed, the last price of the traded contract before it is placed in both. Nothing here is a feature; it is
a state machine over the same records as the features, so a rebuild gives the same outcomes.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.core.records import FuturesBar
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.feature_family import FeatureDescription, FeatureFamily
from engine.signals.feature_row import Reading
from engine.signals.option_book import OptionBook
from engine.signals.option_density import FittedDensity
from engine.signals.options_math.black76 import FloatArray
from engine.signals.options_math.density import ImpliedDensity

HELD_PROBABILITIES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
OUTCOMES_KEPT: Final = 12
_GRID_POINTS: Final = 241
_GRID_DEVIATIONS: Final = 6.0
# 5 % and 95 % of a normal distribution lie this many standard deviations apart.
_NORMAL_BAND: Final = 3.29
# The traded contract is the option's own future where their prices agree this well; else its last price says nothing
# about the option's expiry.
_SAME_FUTURE_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class HeldDensity:
    """A density as it was held at `as_of_ts` (event time of its quotes): prices at HELD_PROBABILITIES, and its
    distribution function on a grid of ln(price). `contract` is the future that was traded then, None where it was not
    the future of the options."""

    as_of_ts: int
    forward: float
    quality: str
    contract: str | None
    quantiles: tuple[float, ...]
    log_price: FloatArray
    cdf: FloatArray

    def probability_below(self, price: float) -> float:
        """Probability that the price at expiry would be at most `price`."""
        return float(np.interp(math.log(price), self.log_price, self.cdf))


@dataclass(frozen=True, slots=True)
class ExpiryOutcome:
    """One expiry: what was held, and what came. `price` is the last close of the traded contract before the expiry,
    `price_ts` when that bar became known; None while none was seen. `settled`: the expiry has passed."""

    expiry_ts: int
    first: HeldDensity
    last: HeldDensity
    price: float | None = None
    price_ts: int | None = None
    settled: bool = False

    @property
    def days_ahead(self) -> float:
        """Days from the first density to the expiry."""
        return (self.expiry_ts - self.first.as_of_ts) / MICROS_PER_DAY

    @property
    def is_judged(self) -> bool:
        """Whether the price can be placed: there is one, of the options' own future."""
        return self.price is not None and self.first.contract is not None


class DensityOutcomes(FeatureFamily):
    """Stands behind `OptionBook` in the pipeline. A density is taken up with the decision bar that follows it, whose
    contract and price tell whether its options are on the traded future. A contract that is not traded any more when
    the expiry passes leaves the last price that was seen of it, with its time."""

    def __init__(self, book: OptionBook) -> None:
        self._book = book
        self._seen: FittedDensity | None = None
        self._open: dict[int, ExpiryOutcome] = {}
        self._settled: deque[ExpiryOutcome] = deque(maxlen=OUTCOMES_KEPT)

    def describe(self) -> Sequence[FeatureDescription]:
        """No feature of its own."""
        return ()

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Settle what lies before this bar, take up a new density, carry the price on."""
        for expiry_ts in sorted(expiry for expiry in self._open if bar.event_ts >= expiry):
            self._settled.append(replace(self._open.pop(expiry_ts), settled=True))
        self._take_up(self._book.fitted, bar)
        for expiry_ts, outcome in self._open.items():
            if (
                outcome.first.contract is not None
                and (bar.contract or "") == outcome.first.contract
                and bar.close > 0.0
            ):
                self._open[expiry_ts] = replace(outcome, price=bar.close, price_ts=bar.known_ts)
        return ()

    @property
    def open(self) -> tuple[ExpiryOutcome, ...]:
        """Expiries ahead, nearest first; their price is the newest one."""
        return tuple(self._open[expiry_ts] for expiry_ts in sorted(self._open))

    @property
    def settled(self) -> tuple[ExpiryOutcome, ...]:
        """Expiries that have passed, newest first, at most OUTCOMES_KEPT."""
        return tuple(reversed(self._settled))

    def _take_up(self, fitted: FittedDensity | None, bar: FuturesBar) -> None:
        if fitted is None or fitted is self._seen:
            return
        self._seen = fitted
        expiry_ts = fitted.snapshot.chain.expiry_ts
        if fitted.density is None or bar.event_ts >= expiry_ts:
            return
        held = _hold(fitted.density, fitted.snapshot.event_ts, bar)
        before = self._open.get(expiry_ts)
        self._open[expiry_ts] = ExpiryOutcome(expiry_ts, held, held) if before is None else replace(before, last=held)


def _hold(density: ImpliedDensity, as_of_ts: int, bar: FuturesBar) -> HeldDensity:
    low, high = math.log(density.quantile(0.05)), math.log(density.quantile(0.95))
    reach = _GRID_DEVIATIONS * (high - low) / _NORMAL_BAND
    log_price = np.linspace(low - reach, high + reach, _GRID_POINTS)
    cdf = np.asarray(density.cdf(np.exp(log_price)), dtype=np.float64)
    same_future = abs(bar.close / density.forward - 1.0) <= _SAME_FUTURE_SHARE
    return HeldDensity(
        as_of_ts=as_of_ts,
        forward=density.forward,
        quality=density.quality,
        contract=(bar.contract or "") if same_future else None,
        quantiles=tuple(float(value) for value in np.exp(np.interp(HELD_PROBABILITIES, cdf, log_price))),
        log_price=log_price,
        cdf=cdf,
    )
