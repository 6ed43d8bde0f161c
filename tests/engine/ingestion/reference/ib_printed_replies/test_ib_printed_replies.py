from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.core.records import FuturesBar
from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import unpack
from engine.ingestion.lake_rows import Instrument, NormalisedRow, Quote, ReferenceFact, Statistic
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.ingestion.reference.ib_printed_replies import IbPrintedRepliesPipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import MICROS_PER_SECOND, parse_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

NOW = parse_iso("2026-03-02T15:00Z")
UTC_TIME = "datetime.datetime(2019, 12, 31, 12, 27, {second}, tzinfo=datetime.timezone.utc)"
HE = "Future(conId=7, symbol='HE', lastTradeDateOrContractMonth='20200214', multiplier='400', exchange='GLOBEX', " \
     "currency='USD', localSymbol='HEG0')"  # fmt: skip
SESSION = f"""## cell 1 execute_result
<IB connected to 127.0.0.1:7497 clientId=14>

## cell 2 execute_result
[ContractDetails(contract={HE}, minTick=0.00025, longName='Lean Hogs'), {HE}]

## cell 3 execute_result
Ticker(contract={HE}, time={UTC_TIME.format(second=0)}, bid=70.1, bidSize=3, ask=70.2, askSize=4, last=70.15, close=nan)

## cell 4 execute_result
BarData(date=datetime.datetime(2019, 10, 4, 15, 30), open=1.0, high=2.0, low=0.5, close=1.5, volume=5, average=1.2, barCount=3)

## cell 5 execute_result
[BarData(date=datetime.datetime(2019, 10, 4, 15, 30), open=1.0, high=2.0, low=0.5, close=1.5, volume=5, average=1.2, barCount=3),
 BarData(date=datetime.datetime(2019, 10, 4, 15, 31), open=1.0, high=2.0, low=0.5, close=1.5, volume=5, average=1.2, barCount=3)]

## cell 6 stream
Error 162, reqId 5: Historical query cancelled
RealTimeBar(time={UTC_TIME.format(second=5)}, endTime=-1, open_=1.5, high=1.75, low=1.5, close=1.75, volume=-1, wap=-1.0, count=-1)
RealTimeBar(time=datetime.datetime(2019, 12, 31, 12), endTime=-1, open_=1.5, high=1.75, low=1.5, close=1.75, volume=-1, wap=-1.0, count=-1)

## cell 7 execute_result
[TradeLogEntry(time={UTC_TIME.format(second=7)}, status='PreSubmitted', message='Fill 2.0@70.15'),
 TradeLogEntry(time={UTC_TIME.format(second=7)}, status='Filled', message='')]

## cell 8 execute_result
OptionChain(exchange='CBOE', underlyingConId='4', tradingClass='SPX', multiplier='100', expirations=['20200116'], strikes=[100.0, 200.0])

## cell 9 execute_result
Trade(contract={HE}, order=LimitOrder(orderId=23, lmtPrice=0.05), fills=[], log=[TradeLogEntry(time={UTC_TIME.format(second=9)}, status='Submitted', message='')])

## cell 10 execute_result
[Position(account='DU1', contract=Stock(conId=9, symbol='HE', exchange='NYSE', currency='USD'), position=600.0, avgCost=149.5)]

## cell 11 execute_result
OrderState(status='PreSubmitted', commission=1.7857, minCommission=1.7976931348623157e+308, warningText='')

## cell 12 execute_result
[TradeLogEntry(time={UTC_TIME.format(second=7)}, status='Fil
"""  # noqa: E501


@pytest.fixture(scope="module")
def directory(simulated: HydraConfig) -> MarketDirectory:
    return MarketDirectory(simulated.market, shipped_markets())


@pytest.fixture(scope="module")
def rows(directory: MarketDirectory) -> dict[str, tuple[NormalisedRow, ...]]:
    pipeline, file = IbPrintedRepliesPipeline(), unpack("f", SESSION.encode())
    assert recognise_input(file).name == "ib_replies"
    markets = pipeline.markets_in(file, directory)
    return {market.market: parsed.rows for market, parsed in pipeline.parse_markets(file, markets, directory)}


