from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.core.records import FuturesBar
from engine.ingestion.futures.ib_history import IbHistoryPipeline, bar_seconds_of
from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import Quote, Trade
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, parse_iso, to_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

NOW = parse_iso("2026-03-02T15:00Z")


def bar(time: str, price: float = 80.0, volume: float = 5.0) -> str:
    record = {"date": time, "open": price, "high": price, "low": price, "close": price, "volume": volume,
              "average": price, "barCount": 1}  # fmt: skip
    return json.dumps(record)


BARS = "\n".join(bar(f"2021-01-05T09:{minute}:00") for minute in (28, 29, 30, 55)).encode()
QUOTES = (
    b'{"time":"2022-03-01T23:10:03+00:00","tickAttribBidAsk":{"bidPastLow":true,"askPastHigh":false},"priceBid":0.99,'
    b'"priceAsk":15.3,"sizeBid":1.0,"sizeAsk":2.0}\n'
    b'{"time":"2022-03-01T23:10:03+00:00","tickAttribBidAsk":{"bidPastLow":true,"askPastHigh":false},"priceBid":0.99,'
    b'"priceAsk":15.3,"sizeBid":1.0,"sizeAsk":2.0}\n'
    b'{"time":"2022-03-01T23:10:04+00:00","tickAttribBidAsk":{},"priceBid":-1,"priceAsk":15,"sizeBid":0,"sizeAsk":2}\n'
    b'{"time":"later","tickAttribBidAsk":{},"priceBid":1,"priceAsk":2,"sizeBid":1,"sizeAsk":1}\n'
)
TRADES = (
    b'[{"time":"2022-03-02T01:47:53+00:00","tickAttribLast":{"pastLimit":false,"unreported":true},"price":6.2,'
    b'"size":30.0,"exchange":"CME","specialConditions":""},'
    b'{"time":"2022-03-02T01:47:53+00:00","tickAttribLast":{},"price":6.2,"size":30.0,"exchange":"",'
    b'"specialConditions":""}]'
)


@pytest.fixture(scope="module")
def directory(simulated: HydraConfig) -> MarketDirectory:
    return MarketDirectory(simulated.market, shipped_markets())


@pytest.fixture(scope="module")
def unnamed(directory: MarketDirectory) -> MarketConfig:
    return directory.by_root("UNNAMED_IB")


def test_bars_of_an_unnamed_instrument_count_as_known_late(unnamed: MarketConfig) -> None:
    parsed = IbHistoryPipeline().parse(unpack("f", BARS), unnamed)
    first = parsed.rows[0]
    assert isinstance(first, FuturesBar) and len(parsed.rows) == 4
    assert (first.series, first.contract, first.nearby, first.bar_seconds) == ("ib_1m", None, 0, 60)
    assert first.event_ts == parse_iso("2021-01-05T09:28Z")
    assert first.known_ts == first.event_ts + MICROS_PER_MINUTE + 12 * MICROS_PER_HOUR
    assert first.flags == ("bar_seconds_inferred", "zone_unknown")


def test_a_known_market_lends_its_zone(hogs: HydraConfig) -> None:
    first = IbHistoryPipeline().parse(unpack("f", BARS), hogs.market).rows[0]
    assert (first.event_ts, first.known_ts) == (parse_iso("2021-01-05T15:28Z"), parse_iso("2021-01-05T15:29Z"))
    assert getattr(first, "flags", None) == ("bar_seconds_inferred",)


def test_a_table_with_the_zone_behind_the_time(hogs: HydraConfig) -> None:
    text = (
        "date,open,high,low,close,volume,average,barCount\n"
        "20230105 09:30:00 US/Eastern,80,81,79,80.5,10,80,3\n20230105 10:30:00 US/Eastern,80,81,79,80.5,-1,80,3\n"
        "20230105 11:30:00 US/Eastern,80,79,81,80.5,10,80,3\nnever,1,1,1,1,1,1,1\n"
    )
    file = unpack("f", text.encode())
    assert recognise_input(file).name == "ib_history"
    parsed = IbHistoryPipeline().parse(file, hogs.market)
    rows = [row for row in parsed.rows if isinstance(row, FuturesBar)]
    assert [(to_iso(row.event_ts), row.bar_seconds, row.series) for row in rows] == [
        ("2023-01-05T14:30:00Z", 3600, "ib_1h"), ("2023-01-05T15:30:00Z", 3600, "ib_1h")]  # fmt: skip
    assert math.isnan(rows[1].volume)
    assert sorted(problem.reason for problem in parsed.problems) == ["high below low", "not a time"]


def test_daily_bars_are_of_their_day(hogs: HydraConfig) -> None:
    text = "\n".join(bar(day) for day in ("20230105", "20230106", "20230109"))
    rows = IbHistoryPipeline().parse(unpack("f", text.encode()), hogs.market).rows
    assert [to_iso(row.event_ts) for row in rows] == [
        "2023-01-05T06:00:00Z", "2023-01-06T06:00:00Z", "2023-01-09T06:00:00Z"]  # fmt: skip
    assert {getattr(row, "flags", None) for row in rows} == {()} and rows[0].known_ts > rows[0].event_ts


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [
        ((0, 1, 2, 30), 60),
        ((0, 30, 90, 150, 210), 3_600),  # the first hour of a session is cut
        ((0, 4), 300),  # four minutes are no length that TWS has: the next longer one
        ((0, 150, 1_260), 86_400),  # two equally common steps: the longer
    ],
)
def test_the_length_of_bars(minutes: tuple[int, ...], seconds: int) -> None:
    assert bar_seconds_of("f", [minute * MICROS_PER_MINUTE for minute in minutes]) == seconds


