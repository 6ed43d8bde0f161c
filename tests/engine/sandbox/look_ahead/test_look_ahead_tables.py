"""The proof from stored tables: what the reader derives (flags, rolls) is derived from scrambled rows too."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import pyarrow as pa
import pytest

from engine.core.records import (
    CotPosition,
    CotReport,
    FuturesBar,
    Headline,
    OptionChain,
    OptionQuote,
    RawRecord,
    order_of,
)
from engine.core.trading_types import Prediction
from engine.ingestion import record_reader
from engine.ingestion.futures.thin_contract import THIN_CONTRACT
from engine.ingestion.lake_rows import NormalisedRow, RollSpan
from engine.ingestion.record_reader import records_from_tables
from engine.ingestion.record_tables import rows_from_table, tables_from_rows
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND, parse_iso
from engine.sandbox.look_ahead import prove_tables
from engine.sandbox.market_history import MarketHistory
from engine.sandbox.table_scramble import scramble_tables
from storage.datasets import ROW_HASH, table_row_hashes

CONFIG = load_config("lean_hogs", environment={}).config
MARKET, SERIES = "lean_hogs", CONFIG.market.decision_series
CONTRACTS = ("HEG20", "HEJ20", "HEK20", "HEM20", "HEN20", "HEQ20", "HEV20", "HEZ20")
BARS, PER_CONTRACT = 160, 20
START_TS = parse_iso("2019-11-04T15:30Z")
SESSION_US = 4 * 3600 * MICROS_PER_SECOND


def made_up() -> list[NormalisedRow]:
    """Daily bars whose every third contract hardly trades, with a roll table, reports, chains and headlines."""
    chance, level = random.Random(7), 80.0
    rows: list[NormalisedRow] = []
    for index in range(BARS):
        start = START_TS + (index + 2 * (index // 5)) * MICROS_PER_DAY
        known, place = start + SESSION_US, index // PER_CONTRACT
        level *= math.exp(chance.gauss(0.0, 0.01))
        volume = float(chance.randint(8_000, 12_000)) if place % 3 != 2 else float(chance.randint(300, 500))
        rows.append(
            FuturesBar(MARKET, SERIES, CONTRACTS[place], 1, 86_400, start, known, level, level, level, level, volume)
        )
        if index % PER_CONTRACT == 0:
            ends = start + 28 * MICROS_PER_DAY
            rows.append(RollSpan(MARKET, "HE.v.0", start, start, ends, CONTRACTS[place]))
        if index % 5 == 4:
            held = (CotPosition("managed_money", 50.0 + index, 40.0, math.nan),)
            rows.append(CotReport(MARKET, "disaggregated", False, start, known, 300.0 + index, held))
            quotes = tuple(OptionQuote(level + step, "C", 1.0, 1.2, math.nan, 5.0, 50.0) for step in (-2, 0, 2))
            expiry = known + 30 * MICROS_PER_DAY
            rows.append(OptionChain(MARKET, "cboe", CONTRACTS[place], "american", start, known, expiry, level, quotes))
            rows.append(Headline(MARKET, "wire", known, known, f"Hog demand is strong {index}", f"h{index}"))
    return rows


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return tables_from_rows(made_up())


def at_bar(tables: dict[str, pa.Table], index: int) -> int:
    moment: int = tables["futures_bar"].column("known_ts").to_pylist()[index]
    return moment


def decide(history: MarketHistory) -> Sequence[Prediction | None]:
    """Uses closes alone, so that only what the reader derives could leak."""
    return [
        Prediction(
            bar.known_ts, "plain", 0.0001 * (80.0 - bar.close), 0.01, 0.55, edge_lower_bound=0.001, shrinkage=1.0
        )
        for bar in history.bars
    ]


HONEST = record_reader._flagged


def next_volume_thins(records: list[RawRecord], context: Iterable[FuturesBar]) -> list[RawRecord]:
    """Plants a leak: a bar is thin by the volume of the bar after it."""
    found = HONEST(records, context)
    places = [index for index, record in enumerate(found) if isinstance(record, FuturesBar)]
    for here, there in pairwise(places):
        bar, after = found[here], found[there]
        assert isinstance(bar, FuturesBar) and isinstance(after, FuturesBar)
        found[here] = replace(bar, flags=(THIN_CONTRACT,) if after.volume < 0.9 * bar.volume else ())
    return found


def typical_volume_of_everything(records: list[RawRecord], context: Iterable[FuturesBar]) -> list[RawRecord]:
    """Plants a leak: what is thin is measured against the whole history."""
    found = HONEST(records, context)
    volumes = [record.volume for record in found if isinstance(record, FuturesBar)]
    line = sum(volumes) / len(volumes)
    return [
        replace(record, flags=(THIN_CONTRACT,) if record.volume < line else ())
        if isinstance(record, FuturesBar)
        else record
        for record in found
    ]


def rolled_early(records: list[RawRecord], context: Iterable[FuturesBar]) -> list[RawRecord]:
    """Plants a leak: a bar carries the contract of five bars later."""
    bars = [record for record in records if isinstance(record, FuturesBar)]
    early = [replace(bar, contract=later.contract) for bar, later in zip(bars, bars[5:] + bars[-5:], strict=True)]
    others = [record for record in records if not isinstance(record, FuturesBar)]
    return HONEST(sorted([*others, *early], key=order_of), context)


def test_the_reader_derives_nothing_from_later_rows(tables: dict[str, pa.Table]) -> None:
    flagged = [row for row in records_from_tables(tables) if isinstance(row, FuturesBar) and THIN_CONTRACT in row.flags]
    assert flagged, "the market has thin contracts to flag"
    for index in (50, 79, 110):
        result = prove_tables(tables, CONFIG, decide, at_bar(tables, index), seed=index)
        assert result.clean, result.first_difference
        assert result.scrambled_rows["futures_bar"] == BARS - 1 - index
        assert result.scrambled_rows["roll_map"] >= len(CONTRACTS) - 1 - index // PER_CONTRACT
        assert result.scrambled_records == sum(result.scrambled_rows.values())


@pytest.mark.parametrize(
    ("leak", "index"), [(next_volume_thins, 70), (typical_volume_of_everything, 70), (rolled_early, 77)]
)
def test_a_reader_that_peeks_ahead_is_caught(
    leak: Callable[..., list[RawRecord]], index: int, tables: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_reader, "_flagged", leak)
    results = [prove_tables(tables, CONFIG, decide, at_bar(tables, index), seed) for seed in range(5)]
    caught = [result for result in results if not result.clean]
    assert caught and all(" against " in result.first_difference for result in caught)


@pytest.mark.parametrize("index", [0, 50, 99])
def test_scrambled_tables_keep_keys_times_and_everything_earlier(index: int, tables: dict[str, pa.Table]) -> None:
    after_ts = at_bar(tables, index)
    changed, counts = scramble_tables(tables, after_ts, 3)
    again = scramble_tables(tables, after_ts, 3)[0]
    assert {name: table_row_hashes(name, table) for name, table in changed.items()} == {
        name: table_row_hashes(name, table) for name, table in again.items()
    }, "the same seed scrambles the same way"
    for dataset, before in tables.items():
        after, known = changed[dataset], before.column("known_ts").to_pylist()
        for name in ("market", "event_ts", "known_ts"):
            assert after.column(name).to_pylist() == before.column(name).to_pylist()
        old, new = table_row_hashes(dataset, before), table_row_hashes(dataset, after)
        assert new == after.column(ROW_HASH).to_pylist(), "the row hash is that of the scrambled row"
        differing = [row for row, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        open_ends = [] if dataset != "roll_map" else before.column("end_ts").to_pylist()
        open_rows = [row for row, end in enumerate(open_ends) if known[row] <= after_ts < end]
        assert differing == sorted(open_rows + [row for row, ts in enumerate(known) if ts > after_ts])
        assert counts[dataset] == len(differing)
        assert len(rows_from_table(dataset, after)) == len(rows_from_table(dataset, before)), "chains stay whole"