def test_every_market_has_its_own_rows(rows: dict[str, tuple[NormalisedRow, ...]]) -> None:
    assert set(rows) == {"lean_hogs", "unnamed_ib", "he_stk", "global"}
    assert Counter(type(row).__name__ for row in rows["lean_hogs"]) == {"Instrument": 1, "Quote": 1, "Statistic": 1}
    (share,) = rows["he_stk"]
    assert isinstance(share, Instrument) and share.kind == "equity"


def test_the_future_and_its_ticker(rows: dict[str, tuple[NormalisedRow, ...]]) -> None:
    future, quote, last = rows["lean_hogs"]
    assert isinstance(future, Instrument) and isinstance(quote, Quote) and isinstance(last, Statistic)
    assert (future.contract, future.tick_size, future.multiplier) == ("HEG0", 0.00025, 400.0)
    assert (quote.contract, quote.bid, quote.bid_size, quote.ask, quote.ask_size) == ("HEG0", 70.1, 3.0, 70.2, 4.0)
    assert quote.event_ts == quote.known_ts == parse_iso("2019-12-31T12:27Z")
    assert (last.name, last.value) == ("ticker_last", 70.15)


def test_bars_without_an_instrument(rows: dict[str, tuple[NormalisedRow, ...]]) -> None:
    bars = [row for row in rows["unnamed_ib"] if isinstance(row, FuturesBar)]
    assert [(bar.series, bar.bar_seconds, bar.close) for bar in bars] == [
        ("ib_1m", 60, 1.5), ("ib_1m", 60, 1.5), ("ib_5s", 5, 1.75)]  # fmt: skip
    assert (bars[2].event_ts, bars[2].known_ts - bars[2].event_ts) == (
        parse_iso("2019-12-31T12:27:05Z"), 5 * MICROS_PER_SECOND)  # fmt: skip
    assert bars[2].volume != bars[2].volume


def test_facts(rows: dict[str, tuple[NormalisedRow, ...]]) -> None:
    facts = {
        (row.subject, row.name, row.value): row.event_ts for row in rows["global"] if isinstance(row, ReferenceFact)
    }
    assert len(facts) == len(rows["global"])
    dated = parse_iso("2019-12-31T12:27:07Z")
    assert facts["cell 7", "order_status", "PreSubmitted Fill 2.0@70.15"] == dated
    assert facts["cell 7", "order_status", "Filled"] == dated
    assert set(facts) - {key for key in facts if key[0] == "cell 7"} == {
        ("cell 6 request 5", "error 162", "Historical query cancelled"),
        ("option chain SPX CBOE", "underlying_contract", "4"), ("option chain SPX CBOE", "multiplier", "100"),
        ("option chain SPX CBOE", "expiration", "20200116"), ("option chain SPX CBOE", "strike", "100.0"),
        ("option chain SPX CBOE", "strike", "200.0"), ("order 23", "order_status", "Submitted"),
        ("DU1", "position HE", "600.0"), ("DU1", "average_cost HE", "149.5"),
        ("cell 11 order state", "status", "PreSubmitted"), ("cell 11 order state", "commission", "1.7857"),
    }  # fmt: skip


def test_problems_and_what_is_ignored_are_told_once(directory: MarketDirectory) -> None:
    pipeline, file = IbPrintedRepliesPipeline(), unpack("f", SESSION.encode())
    parts = list(pipeline.parse_markets(file, pipeline.markets_in(file, directory), directory))
    assert all(not parsed.problems and not parsed.ignored for _, parsed in parts[:-1])
    assert parts[-1][1].ignored == {
        "notice of the session": 1, "contract printed before": 3,
        "a single bar, whose length nothing says": 1}  # fmt: skip
    assert [problem.reason for problem in parts[-1][1].problems] == [
        "a printed object that is cut or damaged", "not a moment with a zone"]  # fmt: skip


