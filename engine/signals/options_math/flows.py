"""What hedging of open option positions does to the future: gamma, vanna and charm of the open interest, summed.

There is no standard for these numbers, so every one carries its unit in its name and its sign rule in the result. Who
holds which side is an ASSUMPTION, never data: the exchange publishes open interest, not owners. Under
`calls_long_puts_short` hedgers of options (dealers) are long every call and short every put, s = +1 and -1;
`calls_short_puts_long` is its mirror image; `unsigned` gives s = +1 to both. Per option, with black76 greeks of one
contract and M USD for one price unit ("cent") on one lot:

gex_contracts_per_cent    s OI gamma                     futures to trade if the price moves by one unit
gex_usd_per_1pct          s OI gamma (0.01 F) (M F)      the same in USD for a move of 1 %
vanna_contracts_per_volpt s OI vanna / 100               if volatility rises by one point (0.01)
charm_contracts_per_day   s OI charm / 365               as one calendar day passes (time forward)

A row without open interest or without a greek is left out and counted; it is never a zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.signals.options_math.black76 import FloatArray, greeks
from engine.signals.options_math.quoted_intervals import BoolArray
from engine.signals.options_math.zero_gamma import zero_gamma_factors

SignRule = Literal["calls_long_puts_short", "calls_short_puts_long", "unsigned"]
_SIGNS: Final[Mapping[SignRule, tuple[float, float]]] = MappingProxyType(
    {"calls_long_puts_short": (1.0, -1.0), "calls_short_puts_long": (-1.0, 1.0), "unsigned": (1.0, 1.0)}
)
FLOW_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gex_contracts_per_cent": "futures contracts per price unit",
        "gex_usd_per_1pct": "USD per 1 % move of the future",
        "vanna_contracts_per_volpt": "futures contracts per volatility point (0.01)",
        "charm_contracts_per_day": "futures contracts per calendar day of passing time",
        "gross_gamma_contracts_per_cent": "futures contracts per price unit, unsigned",
    }
)
_DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class StrikeFlows:
    """The same sums strike by strike, each [strikes], `strike` rising; open interest in contracts."""

    strike: FloatArray
    gex_contracts_per_cent: FloatArray
    gex_usd_per_1pct: FloatArray
    vanna_contracts_per_volpt: FloatArray
    charm_contracts_per_day: FloatArray
    gross_gamma_contracts_per_cent: FloatArray
    call_open_interest: FloatArray
    put_open_interest: FloatArray


@dataclass(frozen=True, slots=True)
class VolumeShares:
    """Flows in percent of the average daily volume of the future, in contracts: each per the unit of its flow."""

    gex_percent_per_cent: float
    vanna_percent_per_volpt: float
    charm_percent_per_day: float
    gross_gamma_percent_per_cent: float


@dataclass(frozen=True, slots=True)
class OptionFlows:
    """Sums over all usable options under `sign_rule`; NaN where no option is usable. Units: `FLOW_UNITS`.

    `zero_gamma_levels`: every price between `searched_low` and `searched_high` at which gex is zero, rising, each
    option's volatility staying with its strike; empty where there is none. `put_call_oi_ratio`: NaN where calls have
    no open interest. `options_used` + `missing_open_interest` + `missing_greek` = rows given.
    """

    sign_rule: SignRule
    gex_contracts_per_cent: float
    gex_usd_per_1pct: float
    vanna_contracts_per_volpt: float
    charm_contracts_per_day: float
    gross_gamma_contracts_per_cent: float
    zero_gamma_levels: tuple[float, ...]
    searched_low: float
    searched_high: float
    put_call_oi_ratio: float
    options_used: int
    missing_open_interest: int
    missing_greek: int
    volume_shares: VolumeShares | None
    by_strike: StrikeFlows

    def mirrored(self) -> OptionFlows:
        """The same open interest under the opposite sign rule; an unsigned sum has none and stays."""
        if self.sign_rule == "unsigned":
            return self
        calls_long = self.sign_rule == "calls_long_puts_short"
        signed = tuple(FLOW_UNITS)[:4]
        shares = self.volume_shares
        if shares is not None:
            shares = VolumeShares(-shares.gex_percent_per_cent, -shares.vanna_percent_per_volpt,
                                  -shares.charm_percent_per_day, shares.gross_gamma_percent_per_cent)  # fmt: skip
        return replace(
            self,
            sign_rule="calls_short_puts_long" if calls_long else "calls_long_puts_short",
            volume_shares=shares,
            by_strike=replace(self.by_strike, **{name: -getattr(self.by_strike, name) for name in signed}),
            **{name: -getattr(self, name) for name in signed},
        )


def option_flows(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    is_call: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
    open_interest: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    multiplier: float = 1.0,
    sign_rule: SignRule = "calls_long_puts_short",
    average_daily_volume: float | None = None,
) -> OptionFlows:
    """Flows of one expiry or of several (the inputs broadcast; a future per expiry is given as `forward` per row).

    `open_interest` in contracts, NaN where unknown; `volatility` NaN where unknown; `multiplier` USD per price unit and
    lot; `average_daily_volume` of the future in contracts (20 sessions by custom). The order of rows does not matter.
    With several futures a zero-gamma level is the price of the one that expires first, all moving by the same percent.
    """
    future, level, time, sigma, interest, rates, call = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(item, dtype=np.float64)) for item in (forward, strike, years, volatility,
                                                                         open_interest, rate)),
        np.atleast_1d(np.asarray(is_call, dtype=bool)),
    )  # fmt: skip
    order = np.lexsort((rates, interest, sigma, future, time, call, level))
    future, level, time, sigma, interest, rates, call = (
        item[order] for item in (future, level, time, sigma, interest, rates, call)
    )
    values = greeks(future, level, time, sigma, call, rates)
    counted = np.isfinite(interest) & (interest >= 0.0)
    known = np.isfinite(values.gamma) & np.isfinite(values.vanna) & np.isfinite(values.charm_per_year)
    used = counted & known
    size = np.where(used, interest, 0.0)
    sign = np.where(call, *_SIGNS[sign_rule])
    per_option = {
        "gex_contracts_per_cent": sign * size * values.gamma,
        "gex_usd_per_1pct": sign * size * values.gamma * (0.01 * future) * (multiplier * future),
        "vanna_contracts_per_volpt": sign * size * values.vanna / 100.0,
        "charm_contracts_per_day": sign * size * values.charm_per_year / _DAYS_PER_YEAR,
        "gross_gamma_contracts_per_cent": size * values.gamma,
    }
    totals = {name: math.fsum(flow[used]) if used.any() else math.nan for name, flow in per_option.items()}
    factors, searched = zero_gamma_factors(
        (sign * size * future)[used], (level / future)[used], (sigma * np.sqrt(time))[used], (rates * time)[used]
    )
    first = float(future[used][np.argmin(time[used])]) if used.any() else math.nan
    return OptionFlows(
        sign_rule=sign_rule,
        zero_gamma_levels=tuple(first * factor for factor in factors),
        searched_low=first * searched[0],
        searched_high=first * searched[1],
        put_call_oi_ratio=_ratio(interest[counted & ~call], interest[counted & call]),
        options_used=int(used.sum()),
        missing_open_interest=int((~counted).sum()),
        missing_greek=int((counted & ~known).sum()),
        volume_shares=None if average_daily_volume is None else _volume_shares(totals, average_daily_volume),
        by_strike=_by_strike(level, call, used, size, per_option),
        **totals,
    )


def _ratio(puts: FloatArray, calls: FloatArray) -> float:
    below = math.fsum(calls)
    return math.fsum(puts) / below if puts.size and below > 0.0 else math.nan


def _volume_shares(totals: Mapping[str, float], volume: float) -> VolumeShares:
    scale = 100.0 / volume if math.isfinite(volume) and volume > 0.0 else math.nan
    return VolumeShares(
        totals["gex_contracts_per_cent"] * scale,
        totals["vanna_contracts_per_volpt"] * scale,
        totals["charm_contracts_per_day"] * scale,
        totals["gross_gamma_contracts_per_cent"] * scale,
    )


def _by_strike(
    level: FloatArray, call: BoolArray, used: BoolArray, size: FloatArray, per_option: Mapping[str, FloatArray]
) -> StrikeFlows:
    strike, place = np.unique(level[used], return_inverse=True)

    def summed(flow: FloatArray) -> FloatArray:
        return np.bincount(place, weights=flow[used], minlength=strike.size).astype(np.float64)

    return StrikeFlows(
        strike=strike,
        call_open_interest=summed(np.where(call, size, 0.0)),
        put_open_interest=summed(np.where(call, 0.0, size)),
        **{name: summed(flow) for name, flow in per_option.items()},
    )
