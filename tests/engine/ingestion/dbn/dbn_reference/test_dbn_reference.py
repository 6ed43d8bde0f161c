from __future__ import annotations

import math

import pytest

from engine.ingestion.dbn.dbn_pipeline import DbnPipeline
from engine.kernel.config_models import HydraConfig
from tests.engine.ingestion.dbn_samples import dbn, file_of, header, ns, px

SPANS = {"HEJ3": [("2023-03-15", "2023-03-16", 350)]}
AT, RECEIVED, ABOUT = ns("2023-03-15T18:30Z"), ns("2023-03-15T18:31Z"), ns("2023-03-14")
NO_QUANTITY = dbn.UNDEF_STAT_QUANTITY


def read(config: HydraConfig, schema: str, *records: object, version: int = 3) -> list:
    content = bytearray(header(schema, SPANS))
    parsed = DbnPipeline().parse(file_of(bytes(content), *map(bytes, records)), config.market)  # type: ignore[call-overload]
    return list(parsed.rows)


def statistic(kind: str, price: int, quantity: int = NO_QUANTITY, about: int = ABOUT, flags: int = 0xFF,
              action: int = 1) -> dbn.StatMsg:  # fmt: skip
    return dbn.StatMsg(1, 350, AT, RECEIVED, about, price, quantity, getattr(dbn.StatType, kind),
                       update_action=dbn.StatUpdateAction.from_int(action), stat_flags=flags)  # fmt: skip


def definition(symbol: str, kind: str, **more: object) -> dbn.InstrumentDefMsg:
    given = {"min_price_increment": px(0.025), "display_factor": px(0.001), "asset": "HE", "security_type": "FUT",
             **more}  # fmt: skip
    return dbn.InstrumentDefMsg(
        1, 350, AT, RECEIVED, raw_symbol=symbol, instrument_class=dbn.InstrumentClass.from_str(kind),
        security_update_action=dbn.SecurityUpdateAction.from_str("A"), **given,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_statistic_is_about_its_trading_date_and_known_when_received(hogs: HydraConfig) -> None:
    interest, bid = read(hogs, "statistics", statistic("OPEN_INTEREST", dbn.UNDEF_PRICE, 1234),
                         statistic("HIGHEST_BID", px(79.5), about=dbn.UNDEF_TIMESTAMP))  # fmt: skip
    assert (interest.name, interest.unit, interest.value, interest.contract) == (
        "open_interest",
        "lots",
        1234.0,
        "HEJ23",
    )
    assert (interest.event_ts, interest.known_ts) == (ABOUT // 1000, RECEIVED // 1000)
    assert (bid.name, bid.unit, bid.value, bid.flags) == ("highest_bid", "cents/lb", 79.5, ())
    assert (bid.event_ts, bid.known_ts) == (AT // 1000, RECEIVED // 1000)


@pytest.mark.parametrize(
    ("bits", "flags"),
    [(0x07, ("actual", "final")), (0x06, ("actual", "preliminary")), (0x03, ("actual", "clearing_tick", "final")),
     (0x05, ("final", "theoretical")), (0x0E, ("actual", "intraday", "preliminary")), (0xFF, ())],
)  # fmt: skip
def test_settlements_say_how_final_they_are(hogs: HydraConfig, bits: int, flags: tuple[str, ...]) -> None:
    (row,) = read(hogs, "statistics", statistic("SETTLEMENT_PRICE", px(79.5), flags=bits))
    assert (row.name, row.value, row.flags) == ("settlement_price", 79.5, flags)


def test_price_and_quantity_are_two_rows_and_nothing_is_none(hogs: HydraConfig) -> None:
    file = file_of(header("statistics", SPANS), bytes(statistic("VWAP", px(80.0), 55)),
                   bytes(statistic("OPENING_PRICE", dbn.UNDEF_PRICE)),
                   bytes(statistic("CLEARED_VOLUME", dbn.UNDEF_PRICE, 9, action=2)))  # fmt: skip
    parsed = DbnPipeline().parse(file, hogs.market)
    assert [(row.name, row.value, row.flags) for row in parsed.rows] == [
        ("vwap", 80.0, ()), ("vwap_quantity", 55.0, ()), ("cleared_volume", 9.0, ("deleted",)),
    ]  # fmt: skip
    assert parsed.ignored == {"statistic without a figure": 1}


def test_states(hogs: HydraConfig) -> None:
    record = dbn.StatusMsg(1, 350, AT, RECEIVED, dbn.StatusAction.HALT, dbn.StatusReason.REGULATORY,
                           dbn.TradingEvent.NO_CANCEL, dbn.TriState.from_str("N"))  # type: ignore[arg-type] # fmt: skip
    unknown = bytearray(bytes(dbn.StatusMsg(1, 350, AT, RECEIVED)))
    unknown[24:26] = (999).to_bytes(2, "little")
    first, second = read(hogs, "status", record, unknown)
    assert (first.action, first.reason, first.is_trading) == ("halt", "regulatory, no_cancel", "no")
    assert (second.action, second.reason, second.is_trading) == ("action 999", "none", "")
    assert (first.event_ts, first.known_ts, first.contract) == (AT // 1000, RECEIVED // 1000, "HEJ23")


def test_definitions(hogs: HydraConfig) -> None:
    future = definition("HEJ3", "F", min_price_increment_amount=px(0.01), expiration=ns("2023-04-17T17:00Z"),
                        exchange="XCME", currency="USD")  # fmt: skip
    call = definition("HEJ3 C80", "C", strike_price=px(80), underlying="HEJ3", unit_of_measure="LBS",
                      unit_of_measure_qty=px(40_000))  # fmt: skip
    legs = [definition("HEJ3-HEM3", "S", leg_count=2, leg_index=n, leg_raw_symbol=leg)
            for n, leg in enumerate(("HEJ3", "HEM3"))]  # fmt: skip
    rows = read(hogs, "definition", future, call, *legs)
    assert [(row.contract, row.kind, row.underlying, row.right) for row in rows] == [
        ("HEJ23", "future", "", ""), ("HEJ3 C80", "option", "HEJ3", "C"), ("HEJ3-HEM3", "spread", "HEJ3", ""),
    ]  # fmt: skip
    first, option, _ = rows
    assert (first.multiplier, first.tick_size, first.instrument_id) == (400.0, 0.025, "350")
    assert (first.expiry_ts, first.activation_ts) == (ns("2023-04-17T17:00Z") // 1000, 0)
    assert (first.exchange, first.currency, first.event_ts, first.known_ts) == ("XCME", "USD", AT // 1000,
                                                                                RECEIVED // 1000)  # fmt: skip
    assert math.isnan(first.strike) and option.strike == 80.0 and math.isnan(option.multiplier)


def test_definitions_that_define_nothing_are_kept_out(hogs: HydraConfig) -> None:
    file = file_of(header("definition", SPANS), bytes(definition("HEJ3 C80", "C")), bytes(definition("", "F")))
    parsed = DbnPipeline().parse(file, hogs.market)
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (1, "option without a strike"), (2, "symbol missing"),
    ]  # fmt: skip
