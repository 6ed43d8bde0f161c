"""The rolls of a series and what each is worth: the numbers that join two contracts and never count as a return.

A roll is priced on the last session that shows both contracts, where there is one (`overlap`): difference and ratio are
then pure. A series of single bars a day prices it across two sessions, and one session's move is part of the number:
`overlap` is False and says so. Another series that held the new contract on the eve gives the pure figure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.core.records import FuturesBar


@dataclass(frozen=True, slots=True)
class Roll:
    """From the bar at `event_ts` on the series shows `to_contract`; UTC microseconds, `known_ts` = that bar's. Prices
    in the market's unit: `old_price` of the contract that is left, `new_price` of the one that is entered, of the same
    moment if `overlap`."""

    market: str
    series: str
    event_ts: int
    known_ts: int
    from_contract: str
    to_contract: str
    old_price: float
    new_price: float
    overlap: bool

    @property
    def difference(self) -> float:
        """New price less old price: what a difference-adjusted history is moved by."""
        return self.new_price - self.old_price

    @property
    def ratio(self) -> float:
        """New price over old price: what a ratio-adjusted history is multiplied by; NaN without positive prices."""
        return self.new_price / self.old_price if self.new_price > 0 and self.old_price > 0 else math.nan


def rolls_of(bars: Sequence[FuturesBar], elsewhere: Mapping[tuple[int, str], float] | None = None) -> list[Roll]:
    """The rolls of one series, bars in order of time, deferred contracts (nearby 2) included where there are any.

    `elsewhere` maps (event_ts of a bar, contract) to the contract's price at that bar's close in another series. A
    change to or from an unknown contract is no roll.
    """
    deferred = {(bar.event_ts, bar.contract): bar.close for bar in bars if bar.nearby != 1}
    rolls = []
    previous: FuturesBar | None = None
    for bar in bars:
        if bar.nearby != 1:
            continue
        if previous is not None and previous.contract and bar.contract and previous.contract != bar.contract:
            eve = (previous.event_ts, bar.contract)
            other = deferred.get(eve, (elsewhere or {}).get(eve, math.nan))
            overlap = not math.isnan(other)
            rolls.append(
                Roll(
                    market=bar.market,
                    series=bar.series,
                    event_ts=bar.event_ts,
                    known_ts=bar.known_ts,
                    from_contract=previous.contract,
                    to_contract=bar.contract,
                    old_price=previous.close,
                    new_price=other if overlap else bar.close,
                    overlap=overlap,
                )
            )
        previous = bar
    return rolls


def back_adjusted(bars: Sequence[FuturesBar], rolls: Sequence[Roll], *, by_ratio: bool) -> list[FuturesBar]:
    """The traded bars with every earlier contract moved (or scaled) to the level of the last one; the newest bars keep
    their printed prices. For charts and studies: decisions and fills use printed prices."""
    traded = [bar for bar in bars if bar.nearby == 1]
    adjusted: list[FuturesBar] = []
    pending = sorted(rolls, key=lambda roll: roll.event_ts)
    shift, scale = 0.0, 1.0
    for bar in reversed(traded):
        while pending and bar.event_ts < pending[-1].event_ts:
            roll = pending.pop()
            shift, scale = shift + roll.difference, scale * roll.ratio
        prices = {
            name: getattr(bar, name) * scale if by_ratio else getattr(bar, name) + shift
            for name in ("open", "high", "low", "close")
        }
        adjusted.append(replace(bar, **prices))
    return adjusted[::-1]