def test_what_has_no_length_is_refused(unnamed: MarketConfig) -> None:
    with pytest.raises(InputError, match=r"^f: the length of a single bar cannot be told"):
        IbHistoryPipeline().parse(unpack("f", bar("2021-01-05T09:28:00").encode()), unnamed)
    mixed = f"{bar('20210105')}\n{bar('2021-01-05T09:28:00')}"
    with pytest.raises(InputError, match=r"^f: mixes days and moments"):
        IbHistoryPipeline().parse(unpack("f", mixed.encode()), unnamed)
    monthly = "\n".join(bar(day) for day in ("20230131", "20230228", "20230331"))
    with pytest.raises(InputError, match=r"^f: the bars are longer than a day"):
        IbHistoryPipeline().parse(unpack("f", monthly.encode()), unnamed)


def test_quotes(unnamed: MarketConfig) -> None:
    parsed = IbHistoryPipeline().parse(unpack("f", QUOTES), unnamed)
    first, second = (row for row in parsed.rows if isinstance(row, Quote))
    assert (first.bid, first.bid_size, first.ask, first.ask_size, first.bar_seconds) == (0.99, 1.0, 15.3, 2.0, 0)
    assert first.flags == ("bid_past_low",) and math.isnan(first.bid_open)
    assert math.isnan(second.bid) and second.ask == 15.0
    assert parsed.ignored == {"repeats a quote of the same second": 1}
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [(4, "not a moment")]


def test_equal_trades_of_one_second_stay_apart(unnamed: MarketConfig) -> None:
    rows = [row for row in IbHistoryPipeline().parse(unpack("f", TRADES), unnamed).rows if isinstance(row, Trade)]
    assert [(row.sequence, row.price, row.size, row.conditions) for row in rows] == [
        (0, 6.2, 30.0, "CME,unreported"), (1, 6.2, 30.0, "")]  # fmt: skip


def test_the_market_is_that_of_the_name_or_of_no_name(directory: MarketDirectory) -> None:
    pipeline = IbHistoryPipeline()
    assert [market.market for market in pipeline.markets_in(unpack("lean_hogs_bars.json", BARS), directory)] == [
        "lean_hogs"
    ]
    assert [market.market for market in pipeline.markets_in(unpack("bars.json", BARS), directory)] == ["unnamed_ib"]


@pytest.mark.parametrize("document", [BARS, QUOTES, TRADES])
def test_damage(document: bytes, unnamed: MarketConfig) -> None:
    @settings(max_examples=60, deadline=None)
    @given(content=mutations(document))
    def check(content: bytes) -> None:
        assert_rows_or_one_sentence(IbHistoryPipeline(), content, unnamed)

    check()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "time_key", "rows", "ignored"),
    [
        ("historic_bars.json.gz", "date", 405, 0),
        ("historic_bid_ask_ticks.json.gz", "time", 1_000, 3),
        ("historic_trade_ticks.json.gz", "time", 6, 0),
    ],
)
def test_real_files(real_data: Path, name: str, time_key: str, rows: int, ignored: int, unnamed: MarketConfig) -> None:
    path = real_data / "ib" / name
    raw = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert rows == len({json.dumps(one) for one in raw}) and ignored == len(raw) - rows
    times = [
        datetime.fromisoformat(one[time_key]) if "+" in one[time_key]
        else datetime.fromisoformat(one[time_key]).replace(tzinfo=UTC)
        for one in raw
    ]  # fmt: skip
    parsed = IbHistoryPipeline().parse(read_input(path), unnamed)
    assert (len(parsed.rows), sum(parsed.ignored.values()), parsed.problems) == (rows, ignored, ())
    stamps = [row.event_ts for row in parsed.rows]
    assert (min(stamps), max(stamps)) == (
        int(min(times).timestamp()) * MICROS_PER_SECOND, int(max(times).timestamp()) * MICROS_PER_SECOND)  # fmt: skip


@pytest.mark.real_data
def test_a_second_run_adds_nothing(
    real_data: Path, stores: Stores, simulated: HydraConfig, directory: MarketDirectory
) -> None:
    paths = [real_data / "ib" / f"historic_{kind}.json.gz" for kind in ("bars", "bid_ask_ticks", "trade_ticks")]
    first = ingest_paths(stores, simulated, paths, now_ts=NOW, directory=directory)
    assert [(report.rows_added, dict(report.rows_by_market)) for report in first] == [
        (405, {"unnamed_ib": 405}), (1_000, {"unnamed_ib": 1_000}), (6, {"unnamed_ib": 6})]  # fmt: skip
    again = ingest_paths(stores, simulated, paths, now_ts=NOW + 1, directory=directory)
    assert [(report.rows_added, report.rows_duplicate) for report in again] == [(0, 405), (0, 1_000), (0, 6)]
