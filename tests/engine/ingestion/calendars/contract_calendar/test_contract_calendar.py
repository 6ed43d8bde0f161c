from __future__ import annotations

import csv
import math
import statistics
from datetime import date, timedelta
from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.contract_calendar import ContractCalendar, last_trade_day
from engine.ingestion.calendars.session_calendar import is_session_day, next_session_day, session_days
from engine.kernel.configuration import known_markets, load_config
from engine.kernel.errors import ConfigError, InputError

HOGS = ContractCalendar("HE", "GJKMNQVZ", "business_day_10", "us_livestock")
MARKETS = known_markets()


@lru_cache
def calendar_of(market: str) -> ContractCalendar:
    return ContractCalendar.of(load_config(market, environment={}).config.market)


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [(2009, 4, "2009-04-15"), (2023, 8, "2023-08-14"), (2020, 4, "2020-04-15"), (2022, 4, "2022-04-14"),
     (2024, 7, "2024-07-15"), (2012, 10, "2012-10-12"), (2023, 4, "2023-04-17")],
)  # fmt: skip
def test_last_trade_day_is_the_tenth_session_of_the_month(year: int, month: int, expected: str) -> None:
    assert last_trade_day("HE", year, month) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("day", "contract"),
    [("2009-04-15", "HEJ09"), ("2009-04-16", "HEK09"), ("2023-08-14", "HEQ23"), ("2023-08-15", "HEV23"),
     ("2020-04-02", "HEJ20"), ("2020-04-03", "HEJ20"), ("2020-04-20", "HEK20"), ("2020-04-21", "HEK20"),
     ("2020-12-31", "HEG21")],
)  # fmt: skip
def test_front_contract(day: str, contract: str) -> None:
    assert HOGS.front_contract(date.fromisoformat(day)) == contract


def test_the_one_dated_vendor_exception() -> None:
    assert HOGS.front_contract(date(2006, 4, 17)) == "HEJ06"
    assert HOGS.vendor_contract(date(2006, 4, 17)) == "HEK06"
    assert HOGS.vendor_contract(date(2006, 4, 13)) == "HEJ06"


@given(st.dates(date(2005, 1, 1), date(2030, 12, 31)))
def test_the_front_contract_never_moves_backwards_and_changes_only_after_a_last_trade_day(day: date) -> None:
    today, tomorrow = HOGS.front_contract(day), HOGS.front_contract(day + timedelta(days=1))
    assert HOGS.expiry_of(today) >= day
    assert HOGS.expiry_of(tomorrow) >= HOGS.expiry_of(today)
    if today != tomorrow:
        assert HOGS.expiry_of(today) == day
        assert HOGS.days_to_expiry(today, day) == 0


@given(st.integers(2005, 2030), st.sampled_from(list(range(1, 13))))
def test_ten_sessions_end_on_the_last_trade_day(year: int, month: int) -> None:
    last = last_trade_day("HE", year, month)
    sessions = [day for day in range(1, last.day + 1) if is_session_day(date(year, month, day), "us_livestock")]
    assert len(sessions) == 10 and sessions[-1] == last.day


def test_roll_days_are_the_sessions_after_the_last_trade_days() -> None:
    rolls = list(HOGS.roll_days(date(2020, 1, 1), date(2020, 12, 31)))
    assert rolls[0] == (date(2020, 2, 18), "HEJ20")
    assert (date(2020, 4, 16), "HEK20") in rolls
    assert len(rolls) == 8
    for begins, contract in rolls:
        assert HOGS.front_contract(begins) == contract
        before = max(day for day in (begins - timedelta(days=back) for back in range(1, 6))
                     if is_session_day(day, "us_livestock"))  # fmt: skip
        assert HOGS.expiry_of(HOGS.front_contract(before)) == before


def test_days_to_expiry() -> None:
    assert HOGS.days_to_expiry("HEJ20", date(2020, 4, 2)) == 13
    assert HOGS.days_to_expiry("HEJ20", date(2020, 4, 15)) == 0


