"""Checks that every futures bar passes, whatever its vendor: reasons to keep a row out, and flags on rows kept."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final

from engine.kernel.config_models import ContractConfig
from engine.kernel.errors import InputError

CLOSE_OUTSIDE_RANGE: Final = "close_outside_range"
OPEN_OUTSIDE_RANGE: Final = "open_outside_range"
NOT_A_SESSION_DAY: Final = "not_a_session_day"
ZERO_VOLUME_WITH_RANGE: Final = "zero_volume_with_range"
NEGATIVE_PRICE: Final = "negative_price"
_NEIGHBOURS: Final = 5
_JUMP: Final = 50.0
_FOREIGN_SHARE: Final = 0.2
_FOREIGN_LEAST: Final = 20


def bar_fault(
    open_: float, high: float, low: float, close: float, volume: float, contract: ContractConfig
) -> tuple[str, str] | None:
    """(field, reason) why a bar cannot be used, or None. Prices in the market's unit."""
    prices = {"open": open_, "high": high, "low": low, "close": close}
    if all(math.isnan(price) for price in prices.values()):
        return "close", "all prices missing"
    for name, price in prices.items():
        if math.isnan(price):
            return name, "price missing"
        if not contract.plausible_price_low <= price <= contract.plausible_price_high:
            return name, "implausible price"
    if high < low:
        return "high", "high below low"
    if volume < 0:
        return "volume", "negative volume"
    return None


def bar_flags(open_: float, high: float, low: float, close: float, volume: float) -> tuple[str, ...]:
    """Findings that do not make a bar unusable, sorted."""
    flags = []
    if not low <= close <= high:
        flags.append(CLOSE_OUTSIDE_RANGE)
    if min(open_, high, low, close) < 0:
        flags.append(NEGATIVE_PRICE)
    if not low <= open_ <= high:
        flags.append(OPEN_OUTSIDE_RANGE)
    if volume == 0 and high > low:
        flags.append(ZERO_VOLUME_WITH_RANGE)
    return tuple(flags)


def refuse_wrong_unit(name: str, closes: Sequence[float], contract: ContractConfig) -> None:
    """Refuse a file most of whose prices are off by a factor of 100: InputError naming both units."""
    present = [close for close in closes if not math.isnan(close)]
    if not present:
        return
    low, high = contract.plausible_price_low, contract.plausible_price_high
    outside = [close for close in present if not low <= close <= high]
    if len(outside) * 2 <= len(present):
        foreign = [close for close in outside if not low <= close / 100 <= high and not low <= close * 100 <= high]
        if len(foreign) > _FOREIGN_SHARE * len(present) and len(foreign) >= _FOREIGN_LEAST:
            raise InputError(
                f"{name}: {len(foreign)} of {len(present)} prices lie outside {low:g} to {high:g} "
                f"{contract.price_unit}, the plausible range of {contract.root}; is this another market?"
            )
        return
    median = statistics.median(present)
    numerator, _, denominator = contract.price_unit.partition("/")
    if low <= median * 100 <= high:
        other = f"USD/{denominator}" if numerator == "cents" and denominator else f"{contract.price_unit} / 100"
        raise InputError(
            f"{name}: prices look like {other} (median {median:g}), not {contract.price_unit}; "
            "multiply them by 100 or fetch the series in the market's unit"
        )
    if low <= median / 100 <= high:
        raise InputError(
            f"{name}: prices look like hundredths of {contract.price_unit} (median {median:g}), not "
            f"{contract.price_unit}; divide them by 100 or fetch the series in the market's unit"
        )
    raise InputError(
        f"{name}: most prices (median {median:g}) lie outside {low:g} to {high:g} {contract.price_unit}, "
        f"the plausible range of {contract.root}; is this another market?"
    )


def unit_jumps(closes: Sequence[float]) -> set[int]:
    """Indices of closes that are more than 50 times above or below the median of their ten nearest neighbours.

    At the edge of a wrong stretch half of the neighbours are wrong: a close that agrees with either half is no jump.
    """
    jumps = set()
    for index, close in enumerate(closes):
        around = [
            other
            for other in (*closes[max(0, index - _NEIGHBOURS) : index], *closes[index + 1 : index + 1 + _NEIGHBOURS])
            if other > 0
        ]
        if close > 0 and len(around) >= 2:
            low, high = statistics.median_low(around), statistics.median_high(around)
            if close > _JUMP * high or close < low / _JUMP:
                jumps.add(index)
    return jumps
