from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.ingestion.futures.thin_contract import THIN_CONTRACT, ThinContractRule
from engine.ingestion.futures.yahoo_daily import YahooDailyPipeline
from engine.ingestion.input_file import read_input
from engine.kernel.timestamps import MICROS_PER_DAY


def bar(day: int, contract: str, volume: float, flags: tuple[str, ...] = ()) -> FuturesBar:
    return FuturesBar("lean_hogs", "yahoo", contract, 1, 86_400, day * MICROS_PER_DAY, day * MICROS_PER_DAY + 1, 80.0,
                      81.0, 79.0, 80.0, volume, flags)  # fmt: skip


def flagged(bars: list[FuturesBar]) -> list[bool]:
    rule = ThinContractRule()
    return [THIN_CONTRACT in rule.apply(one).flags for one in bars]


def test_a_dead_contract_is_flagged_from_its_first_bar_to_its_last() -> None:
    april = [bar(day, "HEJ20", 9_000.0 + day) for day in range(60)]
    may = [bar(60 + day, "HEK20", 500.0) for day in range(20)]
    last = bar(80, "HEK20", 19_000.0, ("volume_of_next_contract",))
    june = [bar(81 + day, "HEM20", 8_000.0) for day in range(20)]
    assert flagged([*april, *may, last, *june]) == [False] * 60 + [True] * 21 + [False] * 20


def test_silent_without_history_and_for_revisions() -> None:
    assert not any(flagged([bar(day, "HEK20", 5.0) for day in range(19)]))
    rule = ThinContractRule()
    for day in range(30):
        rule.apply(bar(day, "HEJ20", 9_000.0))
    late = replace(bar(3, "HEJ20", 1.0), known_ts=10**15)
    assert rule.apply(late) == late


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["A", "B"]), st.integers(0, 20_000)), min_size=30, max_size=80),
    st.integers(20, 79),
)
def test_no_bar_looks_ahead(volumes: list[tuple[str, int]], cut: int) -> None:
    bars = [bar(day, contract, volume) for day, (contract, volume) in enumerate(volumes)]
    scrambled = [
        one if one.event_ts < cut * MICROS_PER_DAY else replace(one, volume=one.volume * 7 + 3) for one in bars
    ]
    assert flagged(bars)[:cut] == flagged(scrambled)[:cut]


@pytest.mark.real_data
def test_dead_may_contracts_of_the_real_series(hogs, real_data) -> None:
    file = read_input(real_data / "futures" / "yahoo_continuous" / "HE_to_2023.csv")
    rule = ThinContractRule()
    bars = [rule.apply(one) for one in YahooDailyPipeline().parse(file, hogs.market).rows]
    total = Counter(one.contract[2] == "K" for one in bars)
    thin = Counter(one.contract[2] == "K" for one in bars if THIN_CONTRACT in one.flags)
    assert (total[True], thin[True]) == (371, 368)
    assert (total[False], thin[False]) == (4156, 18)
