"""What a contract's name says about time: delivery month, last trade, gap between two contracts.

Only names such as HEM23 speak; a vendor's instrument id says nothing, and everything derived from it is missing.
"""

from __future__ import annotations

from engine.ingestion.calendars.contract_calendar import MONTH_CODES, ContractCalendar
from engine.ingestion.calendars.session_calendar import session_close_ts
from engine.kernel.config_models import MarketConfig


def delivery_month(contract: str | None, root: str) -> tuple[int, int] | None:
    """(year, month 1 to 12) of a name like HEM23; None where the name does not follow the pattern."""
    if contract is None or not contract.startswith(root) or len(contract) != len(root) + 3:
        return None
    code, digits = contract[len(root)], contract[len(root) + 1 :]
    if code not in MONTH_CODES or not digits.isdigit():
        return None
    return 2000 + int(digits), MONTH_CODES.index(code) + 1


def last_trade_ts(contract: str, market: MarketConfig) -> int | None:
    """Session close of the contract's last trade day, UTC microseconds; None where the month is not known."""
    month = delivery_month(contract, market.contract.root)
    if month is None:
        return None
    return session_close_ts(ContractCalendar.of(market).last_trade_day(*month), market.session)


def gap_years(near: str | None, far: str | None, root: str) -> float | None:
    """Calendar years between two delivery months; None unless both are known and in this order."""
    first, second = delivery_month(near, root), delivery_month(far, root)
    if first is None or second is None:
        return None
    months = 12 * (second[0] - first[0]) + second[1] - first[1]
    return months / 12.0 if months > 0 else None
