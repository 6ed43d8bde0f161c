"""Rules by which an exchange sets a contract's last trade day and its first notice day: one registry of named rules.

A rule maps a delivery month and a session calendar to one session day. A name may hold a number, as in
`business_day_10`; `last_trade_rules.known_rules()` lists the patterns. Sources are named at each rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from engine.ingestion.calendars.class_iii_announcement import announcement_day
from engine.ingestion.calendars.exchange_holidays import nth_weekday
from engine.ingestion.calendars.session_calendar import (
    is_session_day,
    next_session_day,
    previous_session_day,
    session_days,
)
from engine.kernel.errors import ConfigError

_THURSDAY, _FRIDAY = 3, 4
_NOVEMBER: Final = 11
_ONE_DAY: Final = timedelta(days=1)

Rule = Callable[[int, int, str, int], date]


def day_of_rule(rule: str, root: str, year: int, month: int, calendar: str) -> date:
    """The session day that `rule` names for a delivery month (1 to 12); ConfigError for an unknown or empty rule."""
    for pattern, function in _RULES.items():
        match = re.fullmatch(pattern.replace("_N", r"_([0-9]{1,2})"), rule)
        if match:
            try:
                return function(year, month, calendar, int(match.group(1)) if match.groups() else 0)
            except LookupError as error:
                raise ConfigError(f"{root}: {rule} does not exist in {year}-{month:02d}") from error
    raise ConfigError(f"{root}: unknown rule '{rule}' for a trading day; known: {', '.join(known_rules())}")


def known_rules() -> list[str]:
    """Names of the rules, N standing for a number."""
    return list(_RULES)


def _sessions(year: int, month: int, calendar: str) -> list[date]:
    return list(session_days(date(year, month, 1), _month_end(year, month), calendar))


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - _ONE_DAY


def _business_day(year: int, month: int, calendar: str, number: int) -> date:
    """The N-th session of the month. Lean hogs: the tenth (CME rulebook, chapter 152)."""
    if number < 1:
        raise LookupError(number)
    return _sessions(year, month, calendar)[number - 1]


def _last_business_day(year: int, month: int, calendar: str, _: int) -> date:
    """Live cattle: the last business day of the contract month (CME contract specification, chapter 101)."""
    return _sessions(year, month, calendar)[-1]


def _business_day_before_last(year: int, month: int, calendar: str, number: int) -> date:
    """The N-th session before the month's last one. FCOJ-A: the 14th (ICE Futures U.S. specification)."""
    return _sessions(year, month, calendar)[-1 - number]


def _business_day_before_day(year: int, month: int, calendar: str, number: int) -> date:
    """The last session before calendar day N. Oats and rice: 15 (CBOT 15, 17), lumber: 16 (CME 201, 63)."""
    return previous_session_day(_calendar_day(year, month, number), calendar)


def _business_day_on_or_before_day(year: int, month: int, calendar: str, number: int) -> date:
    """The last session up to and including calendar day N."""
    day = _calendar_day(year, month, number)
    return day if is_session_day(day, calendar) else previous_session_day(day, calendar)


def _calendar_day(year: int, month: int, number: int) -> date:
    if not 1 <= number <= _month_end(year, month).day:
        raise LookupError(number)
    return date(year, month, number)


def _last_thursday_clear_of_holidays(year: int, month: int, calendar: str, _: int) -> date:
    """Feeder cattle (CME rule 10202.H): the last Thursday of the month, in November the one before Thanksgiving.

    Where a holiday falls on it or on one of the four weekdays before, the first earlier Thursday that is clear.
    """
    day = nth_weekday(year, month, _THURSDAY, -1)
    if month == _NOVEMBER:
        day = nth_weekday(year, month, _THURSDAY, 4) - timedelta(days=7)
    while not all(is_session_day(day - timedelta(days=back), calendar) for back in (0, 1, 2, 3, 6)):
        day -= timedelta(days=7)
    return day


def _day_before_class_iii(year: int, month: int, calendar: str, _: int) -> date:
    """Class III milk: the business day before USDA announces the month's price (CME specification, chapter 52)."""
    return previous_session_day(announcement_day(year, month), calendar)


def _business_day_after_first_friday(year: int, month: int, calendar: str, _: int) -> date:
    """First notice of live cattle: the first business day after the first Friday (the day of CME rule 10102.E)."""
    return next_session_day(nth_weekday(year, month, _FRIDAY, 1), calendar)


def _last_business_day_of_prior_month(year: int, month: int, calendar: str, _: int) -> date:
    """First notice of CBOT grains: one business day before the first delivery day (CBOT rule 713)."""
    return previous_session_day(date(year, month, 1), calendar)


_RULES: Final[dict[str, Rule]] = {
    "business_day_N": _business_day,
    "last_business_day": _last_business_day,
    "business_day_N_before_last": _business_day_before_last,
    "business_day_before_day_N": _business_day_before_day,
    "business_day_on_or_before_day_N": _business_day_on_or_before_day,
    "last_thursday_clear_of_holidays": _last_thursday_clear_of_holidays,
    "day_before_class_iii_announcement": _day_before_class_iii,
    "business_day_after_first_friday": _business_day_after_first_friday,
    "last_business_day_of_prior_month": _last_business_day_of_prior_month,
}