@pytest.mark.parametrize("name", ["HEF20", "LEJ20", "HE", "HEJ2X"])
def test_foreign_contract_names_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        HOGS.expiry_of(name)


@pytest.mark.parametrize(
    ("contract", "day", "place"),
    [("HEJ20", "2020-04-15", 1), ("HEK20", "2020-04-15", 2), ("HEK20", "2020-04-16", 1), ("HEZ20", "2020-04-16", 6),
     ("HEG21", "2020-12-01", 2), ("HEJ22", "2020-12-31", 10)],
)  # fmt: skip
def test_place_of_a_contract_among_the_listed(contract: str, day: str, place: int) -> None:
    assert HOGS.nearby(contract, date.fromisoformat(day)) == place


def test_contract_of_a_month() -> None:
    assert (HOGS.contract_of(2020, 4), HOGS.contract_of(2009, 12)) == ("HEJ20", "HEZ09")
    with pytest.raises(InputError, match="HE lists no contract for 2020-03"):
        HOGS.contract_of(2020, 3)


def test_unknown_rule_is_refused() -> None:
    with pytest.raises(ConfigError, match="business_day_N"):
        last_trade_day("HE", 2020, 4, rule="third_friday")


@pytest.mark.real_data
def test_vendor_rolls_on_the_session_after_the_last_trade_day(real_data) -> None:
    """The largest moves around an expiry sit on the first session after the last trade day, not a day off."""
    with open(real_data / "futures" / "yahoo_continuous" / "HE_to_2023.csv") as file:
        rows = list(csv.reader(file))[3:]
    days = [date.fromisoformat(row[0]) for row in rows]
    closes = [float(row[2]) for row in rows]
    place = {day: index for index, day in enumerate(days)}
    moves: dict[int, list[float]] = {offset: [] for offset in range(-3, 4)}
    for year in range(2006, 2024):
        for month in (2, 4, 5, 6, 7, 8, 10, 12):
            index = place.get(next_session_day(last_trade_day("HE", year, month), "us_livestock"))
            if index is None:
                continue
            for offset, found in moves.items():
                if 0 < index + offset < len(closes):
                    found.append(abs(math.log(closes[index + offset] / closes[index + offset - 1])))
    medians = {offset: statistics.median(found) for offset, found in moves.items()}
    assert len(moves[0]) >= 142
    assert medians[0] > 0.06
    assert all(median < 0.012 for offset, median in medians.items() if offset)


@pytest.mark.real_data
def test_large_real_moves_stay_inside_one_contract(real_data) -> None:
    calendar_days = ["2020-04-01", "2020-04-02", "2020-04-03", "2020-04-06"]
    assert {HOGS.vendor_contract(date.fromisoformat(day)) for day in calendar_days} == {"HEJ20"}
    assert {HOGS.vendor_contract(date(2020, 4, day)) for day in (16, 17, 20, 21, 22)} == {"HEK20"}


@pytest.mark.parametrize("market", ["lean_hogs", "feeder_cattle", "class_iii_milk"])
def test_a_cash_settled_contract_has_no_notice_and_is_usable_to_its_end(market: str) -> None:
    calendar = calendar_of(market)
    for contract in calendar.listed(date(2024, 3, 4), 14):
        assert calendar.first_notice_of(contract) is None
        assert calendar.last_usable_day(contract) == calendar.expiry_of(contract)


@pytest.mark.parametrize(
    ("market", "contract", "usable"),
    [("live_cattle", "LEM24", "2024-06-07"), ("oats", "ZOZ22", "2022-11-29"), ("rough_rice", "ZRF26", "2025-12-30"),
     ("orange_juice", "OJF24", "2023-12-29"), ("lumber", "LBRK24", "2024-05-15")],
)  # fmt: skip
def test_a_delivered_contract_is_usable_to_the_session_before_first_notice(
    market: str, contract: str, usable: str
) -> None:
    assert calendar_of(market).last_usable_day(contract) == date.fromisoformat(usable)


