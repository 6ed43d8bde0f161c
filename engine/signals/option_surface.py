"""Features of the option chain that need no density: volatility level, skew, open interest, quoted spread."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.core.records import OptionChain
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_family import FeatureDescription, FeatureFamily, bar_max_age_us
from engine.signals.feature_row import GOOD, MISSING, Reading
from engine.signals.option_snapshot import OptionSnapshot, SnapshotSelector
from engine.signals.options_math.smile import Smile, fit_smile


class OptionSurface(FeatureFamily):
    """`atm_iv`, `skew_slope`, their errors, `put_call_oi_ratio`, `option_spread`, `vol_term_spread`.

    All are emitted when a chain becomes known and are about its snapshot; a chain that repeats the numbers of the one
    before repeats its readings and their event time, with quality "repeated".
    """

    def __init__(self, config: HydraConfig, selector: SnapshotSelector) -> None:
        self._selector = selector
        self._max_age_us = bar_max_age_us(config)
        self._reference_atm = MISSING
        self.snapshot: OptionSnapshot | None = None

    def describe(self) -> Sequence[FeatureDescription]:
        """Volatility level and skew with standard errors, open-interest ratio, quoted spread, term spread."""
        age = self._max_age_us
        return (
            FeatureDescription("skew_slope", "volatility per standard deviation", "option_chain", -10.0, 10.0, age,
                               "slope of implied volatility on standardised log-moneyness at the money"),
            FeatureDescription("put_call_oi_ratio", "ratio", "option_chain", 0.0, None, age,
                               "put over call open interest of the expiry; missing where calls have none"),
            FeatureDescription("atm_iv", "volatility per year", "option_chain", 0.0, 10.0, age,
                               "implied volatility at the money"),
            FeatureDescription("skew_slope_error", "volatility per standard deviation", "option_chain", 0.0, None, age,
                               "standard error of skew_slope from the width of the quotes"),
            FeatureDescription("atm_iv_error", "volatility per year", "option_chain", 0.0, None, age,
                               "standard error of atm_iv from the width of the quotes"),
            FeatureDescription("option_spread", "share of mid", "option_chain", 0.0, 2.0, age,
                               "median quoted spread of two-sided out-of-the-money options, over mid"),
            FeatureDescription("vol_term_spread", "volatility per year", "option_chain", -10.0, 10.0, age,
                               "atm_iv of the next expiry minus that of the reference expiry of the same moment"),
        )  # fmt: skip

    def on_chain(self, chain: OptionChain) -> Sequence[Reading]:
        """Readings of the reference expiry of each moment, and the term spread from the next one."""
        self.snapshot = None
        offered = self._selector.offer(chain)
        if offered is None:
            return ()
        role, snapshot = offered
        quality = "repeated" if snapshot.repeated else GOOD
        smile = None
        if snapshot.usable:
            smile = fit_smile(snapshot.clean.quotes, snapshot.forward, snapshot.years, snapshot.discount)
        if role == "following":
            spread = smile.atm_iv - self._reference_atm if smile is not None else MISSING
            return (_reading("vol_term_spread", snapshot, spread, quality, "no_volatility"),)
        self.snapshot = snapshot
        self._reference_atm = smile.atm_iv if smile is not None else MISSING
        return self._reference_readings(snapshot, smile, quality)

    def _reference_readings(self, snapshot: OptionSnapshot, smile: Smile | None, quality: str) -> Sequence[Reading]:
        why = snapshot.why_unusable
        ratio = put_call_open_interest_ratio(snapshot.chain)
        values = (
            ("skew_slope", smile.skew_slope if smile else MISSING, "too_few_strikes" if smile else why),
            ("atm_iv", smile.atm_iv if smile else MISSING, why),
            ("skew_slope_error", smile.skew_slope_error if smile else MISSING, why),
            ("atm_iv_error", smile.atm_iv_error if smile else MISSING, why),
            ("put_call_oi_ratio", ratio, "no_call_open_interest"),
            ("option_spread", _median_spread(snapshot), why),
        )
        return [_reading(name, snapshot, value, quality, reason) for name, value, reason in values]


def put_call_open_interest_ratio(chain: OptionChain) -> float:
    """Put over call open interest of a chain. Unknown open interest is left out; a zero or unknown denominator gives
    NaN, never infinity."""
    puts = [q.open_interest for q in chain.quotes if q.right == "P" and math.isfinite(q.open_interest)]
    calls = [q.open_interest for q in chain.quotes if q.right == "C" and math.isfinite(q.open_interest)]
    denominator = math.fsum(calls)
    return math.fsum(puts) / denominator if puts and denominator > 0.0 else MISSING


def _median_spread(snapshot: OptionSnapshot) -> float:
    shares = [
        (quote.ask - quote.bid) / quote.mid
        for quote in snapshot.clean.quotes
        if quote.two_sided and quote.is_call == (quote.strike >= snapshot.forward)
    ]
    return float(np.median(shares)) if shares else MISSING


def _reading(feature: str, snapshot: OptionSnapshot, value: float, quality: str, otherwise: str) -> Reading:
    source = snapshot.chain.source
    return Reading(feature, snapshot.event_ts, value, quality if value == value else otherwise, source)
