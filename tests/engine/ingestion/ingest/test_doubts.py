"""What looks like data and is doubtful: the future, other markets, percents, noise of old number formats."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from engine.core.records import FuturesBar
from engine.host.operations.commands import build_command
from engine.ingestion.ingest import FROM_THE_FUTURE, ingest_input
from engine.ingestion.input_file import InputFile
from engine.ingestion.lake_rows import OptionMark
from engine.ingestion.options.option_table import OptionTablePipeline
from engine.ingestion.record_tables import rows_from_table
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from storage.stores import Stores

NOW = parse_iso("2024-06-01")
As = Callable[..., InputFile]
Text = Callable[..., str]


def bars(stores: Stores) -> list[FuturesBar]:
    rows = rows_from_table("futures_bar", stores.lake.read("lean_hogs", "futures_bar"))
    return [row for row in rows if isinstance(row, FuturesBar)]


def test_what_is_dated_after_its_ingestion_is_kept_out(
    stores: Stores, hogs: HydraConfig, as_input: As, yahoo_text: Text
) -> None:
    rows = [("2024-02-14", 75, 76, 74, 75.0, 900), ("2031-02-14", 75, 76, 74, 75.0, 900)]
    report = ingest_input(stores, hogs, as_input(yahoo_text(rows)), now_ts=NOW)
    assert (report.rows_added, report.quarantined) == (1, {FROM_THE_FUTURE: 1})


def test_a_file_a_third_of_which_is_another_market_is_refused_whole(
    stores: Stores, hogs: HydraConfig, as_input: As, yahoo_text: Text
) -> None:
    rows = [
        (f"2023-{1 + day // 28:02d}-{1 + day % 28:02d}", *([250.0 if day % 3 == 0 else 90.0] * 4), 900)
        for day in range(90)
    ]
    with pytest.raises(InputError, match=r"30 of 90 prices lie outside 15 to 200.*another market"):
        ingest_input(stores, hogs, as_input(yahoo_text(rows)), now_ts=NOW)
    assert bars(stores) == []


def test_the_tail_of_a_32_bit_number_is_no_revision_and_a_real_one_makes_no_feed_fresh(
    stores: Stores, hogs: HydraConfig, as_input: As, yahoo_text: Text
) -> None:
    def load(low: float, name: str) -> int:
        text = yahoo_text([("2024-02-14", 67.5, 68, low, 67.5, 900)])
        return ingest_input(stores, hogs, as_input(text, name), now_ts=NOW).revisions

    assert load(67.370003, "a.csv") == 0
    assert load(67.37000274658203, "b.csv") == 0
    assert load(66.0, "c.csv") == 1
    (feed,) = stores.db.query("SELECT last_known_ts FROM feeds WHERE source = 'yahoo'")
    assert to_iso(feed["last_known_ts"])[:10] == "2024-02-14"


def test_databento_without_pretty_prices_and_times_is_the_same_bar(
    stores: Stores, hogs: HydraConfig, as_input: As, databento_text: Text
) -> None:
    pretty = databento_text([("2023-03-15T14:00:00.000000000Z", 350, 79.0, 79.5, 78.5, 79.025, 7, "HE.v.0")])
    raw = databento_text([(1678888800000000000, 350, 79000000000, 79500000000, 78500000000, 79025000000, 7, "HE.v.0")])
    assert ingest_input(stores, hogs, as_input(pretty, "pretty.csv"), now_ts=NOW).rows_added == 1
    again = ingest_input(stores, hogs, as_input(raw, "raw.csv"), now_ts=NOW)
    assert (again.rows_added, again.rows_duplicate) == (0, 1)


def test_databento_without_symbols_says_what_is_missing(
    stores: Stores, hogs: HydraConfig, as_input: As, databento_text: Text
) -> None:
    text = databento_text([("2023-03-15T14:00:00.000000000Z", 350, 79.0, 79.0, 79.0, 79.0, 7, "HE.v.0")])
    bare = "\n".join(line.rpartition(",")[0] for line in text.splitlines())
    with pytest.raises(InputError, match=r"no column symbol.*map_symbols"):
        ingest_input(stores, hogs, as_input(bare), now_ts=NOW)


def test_volatilities_in_percent_are_left_out_and_said(hogs: HydraConfig, as_input: As) -> None:
    lines = ["quote_date,expiration,strike,type,bid,ask,implied_volatility"]
    lines += [f"2024-02-14,2024-04-12,{strike},call,2.0,2.2,{25.5 + strike / 100}" for strike in range(70, 90)]
    parsed = OptionTablePipeline().parse(as_input("\n".join(lines) + "\n", "lean_hogs.csv"), hogs.market)
    marks = [row for row in parsed.rows if isinstance(row, OptionMark)]
    assert len(marks) == 20 and all(math.isnan(mark.implied_volatility) for mark in marks)
    assert [problem.reason for problem in parsed.problems] == ["volatilities look like percent; all are left out"]


def test_an_engine_takes_the_ingestion_that_the_command_line_sends() -> None:
    arguments = {"paths": ["x.csv"], "by_content": True}
    assert build_command("ingest", arguments) == arguments
