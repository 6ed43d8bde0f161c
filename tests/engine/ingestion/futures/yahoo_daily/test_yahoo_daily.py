from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

from engine.core.records import FuturesBar
from engine.ingestion.calendars.session_calendar import midnight_ts, settlement_known_ts
from engine.ingestion.futures.yahoo_daily import YahooDailyPipeline
from engine.ingestion.input_file import InputFile, read_input
from engine.ingestion.market_directory import MarketDirectory, reference_market
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError

PIPELINE = YahooDailyPipeline()
GOOD = [
    ("2020-04-14", 44.775, 45.8, 44.5, 45.65, 2766),
    ("2020-04-15", 45.75, 46.05, 45.5, 45.6, 420),
    ("2020-04-16", 39.3, 39.775, 37.0, 37.325, 317),
]


def parse(text: str, config: HydraConfig, as_input: Callable[..., InputFile]):
    return PIPELINE.parse(as_input(text), config.market)


def test_times_contracts_and_ticks(hogs: HydraConfig, as_input, yahoo_text) -> None:
    text = yahoo_text([("2020-04-15", 45.75, 46.04999923706055, 45.5, 45.599998474121094, 420), *GOOD[2:]])
    first, second = parse(text, hogs, as_input).rows
    assert isinstance(first, FuturesBar) and isinstance(second, FuturesBar)
    assert (first.open, first.high, first.low, first.close, first.volume) == (45.75, 46.05, 45.5, 45.6, 420.0)
    assert (first.series, first.nearby, first.bar_seconds) == ("yahoo", 1, 86_400)
    assert (first.contract, second.contract) == ("HEJ20", "HEK20")
    assert first.flags == ("volume_of_next_contract",) and second.flags == ()
    assert first.event_ts == midnight_ts(date(2020, 4, 15), hogs.market.session)
    assert first.known_ts == settlement_known_ts(date(2020, 4, 15), hogs.market.session)


def test_bad_rows_are_kept_out_with_place_and_reason(hogs: HydraConfig, as_input, yahoo_text) -> None:
    rows = [
        *GOOD,
        ("2020-04-17", "", "", "", "", 0),
        ("2020-04-20", 38.5, 41.375, 38.425, 4060.0, 1347),
        ("2020-04-21", "x", 44.35, 40.575, 44.275, 1084),
        ("2020-04-22", 44.9, 44.0, 47.6, 47.2, 1760),
        ("20200-04-23", 44.9, 47.6, 44.0, 47.2, 1760),
        ("2020-04-16", 39.0, 39.775, 37.0, 37.325, 317),
        ("2020-04-24", 52.1, 53.7, 51.7, 52.5, -5),
    ]
    parsed = parse(yahoo_text(rows), hogs, as_input)
    assert len(parsed.rows) == 3
    found = {(problem.row_number, problem.reason) for problem in parsed.problems}
    assert found == {
        (7, "all prices missing"), (8, "price jumps by more than 50 times against its neighbours"),
        (9, "not a number"), (10, "high below low"), (11, "not a date"),
        (12, "second row for the same time and contract"),
        (13, "negative volume"),
    }  # fmt: skip
    assert all(problem.raw_text and problem.field for problem in parsed.problems)


def test_findings_on_kept_rows(hogs: HydraConfig, as_input, yahoo_text) -> None:
    rows = [*GOOD, ("2020-04-17", 38.2, 39.5, 37.225, 39.9, 0), ("2020-04-18", 38.2, 39.5, 37.225, 39.0, 10)]
    bars = parse(yahoo_text(rows), hogs, as_input).rows
    assert bars[3].flags == ("close_outside_range", "zero_volume_with_range")
    assert bars[4].flags == ("not_a_session_day",)


def test_truncated_last_line_is_kept_out(hogs: HydraConfig, as_input, yahoo_text) -> None:
    parsed = parse(yahoo_text(GOOD)[:-20], hogs, as_input)
    assert len(parsed.rows) == 2
    assert [problem.reason for problem in parsed.problems] == ["row is cut short"]


@pytest.mark.parametrize(("factor", "words"), [(100, "hundredths of cents/lb"), (0.01, "USD/lb")])
def test_prices_in_another_unit_refuse_the_file(hogs: HydraConfig, as_input, yahoo_text, factor, words) -> None:
    rows = [(day, *(price * factor for price in prices), volume) for day, *prices, volume in GOOD]
    with pytest.raises(InputError, match=words):
        parse(yahoo_text(rows), hogs, as_input)


def test_another_ticker_contradicts_the_market(hogs: HydraConfig, as_input, yahoo_text) -> None:
    with pytest.raises(InputError, match="holds ticker LE=F, but market lean_hogs trades HE=F"):
        parse(yahoo_text(GOOD, ticker="LE=F"), hogs, as_input)