def test_a_pinned_market_gets_its_own_alone(hogs: HydraConfig) -> None:
    parsed = IbPrintedRepliesPipeline().parse(unpack("f", SESSION.encode()), hogs.market)
    assert {row.market for row in parsed.rows} == {"lean_hogs"} and parsed.ignored["other market"] > 10


@settings(max_examples=80, deadline=None)
@given(content=mutations(SESSION.encode()))
def test_damage(content: bytes, hogs: HydraConfig) -> None:
    assert_rows_or_one_sentence(IbPrintedRepliesPipeline(), content, hogs.market)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "markets", "ignored"),
    [
        # Counted in the text: 6 "RealTimeBar(", 1 error; 2 tables, 5 notices (1 connection, 4 figures).
        ("bar_data", {"unnamed_ib": 6, "global": 1},
         {"a single bar, whose length nothing says": 1, "notice of the session": 5, "plain value": 1,
          "printed table": 2}),
        ("basics", {"tsla": 1, "global": 1}, {"notice of the session": 7, "plain value": 2}),
        # 19 "ContractDescription(" and 2 errors; the second contract of AMD is the same one.
        ("contract_details", {"amd": 1, "global": 19 + 2},
         {"contract printed before": 2, "contract without an id": 1, "notice of the session": 2, "plain value": 1,
          "printed table": 1}),
        # The index (4 figures of a ticker), the option (1 quote, 5 figures), 2 contracts.
        ("option_chain", {"spx": 2 + 4 + 1 + 5, "global": 2 + 15 + 335},
         {"contract printed before": 2, "notice of the session": 1, "plain value": 2,
          "printed table that is cut": 1}),
        # Statuses: 4 of cell 7, 4 of order 23, 4 of cell 21; 8 facts of positions; 12 fields of the order's state.
        ("ordering", {"eurusd": 2, "usdchf": 1, "iwm": 1, "aapl": 1, "global": 4 + 4 + 4 + 8 + 12},
         {"contract printed before": 2, "notice of the session": 3, "plain value": 1, "printed before": 4}),
    ],
)  # fmt: skip
def test_real_sessions(
    real_data: Path, name: str, markets: dict[str, int], ignored: dict[str, int], stores: Stores,
    simulated: HydraConfig, directory: MarketDirectory,
) -> None:  # fmt: skip
    path = real_data / "ib" / "captured_outputs" / f"{name}.txt"
    text = path.read_text()
    if name == "contract_details":
        assert text.count("ContractDescription(") == 19 and text.count("Error 200") == 2
    if name == "option_chain":
        chain = text[text.index("OptionChain(") :].split("\n")[0]
        strikes, expirations = (chain.split(f"{part}=[")[1].split("]")[0].count(",") + 1
                                for part in ("strikes", "expirations"))  # fmt: skip
        assert (strikes, expirations) == (335, 15)
    report = ingest_paths(stores, simulated, [path], now_ts=NOW, directory=directory)[0]
    assert (dict(report.rows_by_market), dict(report.ignored), report.quarantined) == (markets, ignored, {})
    again = ingest_paths(stores, simulated, [path], now_ts=NOW + 1, directory=directory)[0]
    assert (again.rows_added, again.rows_duplicate) == (0, sum(markets.values()))


@pytest.mark.real_data
def test_an_instrument_printed_in_two_sessions_is_one_row(
    real_data: Path, stores: Stores, simulated: HydraConfig, directory: MarketDirectory, tmp_path: Path
) -> None:
    path = real_data / "ib" / "captured_outputs" / "basics.txt"
    ingest_paths(stores, simulated, [path], now_ts=NOW, directory=directory)
    other = tmp_path / "again.txt"
    other.write_bytes(path.read_bytes() + b"\n## cell 99 stream\nWall time: 1 ms\n")
    report = ingest_paths(stores, simulated, [other], now_ts=NOW + 1, directory=directory)[0]
    assert (report.rows_added, report.rows_duplicate) == (0, 2)
    assert stores.lake.read("tsla", "instrument").column("known_ts").to_pylist() == [NOW]
