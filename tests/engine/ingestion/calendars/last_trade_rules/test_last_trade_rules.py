"""Each rule against dates that exchanges, brokers and vendors published."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.calendars.last_trade_rules import day_of_rule, known_rules
from engine.ingestion.calendars.session_calendar import is_session_day
from engine.kernel.configuration import load_config
from engine.kernel.errors import ConfigError


def calendar_of(market: str) -> ContractCalendar:
    return ContractCalendar.of(load_config(market, environment={}).config.market)


@pytest.mark.parametrize(
    ("market", "contract", "published"),
    [
        ("feeder_cattle", "GFF15", "2015-01-29"),  # DTN, 2015-01-21: stops trading "next Thursday"
        ("feeder_cattle", "GFH25", "2025-03-27"),  # Barchart, 2025-03-26: "March ... ahead of Thursday's expiration"
        ("feeder_cattle", "GFK25", "2025-05-22"),  # Barchart, 2025-05-21: "May ... ahead of Thursday's expiration"
        ("feeder_cattle", "GFF26", "2026-01-29"),  # Barchart, 2026-01-29: "expiring January"
        ("feeder_cattle", "GFH16", "2016-03-24"),  # Good Friday 03-25 in the week before; Yahoo has no bar to month end
        ("feeder_cattle", "GFX19", "2019-11-21"),  # CME rule 10202.H: the Thursday before Thanksgiving (11-28)
        ("oats", "ZOZ22", "2022-12-14"),  # Barchart, contract page
        ("rough_rice", "ZRH26", "2026-03-13"),  # Barchart, contract page
        ("lumber", "LBRH24", "2024-03-15"),  # Barchart, contract pages of LB
        ("lumber", "LBRK24", "2024-05-15"),
        ("lumber", "LBRN24", "2024-07-15"),
        ("lumber", "LBRU24", "2024-09-13"),
        ("lumber", "LBRX24", "2024-11-15"),
        ("lumber", "LBRK25", "2025-05-15"),
        ("lumber", "LBRX25", "2025-11-14"),
        ("orange_juice", "OJF09", "2009-01-09"),  # bohlish.com, table of 2008-08-08
        ("orange_juice", "OJN09", "2009-07-13"),
        ("orange_juice", "OJH10", "2010-03-11"),
        ("orange_juice", "OJH18", "2018-03-09"),  # Barchart, contract pages, from here on
        ("orange_juice", "OJH19", "2019-03-11"),
        ("orange_juice", "OJX19", "2019-11-08"),
        ("orange_juice", "OJU20", "2020-09-10"),
        ("orange_juice", "OJU23", "2023-09-11"),
        ("orange_juice", "OJX23", "2023-11-09"),
        ("orange_juice", "OJF24", "2024-01-10"),
        ("orange_juice", "OJN25", "2025-07-11"),
        ("class_iii_milk", "DCF09", "2009-01-29"),  # bohlish.com, table of 2008-08-08
        ("class_iii_milk", "DCH09", "2009-04-02"),
        ("class_iii_milk", "DCM09", "2009-07-01"),
        ("class_iii_milk", "DCZ09", "2009-12-30"),
        ("class_iii_milk", "DCH10", "2010-03-31"),
        ("class_iii_milk", "DCN10", "2010-07-29"),
        ("class_iii_milk", "DCF26", "2026-02-03"),  # Barchart, contract page of DL
    ],
)  # fmt: skip
def test_last_trade_day_as_published(market: str, contract: str, published: str) -> None:
    assert calendar_of(market).expiry_of(contract) == date.fromisoformat(published)


@pytest.mark.parametrize(
    ("market", "contract", "published"),
    [
        ("live_cattle", "LEJ13", "2013-04-08"),  # Optimus Futures, notice to customers
        ("live_cattle", "LEZ15", "2015-12-07"),  # Optimus Futures, notice to customers
        ("live_cattle", "LEM24", "2024-06-10"),  # Barchart in AgUpdate: "Monday was first notice day"
        ("oats", "ZOZ22", "2022-11-30"),  # Barchart, contract page
        ("oats", "ZOH26", "2026-02-27"),  # discounttrading.com, table of 2026, to the next blank
        ("oats", "ZOK26", "2026-04-30"),
        ("oats", "ZON26", "2026-06-30"),
        ("oats", "ZOU26", "2026-08-31"),
        ("oats", "ZOZ26", "2026-11-30"),
        ("rough_rice", "ZRF26", "2025-12-31"),
        ("rough_rice", "ZRH26", "2026-02-27"),  # and Barchart
        ("rough_rice", "ZRK26", "2026-04-30"),
        ("rough_rice", "ZRN26", "2026-06-30"),
        ("lumber", "LBRH24", "2024-03-25"),  # Barchart, contract pages of LB
        ("lumber", "LBRK24", "2024-05-24"),
        ("lumber", "LBRK25", "2025-05-23"),
        ("orange_juice", "OJF24", "2024-01-02"),  # Barchart, contract pages
        ("orange_juice", "OJH20", "2020-03-02"),
        ("orange_juice", "OJU25", "2025-09-02"),
    ],
)  # fmt: skip
def test_first_notice_day_as_published(market: str, contract: str, published: str) -> None:
    assert calendar_of(market).first_notice_of(contract) == date.fromisoformat(published)


@pytest.mark.parametrize(("year", "day"), [(2008, "2008-02-29"), (2011, "2011-02-28"), (2024, "2024-02-29")])
def test_february_live_cattle_end_on_the_last_business_day(year: int, day: str) -> None:
    assert day_of_rule("last_business_day", "LE", year, 2, "us_livestock") == date.fromisoformat(day)


@pytest.mark.parametrize(
    "rule", ["third_friday", "business_day_", "business_day_x", "business_day_110", "Last_business_day", "", "none"]
)
def test_an_unknown_rule_is_refused_with_the_known_ones(rule: str) -> None:
    with pytest.raises(ConfigError, match=r"XX: unknown rule .* business_day_N, last_business_day"):
        day_of_rule(rule, "XX", 2024, 3, "us_grains")


@pytest.mark.parametrize(
    "rule", ["business_day_0", "business_day_24", "business_day_30_before_last", "business_day_before_day_32",
             "business_day_on_or_before_day_0"]
)  # fmt: skip
def test_a_day_that_the_month_does_not_have_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match=f"XX: {rule} does not exist in 2024-03"):
        day_of_rule(rule, "XX", 2024, 3, "us_grains")


@given(st.sampled_from(known_rules()), st.integers(1, 12), st.integers(2000, 2040), st.integers(1, 12))
def test_every_rule_names_a_session_of_the_months_around(rule: str, number: int, year: int, month: int) -> None:
    day = day_of_rule(rule.replace("_N", f"_{number}"), "XX", year, month, "us_livestock")
    assert is_session_day(day, "us_livestock")
    assert -8 <= (day - date(year, month, 1)).days <= 48
