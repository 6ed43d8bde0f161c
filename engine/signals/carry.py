"""Carry of the futures curve: traded contract against the deferred one, both seen at the same moment."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import to_datetime
from engine.signals.contract_months import gap_years
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading

_REMEMBERED_BARS = 64


class Carry(FeatureFamily):
    """`carry` = ln(F1/F2), `carry_annualised` the same per calendar year between the two contracts, `deferred_close` =
    F2 in price units.

    The two prices are of one moment: F1 is the traded close at the time of the deferred bar. A deferred feed that
    stands still (an old bar, or the same bar again under a new time) therefore repeats its last carry with its last
    event time, instead of drifting with F1.
    """

    def __init__(self, config: HydraConfig) -> None:
        self._root = config.market.contract.root
        self._max_age_us = bar_max_age_us(config)
        self._daily = config.market.bar_seconds >= 86_400
        self._zone = ZoneInfo(config.market.session.timezone)
        self._traded: deque[FuturesBar] = deque(maxlen=_REMEMBERED_BARS)
        self._deferred: FuturesBar | None = None
        self._repeated = False
        self._carry = MISSING
        self._annualised = MISSING
        self._pair_event_ts: int | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """carry, carry_annualised, deferred_close."""
        age = self._max_age_us
        return (
            FeatureDescription("carry", "log ratio", "futures_bar", -2.0, 2.0, age,
                               "ln of the traded close over the deferred close at the same moment"),
            FeatureDescription("carry_annualised", "log ratio per year", "futures_bar", -24.0, 24.0, age,
                               "carry per calendar year between the contracts; missing unless both months are known"),
            FeatureDescription("deferred_close", "price units", "futures_bar", 0.0, None, age,
                               "close of the deferred contract's latest bar"),
        )  # fmt: skip

    def on_deferred_bar(self, bar: FuturesBar) -> Sequence[Reading]:
        """Remember the newest deferred bar; a bar with the same numbers as the one before brings nothing new."""
        held = self._deferred
        if held is not None and bar.event_ts < held.event_ts:
            return ()
        if held is not None and _numbers(held) == _numbers(bar) and held.contract == bar.contract:
            self._repeated = True
            return ()
        self._deferred, self._repeated, self._pair_event_ts = bar, False, None
        return ()

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Carry of the newest pair of bars of one moment."""
        self._traded.append(bar)
        deferred = self._deferred
        if deferred is None:
            return ()
        self._pair(deferred)
        event_ts = min(deferred.event_ts, bar.event_ts)
        quality = "repeated" if self._repeated else GOOD
        return (
            Reading("carry", event_ts, self._carry, quality if self._carry == self._carry else "no_pair", bar.series),
            Reading("carry_annualised", event_ts, self._annualised,
                    quality if self._annualised == self._annualised else "months_unknown", bar.series),
            Reading("deferred_close", event_ts, deferred.close, quality, deferred.series),
        )  # fmt: skip

    def _pair(self, deferred: FuturesBar) -> None:
        moment = self._moment(deferred)
        traded = next((item for item in reversed(self._traded) if self._moment(item) <= moment), None)
        if traded is None:
            self._carry = self._annualised = MISSING
            return
        if self._pair_event_ts == traded.event_ts:
            return
        self._pair_event_ts = traded.event_ts
        self._carry = self._annualised = MISSING
        if traded.close > 0.0 and deferred.close > 0.0:
            self._carry = math.log(traded.close / deferred.close)
            gap = gap_years(traded.contract, deferred.contract, self._root)
            self._annualised = self._carry / gap if gap is not None else MISSING

    def _moment(self, bar: FuturesBar) -> int:
        if not self._daily:
            return bar.event_ts
        return to_datetime(bar.event_ts).astimezone(self._zone).toordinal()


def _numbers(bar: FuturesBar) -> tuple[float, ...]:
    return (bar.open, bar.high, bar.low, bar.close, bar.volume)