def test_milk_trades_on_into_the_month_after_its_own() -> None:
    milk = calendar_of("class_iii_milk")
    assert milk.listed(date(2024, 1, 2), 3) == ("DCZ23", "DCF24", "DCG24")
    assert milk.front_contract(date(2024, 1, 4)) == "DCF24"
    assert milk.nearby("DCF24", date(2024, 1, 2)) == 2
    assert (date(2024, 1, 4), "DCF24") in list(milk.roll_days(date(2024, 1, 1), date(2024, 1, 31)))


@given(st.sampled_from(MARKETS), st.dates(date(2005, 1, 1), date(2030, 12, 31)), st.integers(1, 14))
def test_the_listed_contracts_are_in_order_and_all_trade_on(market: str, day: date, count: int) -> None:
    calendar = calendar_of(market)
    listed = calendar.listed(day, count)
    expiries = [calendar.expiry_of(contract) for contract in listed]
    assert len(listed) == count and expiries == sorted(set(expiries)) and expiries[0] >= day
    assert [calendar.nearby(contract, day) for contract in listed] == list(range(1, count + 1))
    assert all(calendar.last_usable_day(contract) <= calendar.expiry_of(contract) for contract in listed)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("market", "name", "expiries", "jump"),
    [("live_cattle", "Live_Cattle", 100, 0.020), ("feeder_cattle", "Feeder_Cattle", 135, 0.012),
     ("oats", "Oat", 95, 0.035), ("lumber", "Lumber", 115, 0.040)],
)  # fmt: skip
def test_the_vendor_series_jumps_on_the_session_after_the_last_trade_day(
    real_data, market: str, name: str, expiries: int, jump: float
) -> None:
    """Median move into that session, against the six sessions on either side."""
    with open(real_data / "futures" / "yahoo_2000_2021" / f"{name}.csv") as file:
        closes = {
            date.fromisoformat(row["Date"]): float(row["Close"])
            for row in csv.DictReader(file)
            if row["Close"] not in ("", "null")
        }
    calendar = calendar_of(market)
    sessions = list(session_days(min(closes), max(closes), calendar.calendar))
    place = {day: index for index, day in enumerate(sessions)}
    moves: dict[int, list[float]] = {offset: [] for offset in range(-6, 7)}
    for begins, _ in calendar.roll_days(sessions[0], sessions[-1]):
        for offset, found in moves.items():
            index = place[begins] + offset
            if 0 < index < len(sessions) and {sessions[index], sessions[index - 1]} <= closes.keys():
                found.append(abs(math.log(closes[sessions[index]] / closes[sessions[index - 1]])))
    medians = {offset: statistics.median(found) for offset, found in moves.items()}
    assert len(moves[0]) >= expiries
    assert medians[0] > jump
    assert all(median < medians[0] / 2.2 for offset, median in medians.items() if offset)


@pytest.mark.real_data
def test_rice_leads_one_contract_after_the_other_and_leaves_each_near_first_notice(real_data) -> None:
    """Rice has no front-month series: the last day on which each instrument of a volume-led one led stands in."""
    rice = calendar_of("rough_rice")
    led_until: dict[str, date] = {}
    with open(real_data / "intraday" / "databento_1h" / "ZR.v.0_2010_2023_rolls.csv") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["end_date"]) - timedelta(days=1)
            led_until[row["instrument_id"]] = max(day, led_until.get(row["instrument_id"], day))
    days = sorted(led_until.values())
    contracts = [rice.front_contract(day) for day in days]
    assert contracts == list(rice.listed(days[0], len(days))) and len(days) == 83
    to_notice = [(rice.last_usable_day(name) - day).days for day, name in zip(days, contracts, strict=True)]
    assert 0 <= statistics.median(to_notice) <= 7
