from __future__ import annotations

import math

import pytest

from engine.ingestion.dbn.dbn_pipeline import DbnPipeline
from engine.ingestion.lake_rows import BookLevel, BookOrder, Quote, Statistic, Trade
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.dbn_samples import dbn, file_of, header, ns, px

NOWHERE = dbn.UNDEF_PRICE
SPANS = {"HEJ3 C80": [("2023-03-15", "2023-03-16", 350)]}
AT = ns("2023-03-15T14:00:00.000001Z")
ACTION = {name: dbn.Action.from_str(name) for name in "ACRT"}
SIDE = {name: dbn.Side.from_str(name) for name in "ABN"}


def level(bid: int, ask: int, size: int = 3) -> dbn.BidAskPair:
    return dbn.BidAskPair(bid, ask, size, size + 1, 1, 2)


def read(config: HydraConfig, schema: str, *records: object) -> list:
    parsed = DbnPipeline().parse(file_of(header(schema, SPANS), *map(bytes, records)), config.market)  # type: ignore[call-overload]
    return list(parsed.rows)


def trade(price: int, sequence: int = 5, side: str = "B", at: int = AT) -> dbn.TradeMsg:
    return dbn.TradeMsg(1, 350, at, price, 2, ACTION["T"], SIDE[side], 0, at + 5_000, sequence=sequence)


def test_trades_carry_the_aggressor_and_equal_ones_stay_apart(hogs: HydraConfig) -> None:
    rows = read(hogs, "trades", trade(px(1.5)), trade(px(1.5)), trade(px(1.6), side="A"), trade(px(1.6), side="N"))
    assert [(row.price, row.side, row.conditions) for row in rows] == [
        (1.5, "B", ""), (1.5, "B", "repeat 1"), (1.6, "S", ""), (1.6, "", ""),
    ]  # fmt: skip
    first = rows[0]
    assert (first.source, first.contract, first.sequence, first.size) == ("databento_trades", "HEJ3 C80", 5, 2.0)
    assert (first.event_ts, first.known_ts - first.event_ts) == (parse_iso("2023-03-15T14:00:00.000001Z"), 5)


