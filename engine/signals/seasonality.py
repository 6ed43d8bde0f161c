"""Calendar features: the season of the hog cycle and the life left in the traded contract."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY, to_datetime
from engine.signals.contract_months import last_trade_ts
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading

_DAYS_PER_YEAR = 365.25


class Seasonality(FeatureFamily):
    """`seasonality_sin`, `seasonality_cos` (exchange-local day of the year) and `days_to_expiry` (calendar days from
    the bar to the last trade of its contract; missing where the contract's month is not known)."""

    def __init__(self, config: HydraConfig) -> None:
        self._market = config.market
        self._zone = ZoneInfo(config.market.session.timezone)
        self._expiries: dict[str, int | None] = {}
        self._max_age_us = bar_max_age_us(config)

    def describe(self) -> Sequence[FeatureDescription]:
        """seasonality_sin, seasonality_cos, days_to_expiry."""
        age = self._max_age_us
        return (
            FeatureDescription("seasonality_sin", "ratio", "futures_bar", -1.0, 1.0, age,
                               "sine of the bar's day of the year, one turn a year"),
            FeatureDescription("seasonality_cos", "ratio", "futures_bar", -1.0, 1.0, age,
                               "cosine of the bar's day of the year, one turn a year"),
            FeatureDescription("days_to_expiry", "days", "futures_bar", -40.0, 800.0, age,
                               "calendar days from the bar to the last trade of its contract"),
        )  # fmt: skip

    def on_decision_bar(self, bar: FuturesBar, latest: Mapping[str, Reading]) -> Sequence[Reading]:
        """Readings of all features of the family, at every bar."""
        day = to_datetime(bar.event_ts).astimezone(self._zone).timetuple().tm_yday
        angle = 2.0 * math.pi * (day - 1) / _DAYS_PER_YEAR
        expiry = self._expiry(bar)
        days = (expiry - bar.event_ts) / MICROS_PER_DAY if expiry is not None else MISSING
        return (
            Reading("seasonality_sin", bar.event_ts, math.sin(angle), GOOD, bar.series),
            Reading("seasonality_cos", bar.event_ts, math.cos(angle), GOOD, bar.series),
            Reading("days_to_expiry", bar.event_ts, days, GOOD if days == days else "contract_unknown", bar.series),
        )

    def _expiry(self, bar: FuturesBar) -> int | None:
        if bar.contract is None:
            return None
        if bar.contract not in self._expiries:
            self._expiries[bar.contract] = last_trade_ts(bar.contract, self._market)
        return self._expiries[bar.contract]
