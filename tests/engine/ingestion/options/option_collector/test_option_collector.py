from __future__ import annotations

import math
from dataclasses import replace

from engine.core.records import OptionChain, OptionQuote
from engine.ingestion.lake_rows import OptionMark
from engine.ingestion.options.option_collector import ChainCollector, ChainKey, VendorMark, told_once
from engine.kernel.config_models import HydraConfig

KEY = ChainKey(None, "european", event_ts=100, known_ts=110, expiry_ts=900)
QUOTE = OptionQuote(80.0, "C", 3.0, 3.2, math.nan, 12.0, 345.0)


def test_chains_come_in_order_of_time_and_marks_after_them(hogs: HydraConfig) -> None:
    collector = ChainCollector(hogs.market, "test")
    collector.add(1, "", replace(KEY, event_ts=200), QUOTE, VendorMark(85.0, 0.0, delta=0.4))
    collector.add(2, "", KEY, QUOTE, VendorMark(85.0, 0.0, delta=0.0))
    collector.add(3, "", KEY, replace(QUOTE, right="P"))
    first, second, mark = collector.finish().rows
    assert isinstance(first, OptionChain) and isinstance(second, OptionChain) and isinstance(mark, OptionMark)
    assert (first.event_ts, len(first.quotes), second.event_ts, len(second.quotes)) == (100, 2, 200, 1)
    assert (mark.event_ts, mark.delta, mark.underlying_price) == (200, 0.4, 85.0)
    assert math.isnan(mark.implied_volatility)


def test_every_line_that_is_kept_out_has_a_reason(hogs: HydraConfig) -> None:
    collector = ChainCollector(hogs.market, "test")
    lines = [
        (KEY, QUOTE), (KEY, QUOTE), (replace(KEY, expiry_ts=100), QUOTE), (KEY, replace(QUOTE, strike=math.nan)),
        (KEY, replace(QUOTE, right="P", bid=4.0)), (KEY, replace(QUOTE, right="P", volume=-1.0)),
    ]  # fmt: skip
    for number, (key, quote) in enumerate(lines, 1):
        collector.add(number, "raw", key, quote)
    parsed = collector.finish()
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (2, "second row for the same option"), (4, "strike missing"), (5, "bid above ask"),
        (6, "negative number")]  # fmt: skip
    assert parsed.ignored == {"expired series": 1}
    assert sum(len(chain.quotes) for chain in parsed.rows) + len(parsed.problems) + 1 == len(lines)


def test_a_simulated_market_keeps_no_marks(simulated: HydraConfig) -> None:
    collector = ChainCollector(simulated.market, "test")
    collector.add(1, "", KEY, QUOTE, VendorMark(85.0, 0.3))
    assert [type(row) for row in collector.finish().rows] == [OptionChain]


def test_rows_of_nobody_are_told_once(hogs: HydraConfig) -> None:
    collector = ChainCollector(hogs.market, "test")
    collector.problems.add(1, "row", "row is cut short", "")
    collector.problems.add(2, "row", "not a number", "")
    collector.problems.ignore("other market", 5)
    parsed = collector.finish()
    assert len(told_once(parsed, first=True).problems) == 2
    second = told_once(parsed, first=False)
    assert [problem.reason for problem in second.problems] == ["not a number"] and second.ignored == {}
