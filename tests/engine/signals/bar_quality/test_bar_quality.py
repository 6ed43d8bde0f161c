"""Findings of the decision series as numbers."""

from __future__ import annotations

import math

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_DAY
from engine.signals.bar_quality import WINDOW_BARS, BarQuality


def bar(day: int, *flags: str) -> FuturesBar:
    event_ts = day * MICROS_PER_DAY
    return FuturesBar("lean_hogs", "yahoo", "HEJ24", 1, 86_400, event_ts, event_ts + 1, 80, 81, 79, 80, 9, flags)


def values(family: BarQuality, one: FuturesBar) -> dict[str, float]:
    return {reading.feature: reading.value for reading in family.on_decision_bar(one, {})}


def test_only_findings_against_the_price_count(hogs: HydraConfig) -> None:
    family = BarQuality(hogs)
    values(family, bar(1, "thin_contract", "volume_of_next_contract"))
    assert values(family, bar(2, "close_outside_range"))["bad_bar_share"] == 0.5
    assert values(family, bar(3, "negative_price", "zero_volume_with_range"))["bad_bar_share"] == 2 / 3


def test_the_share_forgets_after_its_window(hogs: HydraConfig) -> None:
    family = BarQuality(hogs)
    values(family, bar(0, "close_outside_range"))
    shares = [values(family, bar(day))["bad_bar_share"] for day in range(1, WINDOW_BARS + 1)]
    assert shares[-2] == 1 / WINDOW_BARS and shares[-1] == 0.0


def test_silent_days_are_the_gap_between_bars(hogs: HydraConfig) -> None:
    family = BarQuality(hogs)
    assert math.isnan(values(family, bar(1))["silent_days"])
    assert values(family, bar(5))["silent_days"] == 4.0