def test_a_message_is_never_known_before_its_event(hogs: HydraConfig) -> None:
    late = dbn.TradeMsg(1, 350, AT, px(1.5), 1, ACTION["T"], SIDE["B"], 0, AT - 9_000)
    unstamped = dbn.TradeMsg(1, 350, dbn.UNDEF_TIMESTAMP, px(1.5), 1, ACTION["T"], SIDE["B"], 0, AT)
    rows = read(hogs, "trades", late, unstamped)
    assert [(row.event_ts, row.known_ts) for row in rows] == [(AT // 1000, AT // 1000)] * 2


def test_a_top_of_book_update_gives_a_quote_and_a_trade_where_it_is_one(hogs: HydraConfig) -> None:
    records = [
        dbn.MBP1Msg(1, 350, AT, px(1.5), 2, ACTION[action], SIDE["B"], 0, AT, levels=pair)
        for action, pair in (("A", level(px(1.5), px(1.6))), ("T", level(px(1.7), px(1.6))),
                             ("C", level(NOWHERE, px(1.6), dbn.UNDEF_ORDER_SIZE - 1)))
    ]  # fmt: skip
    rows = read(hogs, "mbp-1", *records)
    quotes = [row for row in rows if isinstance(row, Quote)]
    assert [type(row) for row in rows] == [Quote, Quote, Quote, Trade]
    assert [quote.flags for quote in quotes] == [(), ("crossed",), ()]
    assert (quotes[0].bid, quotes[0].bid_size, quotes[0].ask, quotes[0].ask_size) == (1.5, 3.0, 1.6, 4.0)
    assert math.isnan(quotes[2].bid) and math.isnan(quotes[2].ask_size) and math.isnan(quotes[0].bid_high)


def test_a_sampled_quote_is_of_its_intervals_end_and_its_last_trade_comes_once(hogs: HydraConfig) -> None:
    rtype = 196
    end = ns("2023-03-15T14:01Z")
    records = [
        dbn.BBOMsg(rtype, 1, 350, traded, price, 7, SIDE["A"], end + number * 60_000_000_000,
                   levels=level(px(1.5), px(1.6)))
        for number, (traded, price) in enumerate(
            [(dbn.UNDEF_TIMESTAMP, NOWHERE), (AT, px(1.55)), (AT, px(1.55)), (AT + 1_000, px(1.55))])
    ]  # fmt: skip
    rows = read(hogs, "bbo-1m", *records)
    quotes = [row for row in rows if isinstance(row, Quote)]
    assert [quote.event_ts - quotes[0].event_ts for quote in quotes] == [0, 60_000_000, 120_000_000, 180_000_000]
    assert quotes[0].event_ts == quotes[0].known_ts == parse_iso("2023-03-15T14:01Z")
    figures = [row for row in rows if isinstance(row, Statistic)]
    assert [(row.name, row.value, row.event_ts * 1000 - AT) for row in figures] == [
        ("last_trade_price", 1.55, 0), ("last_trade_size", 7.0, 0),
        ("last_trade_price", 1.55, 1_000), ("last_trade_size", 7.0, 1_000),
    ]  # fmt: skip
    assert figures[0].known_ts == quotes[1].known_ts
    assert figures[0].unit == "cents/lb"


def test_depth_has_ten_levels(hogs: HydraConfig) -> None:
    pairs = [level(px(10 - n), px(11 + n)) for n in range(3)] + [level(NOWHERE, NOWHERE, 0)] * 7
    record = dbn.MBP10Msg(1, 350, AT, px(1.5), 2, ACTION["A"], SIDE["B"], 0, AT, sequence=9, levels=pairs)
    rows = read(hogs, "mbp-10", record)
    assert [row.level for row in rows if isinstance(row, BookLevel)] == list(range(10))
    assert [(row.bid, row.ask, row.sequence) for row in rows[:3]] == [(10, 11, 9), (9, 12, 9), (8, 13, 9)]
    assert all(math.isnan(row.bid) and math.isnan(row.ask) for row in rows[3:])


def test_equal_order_events_stay_apart(hogs: HydraConfig) -> None:
    clear = dbn.MBOMsg(1, 350, AT, 0, NOWHERE, dbn.UNDEF_ORDER_SIZE, ACTION["R"], SIDE["N"], AT)
    add = dbn.MBOMsg(1, 350, AT, 77, px(1.5), 2, ACTION["A"], SIDE["B"], AT, sequence=6)
    rows = read(hogs, "mbo", clear, add, add)
    assert all(isinstance(row, BookOrder) for row in rows)
    assert [(row.action, row.side, row.order_id, row.sequence, row.number) for row in rows] == [
        ("R", "N", "0", 0, 0), ("A", "B", "77", 6, 0), ("A", "B", "77", 6, 1),
    ]  # fmt: skip
    assert math.isnan(rows[0].price) and math.isnan(rows[0].size)


@pytest.mark.parametrize("schema", ["trades", "mbp-1", "mbo"])
def test_records_without_a_time_or_price_are_kept_out_once(hogs: HydraConfig, schema: str) -> None:
    nothing, price = dbn.UNDEF_TIMESTAMP, px(1.5)
    make = {
        "trades": lambda: [dbn.TradeMsg(1, 350, nothing, price, 1, ACTION["T"], SIDE["B"], 0, nothing), trade(NOWHERE)],
        "mbp-1": lambda: [dbn.MBP1Msg(1, 350, nothing, price, 1, ACTION["T"], SIDE["B"], 0, nothing)],
        "mbo": lambda: [dbn.MBOMsg(1, 350, nothing, 1, price, 1, ACTION["A"], SIDE["B"], nothing)],
    }[schema]
    records = make()
    parsed = DbnPipeline().parse(file_of(header(schema, SPANS), *map(bytes, records)), hogs.market)
    assert (parsed.rows, [problem.row_number for problem in parsed.problems]) == ((), list(range(1, len(records) + 1)))
