"""The option chain of one bar: nine strikes around the money, priced by Black-76 on a smooth smile.

Implied volatility is `level + slope * z + curvature * z^2` in standardised log-moneyness
z = ln(strike / future) / (level * sqrt(years)); calls and puts share it, so put-call parity holds before rounding.
Interest is left out, so that American and European exercise are worth the same, and the middle of each quote is
rounded to half a tick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from engine.kernel.timestamps import MICROS_PER_DAY, local_ts
from engine.sandbox.venue.displays import SMILE_CURVATURE
from engine.sandbox.venue.market_facts import EXCHANGE_ZONE, HALF_TICK
from engine.sandbox.venue.random_streams import Stream, stream
from engine.sandbox.venue.world import MarketWorld

STRIKE_SPACING: Final = 2.0
STRIKES_EACH_SIDE: Final = 4
EXPIRY_LOCAL: Final = (13, 5)
CALL_OPEN_INTEREST: Final = 40_000
# Shares of a side's open interest by strike, from four below to four above the money.
OPEN_INTEREST_SHARES: Final = (0.04, 0.08, 0.12, 0.16, 0.20, 0.16, 0.12, 0.08, 0.04)
_DAYS_PER_YEAR: Final = 365.0


@dataclass(frozen=True, slots=True)
class SideQuote:
    """One option's line: prices in cents/lb, vendor volatility and delta, volume and open interest in contracts."""

    bid: float
    ask: float
    implied_volatility: float
    delta: float
    gamma: float
    volume: int
    open_interest: int

    @property
    def mid(self) -> float:
        """Middle of bid and ask."""
        return (self.bid + self.ask) / 2.0


@dataclass(frozen=True, slots=True)
class ChainSnapshot:
    """What the chain feed shows: the future, the expiry day and (strike, call, put) by rising strike."""

    future: float
    change: float
    traded_volume: int
    expiry: date
    lines: tuple[tuple[float, SideQuote, SideQuote], ...]


def expiry_of(session: date) -> date:
    """The Friday six weeks after the session's own week: 42 to 46 days ahead."""
    return session - timedelta(days=session.weekday()) + timedelta(days=46)


def expiry_ts(expiry: date) -> int:
    """When options of that day expire: the session's close, 13:05 Chicago."""
    return local_ts(expiry.year, expiry.month, expiry.day, *EXPIRY_LOCAL, EXCHANGE_ZONE)


def chain_snapshot(world: MarketWorld, bar: int) -> ChainSnapshot:
    """The chain at the end of bar `bar`, as a healthy feed shows it."""
    future = float(world.traded.close[bar])
    expiry = expiry_of(world.times.session[bar])
    years = (expiry_ts(expiry) - world.times.end_ts(bar)) / (_DAYS_PER_YEAR * MICROS_PER_DAY)
    level, slope = float(world.chain.atm_iv[bar]), float(world.chain.skew_slope[bar])
    put_total = CALL_OPEN_INTEREST * float(world.chain.put_call_ratio[bar])
    volumes = stream(world.settings.seed, Stream.OPTION_VOLUME, bar).integers(0, 60, size=18).tolist()
    centre = round(future / STRIKE_SPACING) * STRIKE_SPACING
    lines = []
    for place in range(-STRIKES_EACH_SIDE, STRIKES_EACH_SIDE + 1):
        index = place + STRIKES_EACH_SIDE
        strike = centre + place * STRIKE_SPACING
        moneyness = math.log(strike / future) / (level * math.sqrt(years))
        volatility = level + slope * moneyness + SMILE_CURVATURE * moneyness**2
        share = OPEN_INTEREST_SHARES[index]
        call = _quote(future, strike, years, volatility, True, volumes[index], round(CALL_OPEN_INTEREST * share))
        put = _quote(future, strike, years, volatility, False, volumes[index + 9], round(put_total * share))
        lines.append((strike, call, put))
    change = future - float(world.traded.open[bar])
    return ChainSnapshot(future, change, int(world.traded.volume[bar]), expiry, tuple(lines))


def black76_premium(future: float, strike: float, years: float, volatility: float, is_call: bool) -> float:
    """Black (1976) premium of an option on a future at interest rate 0, in the future's unit."""
    spread = volatility * math.sqrt(years)
    d1 = math.log(future / strike) / spread + spread / 2.0
    sign = 1.0 if is_call else -1.0
    inner = future * _normal(sign * d1) - strike * _normal(sign * (d1 - spread))
    return sign * inner


def _quote(
    future: float, strike: float, years: float, volatility: float, is_call: bool, volume: int, open_interest: int
) -> SideQuote:
    premium = black76_premium(future, strike, years, volatility, is_call)
    middle = max(round(premium / HALF_TICK), 1) * HALF_TICK
    half_spread = HALF_TICK * min(max(1, round(0.01 * middle / HALF_TICK)), max(1, round(middle / HALF_TICK) - 1))
    spread = volatility * math.sqrt(years)
    d1 = math.log(future / strike) / spread + spread / 2.0
    delta = _normal(d1) if is_call else _normal(d1) - 1.0
    gamma = math.exp(-d1 * d1 / 2.0) / (math.sqrt(2.0 * math.pi) * future * spread)
    return SideQuote(middle - half_spread, middle + half_spread, volatility, delta, gamma, volume, open_interest)


def _normal(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2.0))
