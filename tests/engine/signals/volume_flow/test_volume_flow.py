"""Flow of the decision series: the imbalance of a bar, and the sentiment of the last bars."""

from __future__ import annotations

import math

import pytest

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.signals.volume_flow import VolumeFlow

DAY_US = 86_400_000_000


def bar(index: int, close: float, volume: float = 10_000.0) -> FuturesBar:
    start = index * DAY_US
    known = start + DAY_US // 2
    return FuturesBar("lean_hogs", "yahoo", "HEM24", 1, 86_400, start, known, 80.0, 81.0, 79.0, close, volume)


def run(family: VolumeFlow, bars: list[FuturesBar]) -> dict[str, tuple[float, str]]:
    said = {}
    for one in bars:
        said = {item.feature: (item.value, item.quality) for item in family.on_decision_bar(one, {})}
    return said


def test_the_imbalance_is_the_place_of_the_close(hogs: HydraConfig) -> None:
    for close, wanted in ((81.0, 1.0), (79.0, -1.0), (80.0, 0.0), (80.5, 0.5)):
        assert run(VolumeFlow(hogs), [bar(0, close)])["flow_imbalance"] == (wanted, "ok")
    assert run(VolumeFlow(hogs), [bar(0, 85.0)])["flow_imbalance"] == (1.0, "close_outside_range")


def test_flow_speaks_once_the_usual_volume_is_known(hogs: HydraConfig) -> None:
    family = VolumeFlow(hogs)
    early = run(family, [bar(0, 81.0)])
    assert math.isnan(early["flow_score"][0]) and early["flow_score"][1] == "no_signed_volume"
    assert early["flow_confidence"] == (0.0, "no_signed_volume")
    late = run(family, [bar(index, 81.0) for index in range(1, 30)])
    assert late["flow_score"] == (1.0, "ok") and late["flow_confidence"][0] == pytest.approx(0.3)
    assert family.sentiment(bar(29, 81.0).known_ts).score == 1.0


def test_a_close_outside_its_range_has_no_say(hogs: HydraConfig) -> None:
    family = VolumeFlow(hogs)
    run(family, [bar(index, 79.5) for index in range(30)])
    before = family.sentiment(bar(30, 0.0).event_ts).score
    run(family, [bar(30, 90.0)])
    assert family.sentiment(bar(30, 0.0).known_ts).score == pytest.approx(before)