OLD = "Date,Open,High,Low,Close,Adj Close,Volume\n"


def test_the_older_layout_is_about_the_market_in_the_name(hogs: HydraConfig, as_input) -> None:
    text = OLD + (
        "2002-03-04,59.700001,59.875000,59.599998,59.650002,59.650002,0\n2002-03-05,null,null,null,null,null,null\n"
        "2002-03-06,58.700001,58.700001,58.700001,58.700001,58.700001,0"
    )
    directory = MarketDirectory(hogs.market, [hogs.market])
    assert [one.market for one in PIPELINE.markets_in(as_input(text, "Lean_Hogs.csv"), directory)] == ["lean_hogs"]
    assert PIPELINE.markets_in(as_input(text, "prices.csv"), directory) == ()
    parsed = parse(text, hogs, as_input)
    first, second = parsed.rows
    assert (first.open, first.close, first.contract, first.volume) == (59.7, 59.65, "HEJ02", 0.0)
    assert (first.flags, second.flags) == (("zero_volume_with_range",), ())
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [(3, "all prices missing")]


def test_the_last_volume_of_an_older_file_may_be_that_of_the_day_before(hogs: HydraConfig, as_input) -> None:
    rows = "2002-03-04,59,60,58,59,59,70\n2002-03-05,59,60,58,59,59,{}\n"
    repeated, own = (parse(OLD + rows.format(volume), hogs, as_input).rows[-1] for volume in (70, 71))
    assert math.isnan(repeated.volume) and repeated.flags == ("volume_of_day_before",)
    assert (own.volume, own.flags) == (71.0, ())


def test_a_market_without_calendar_gets_bars_without_contract(as_input, yahoo_text) -> None:
    bars = PIPELINE.parse(as_input(yahoo_text(GOOD, ticker="CL=F")), reference_market("CL")).rows
    assert [(bar.contract, bar.nearby, bar.flags) for bar in bars] == [(None, 1, ())] * 3


def test_row_order_does_not_matter(hogs: HydraConfig, as_input, yahoo_text) -> None:
    forward, backward = parse(yahoo_text(GOOD), hogs, as_input), parse(yahoo_text(GOOD[::-1]), hogs, as_input)
    assert forward.rows == backward.rows


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, real_data) -> None:
    file = read_input(real_data / "futures" / "yahoo_continuous" / "HE_to_2023.csv")
    assert PIPELINE.recognises(file)
    parsed = PIPELINE.parse(file, hogs.market)
    flags = Counter(flag for bar in parsed.rows for flag in bar.flags)
    assert (len(parsed.rows), parsed.problems) == (4527, ())
    assert flags == {"close_outside_range": 125, "volume_of_next_contract": 142, "not_a_session_day": 1,
                     "zero_volume_with_range": 5}  # fmt: skip
    ticks = [price / 0.025 for bar in parsed.rows for price in (bar.open, bar.high, bar.low, bar.close)]
    # One price of 18,108 (67.37, 2006-05-17) is no multiple of the tick and stays as the vendor wrote it.
    assert sum(abs(tick - round(tick)) > 1e-6 for tick in ticks) == 1


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "root", "first", "rows"),
    [
        ("Lean_Hogs", "HE", date(2002, 3, 4), 4898), ("Live_Cattle", "LE", date(2002, 3, 4), 4898),
        ("Feeder_Cattle", "GF", date(2002, 3, 4), 4898), ("Lumber", "LBS", date(2000, 7, 17), 5323),
        ("Oat", "ZO", date(2000, 1, 3), 5463),
    ],
)  # fmt: skip
def test_real_older_files(market_like, real_data, name, root, first, rows) -> None:
    market = market_like(root, "FGHJKMNQUVXZ", 10.0, 2_000.0, 0.025 if root in ("HE", "LE", "GF") else 0.01)
    path = real_data / "futures" / "yahoo_2000_2021" / f"{name}.csv"
    lines = path.read_text().splitlines()[1:]
    assert len(lines) == rows
    empty = sum(",null,null" in line for line in lines)
    parsed = PIPELINE.parse(read_input(path), market)
    reasons = Counter(problem.reason for problem in parsed.problems)
    assert reasons.pop("all prices missing") == empty and 88 <= empty <= 294
    assert set(reasons) <= {"no session on this day and nothing traded", "high below low"}
    assert len(parsed.rows) + len(parsed.problems) == rows
    assert parsed.rows[0].event_ts == midnight_ts(first, market.session)
    assert parsed.rows[-1].event_ts == midnight_ts(date(2021, 6, 9), market.session)
    assert lines[-1].split(",")[-1] == lines[-2].split(",")[-1]
    assert math.isnan(parsed.rows[-1].volume) and "volume_of_day_before" in parsed.rows[-1].flags
