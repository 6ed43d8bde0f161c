"""Listed contracts: last trade and first notice days, front contract and roll days, never read off price jumps.

A calendar-rolled vendor series (Yahoo `HE=F`) holds the front contract up to and including its last trade day and the
next listed contract from the session after. Measured on 144 expiries of lean hogs 2006-2023: median |log return| into
the first session after the last trade day 6.9 % against 0.2-0.5 % on the four sessions up to it; and the close of
the last trade day differs from hourly bars of the next contract by 5.8 cents (median), of the session after by 0.07.
One date departs from the rule and is listed below with its evidence. On a last trade day the vendor prints the price
of the expiring contract with the VOLUME OF THE NEXT ONE (1.25 times the hourly volume of the next contract, the same
ratio as on the day after): see the flag "volume_of_next_contract".

The other rules, measured the same way (median |log return| into the first session after the last trade day, and the
largest of the twelve medians of the six sessions on either side): live cattle 2.3 % and 0.7 % (107 expiries, Yahoo
2002-2021), feeder cattle 1.5 % and 0.7 % (142), oats 4.3 % and 1.2 % (101, 2000-2021), lumber 4.9 % and 2.0 % (123);
Investing.com 2016-2022 gives the same sessions. Rough rice: the 83 instruments that led by volume 2010-2023 are 83
successive contracts, and the lead passes on 14 sessions before the last trade day, 3 before first notice (medians; oats
12 and 1). Orange juice and milk have no series here that shows it: their dates rest on published ones alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from engine.ingestion.calendars.last_trade_rules import day_of_rule
from engine.ingestion.calendars.session_calendar import next_session_day, previous_session_day
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

MONTH_CODES: Final = "FGHJKMNQUVXZ"
NO_NOTICE: Final = "none"

# Days on which a vendor's calendar-rolled series held another contract than the rule says: (root, day) -> contract.
# 2006-04-17 was the last trade day of HEJ06 (Good Friday was 04-14), but Yahoo's two independent downloads both show
# HEK06: 63.40 with 913 lots, next to HEK06 at 63.65 with 1,044 lots on 04-18, while HEJ06 stood at 54.22 on 04-13.
_VENDOR_EXCEPTIONS: Final = {("HE", date(2006, 4, 17)): "HEK06"}


@dataclass(frozen=True, slots=True)
class ContractCalendar:
    """The contract calendar of one market: root, listed month codes, rules and session calendar."""

    root: str
    months: str
    rule: str
    calendar: str
    notice_rule: str = NO_NOTICE

    @classmethod
    def of(cls, market: MarketConfig) -> ContractCalendar:
        """The calendar that a market's settings describe."""
        contract = market.contract
        return cls(
            contract.root,
            contract.months,
            contract.last_trade_rule,
            market.session.calendar,
            contract.first_notice_rule,
        )

    def last_trade_day(self, year: int, month: int) -> date:
        """Last trade day of the contract of a delivery month (1 to 12)."""
        return last_trade_day(self.root, year, month, rule=self.rule, calendar=self.calendar)

    def front_contract(self, day: date) -> str:
        """The nearest listed contract that still trades on `day` (its last trade day included), e.g. "HEJ20"."""
        return self.listed(day, 1)[0]

    def listed(self, day: date, count: int) -> tuple[str, ...]:
        """The next `count` contracts that still trade on `day`, nearest first."""
        found: list[str] = []
        # A cash-settled contract may trade on into the month after its own (milk), so the search begins one earlier.
        year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
        while len(found) < count:
            code = MONTH_CODES[month - 1]
            if code in self.months and day <= self.last_trade_day(year, month):
                found.append(f"{self.root}{code}{year % 100:02d}")
            year, month = year + month // 12, month % 12 + 1
        return tuple(found)

    def vendor_contract(self, day: date) -> str:
        """The contract that a calendar-rolled vendor series shows on `day`: the front one but for dated exceptions."""
        return _VENDOR_EXCEPTIONS.get((self.root, day)) or self.front_contract(day)

    def expiry_of(self, contract: str) -> date:
        """Last trade day of a contract such as "HEJ20"; InputError if the name is not of this root and months."""
        return self.last_trade_day(*self._delivery_month(contract))

    def first_notice_of(self, contract: str) -> date | None:
        """First day on which a long may be told to take delivery; None where the contract settles in cash."""
        year, month = self._delivery_month(contract)
        if self.notice_rule == NO_NOTICE:
            return None
        return day_of_rule(self.notice_rule, self.root, year, month, self.calendar)

    def last_usable_day(self, contract: str) -> date:
        """Last session on which the contract can be held without delivery: its last trade day, or the session before
        first notice if that comes sooner."""
        last, notice = self.expiry_of(contract), self.first_notice_of(contract)
        return last if notice is None else min(last, previous_session_day(notice, self.calendar))

    def _delivery_month(self, contract: str) -> tuple[int, int]:
        code, digits = contract[len(self.root) : -2], contract[-2:]
        if not contract.startswith(self.root) or len(code) != 1 or code not in self.months or not digits.isdigit():
            raise InputError(f"'{contract}' is no contract of {self.root} with months {self.months}")
        return 2000 + int(digits), MONTH_CODES.index(code) + 1

    def contract_of(self, year: int, month: int) -> str:
        """The contract of a delivery month, e.g. "HEJ20" for (2020, 4); InputError if that month is not listed."""
        code = MONTH_CODES[month - 1]
        if code not in self.months:
            raise InputError(f"{self.root} lists no contract for {year}-{month:02d}, only months {self.months}")
        return f"{self.root}{code}{year % 100:02d}"

    def nearby(self, contract: str, day: date) -> int:
        """Place of a contract among those listed on `day`: 1 for the front one, 2 for the one after it."""
        return self._place(contract) - self._place(self.front_contract(day)) + 1

    def _place(self, contract: str) -> int:
        return int(contract[-2:]) * len(self.months) + self.months.index(contract[-3])

    def days_to_expiry(self, contract: str, day: date) -> int:
        """Calendar days from `day` to the last trade day; negative after it."""
        return (self.expiry_of(contract) - day).days

    def contract_for_expiry(self, expiry: date) -> str:
        """The futures contract under an option that expires on `expiry`: the first that trades on that day."""
        return self.front_contract(expiry)

    def roll_days(self, first: date, last: date) -> Iterator[tuple[date, str]]:
        """(first session, contract) of every contract of a calendar-rolled series that begins in [first, last]."""
        year, month = first.year - 1, 12
        while (year, month) <= (last.year, last.month):
            if MONTH_CODES[month - 1] in self.months:
                begins = next_session_day(self.last_trade_day(year, month), self.calendar)
                if first <= begins <= last:
                    yield begins, self.front_contract(begins)
            year, month = year + month // 12, month % 12 + 1


@lru_cache(maxsize=4096)
def last_trade_day(
    root: str, year: int, month: int, *, rule: str = "business_day_10", calendar: str = "us_livestock"
) -> date:
    """Last trade day of a contract by a rule of `last_trade_rules`; ConfigError for one that is not there."""
    return day_of_rule(rule, root, year, month, calendar)
