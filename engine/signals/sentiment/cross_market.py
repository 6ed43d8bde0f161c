"""Appetite for risk as related markets show it: their returns, less their nerves.

Of each related market, sampled at every decision bar of this one:

    gain     sum of its log returns within one contract over the last five samples
    nerves   ln of the root mean square of those returns over that of the longer window

Both are standardised against their own past alone. The appetite is tanh(x / 2), x = the mean over fresh markets,
weighted by |w|, of sign(w) z(gain) - z(nerves). Its confidence is half the share of the weight that is fresh and has a
history, less the disagreement of the markets.

A bar counts for a decision if it was known strictly before it: two markets that settle at the same moment are not known
to each other then, whichever arrives first, and a replay gives what the live feed gave.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from engine.core.records import FuturesBar
from engine.ingestion.futures.thin_contract import THIN_CONTRACT
from engine.signals.past_standardiser import PastStandardiser
from engine.signals.price_action import within_contract_return
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore

GAIN_SAMPLES: Final = 5
LEAST_RETURNS: Final = 3
MOST_CONFIDENCE: Final = 0.5
_IN_TIME: Final = attrgetter("known_ts", "event_ts")


@dataclass(frozen=True, slots=True)
class RelatedMood:
    """One related market at one decision bar: standardised gain and nerves (NaN before they have a history), and the
    start of its newest bar."""

    gain: float
    nerves: float
    event_ts: int

    @property
    def is_known(self) -> bool:
        """Whether both have a history and enough recent returns."""
        return self.gain == self.gain and self.nerves == self.nerves


class _RelatedMarket:
    def __init__(self, volatility_samples: int, window: int) -> None:
        self._waiting: list[FuturesBar] = []
        self._previous: FuturesBar | None = None
        self._returns: deque[float] = deque(maxlen=max(volatility_samples, GAIN_SAMPLES))
        self._gain = PastStandardiser(window)
        self._nerves = PastStandardiser(window)
        self.mood = RelatedMood(math.nan, math.nan, 0)
        self.has_history = False

    @property
    def has_bars(self) -> bool:
        return self._previous is not None

    def add(self, bar: FuturesBar) -> None:
        insort(self._waiting, bar, key=_IN_TIME)

    def sample(self, known_before_ts: int) -> None:
        """Take in the bars that were known before a moment, and say where the market stands."""
        returns: list[float] = []
        while self._waiting and self._waiting[0].known_ts < known_before_ts:
            bar = self._waiting.pop(0)
            if self._previous is not None and bar.event_ts <= self._previous.event_ts:
                continue
            value, _ = within_contract_return(self._previous, bar)
            if value == value and THIN_CONTRACT not in bar.flags:
                returns.append(value)
            self._previous = bar
        if self._previous is None:
            return
        self._returns.append(math.fsum(returns) if returns else math.nan)
        recent = _known(list(self._returns)[-GAIN_SAMPLES:])
        longer = _known(list(self._returns))
        gain, nerves = math.nan, math.nan
        if len(recent) >= LEAST_RETURNS:
            gain = math.fsum(recent)
            fast, slow = _root_mean_square(recent), _root_mean_square(longer)
            nerves = math.log(fast / slow) if fast > 0.0 and slow > 0.0 else math.nan
        self.mood = RelatedMood(self._gain.update(gain), self._nerves.update(nerves), self._previous.event_ts)
        self.has_history = self.has_history or self.mood.is_known


class CrossMarketScorer:
    """State of all related markets. `weights` maps (market, series) to a weight other than 0; `max_age_us` is the age
    of its newest bar's start at which a market is stale. `add` every bar that becomes known, `sample` at each decision
    bar."""

    def __init__(
        self, weights: Mapping[tuple[str, str], float], volatility_samples: int, window: int, max_age_us: int
    ) -> None:
        self._weights = dict(weights)
        self._markets = {key: _RelatedMarket(volatility_samples, window) for key in weights}
        self._max_age_us = max_age_us

    def add(self, bar: FuturesBar) -> None:
        """A bar of another market; of a market or series that has no weight it is ignored."""
        market = self._markets.get((bar.market, bar.series))
        if market is not None and bar.nearby == 1:
            market.add(bar)

    def sample(self, decision_ts: int) -> None:
        """A decision is due at `decision_ts`: take in what was known before."""
        for market in self._markets.values():
            market.sample(decision_ts)

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """Appetite for risk as of the last sample; no data where no related market is fresh and has a history."""
        speaking: list[tuple[str, float, RelatedMood]] = []
        for key, market in self._markets.items():
            name, mood, weight = key[0], market.mood, self._weights[key]
            if mood.is_known and as_of_ts - mood.event_ts <= self._max_age_us:
                speaking.append((name, weight, mood))
        total = math.fsum(abs(weight) for weight in self._weights.values())
        fresh = math.fsum(abs(weight) for _, weight, _ in speaking)
        if not fresh > 0.0:
            return NO_DATA
        appetites = [math.copysign(1.0, weight) * mood.gain - mood.nerves for _, weight, mood in speaking]
        sizes = [abs(weight) for _, weight, _ in speaking]
        mean = math.fsum(size * one for size, one in zip(sizes, appetites, strict=True)) / fresh
        opinions = [math.tanh(one / 2.0) for one in appetites]
        middle = math.fsum(size * one for size, one in zip(sizes, opinions, strict=True)) / fresh
        spread = math.fsum(size * (one - middle) ** 2 for size, one in zip(sizes, opinions, strict=True)) / fresh
        confidence = MOST_CONFIDENCE * fresh / total * (1.0 - min(1.0, math.sqrt(spread)))
        evidence = tuple(f"{name} gain {mood.gain:+.1f} sd, nerves {mood.nerves:+.1f} sd" for name, _, mood in speaking)
        oldest = min(mood.event_ts for _, _, mood in speaking)
        return SentimentScore(math.tanh(mean / 2.0), confidence, oldest, evidence)

    def silence(self, as_of_ts: int) -> str:
        """Why there is no data: none is set, none has come, all are stale, their histories are short, or rolls and thin
        contracts left too few recent returns."""
        if not self._markets:
            return "no_related_market"
        present = [market for market in self._markets.values() if market.has_bars]
        if not present:
            return "no_related_bars"
        fresh = [market for market in present if as_of_ts - market.mood.event_ts <= self._max_age_us]
        if not fresh:
            return "related_markets_stale"
        return "related_returns_missing" if any(market.has_history for market in fresh) else "related_history_short"


def _known(values: list[float]) -> list[float]:
    return [value for value in values if value == value]


def _root_mean_square(values: list[float]) -> float:
    return math.sqrt(math.fsum(value * value for value in values) / len(values))
