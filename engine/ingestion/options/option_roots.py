"""What is known of listed options by their root symbol: when a series ends and how it is exercised.

Options on futures end at the session's close of their market on the expiry day. Options that trade on US option
exchanges on shares, funds and indices end in New York: at 16:00, but series settled on opening prices at 09:30 of their
expiry day. Sources: Cboe product specifications (SPX, VIX, DJX and RUT settle on opening prices, their weeklies, XSP
and SPY on closing prices; all of the indices are European, SPY is American) and Nasdaq's for NDX.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.core.records import ExerciseStyle
from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.calendars.session_calendar import session_close_ts
from engine.ingestion.market_directory import is_reference
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import local_ts

NEW_YORK: Final = "America/New_York"
_OPENING: Final = (9, 30)
_CLOSE: Final = (16, 0)


@dataclass(frozen=True, slots=True)
class _CashRoot:
    style: ExerciseStyle
    settles_at_open: bool


_CASH_ROOTS: Final = {
    "SPX": _CashRoot("european", True),
    "SPXW": _CashRoot("european", False),
    "XSP": _CashRoot("european", False),
    "VIX": _CashRoot("european", True),
    "VIXW": _CashRoot("european", True),
    "NDX": _CashRoot("european", True),
    "NDXP": _CashRoot("european", False),
    "RUT": _CashRoot("european", True),
    "RUTW": _CashRoot("european", False),
    "DJX": _CashRoot("european", True),
    "SPY": _CashRoot("american", False),
}


@dataclass(frozen=True, slots=True)
class OptionRoot:
    """The terms that hold for every series of one root in one market."""

    root: str
    market: MarketConfig
    on_cash: bool

    @classmethod
    def of(cls, root: str, market: MarketConfig, *, on_future: bool | None = None) -> OptionRoot:
        """An option root is on cash (a share, fund or index) where its terms are listed above or the market is one
        that can only be read; else, or where the source says `on_future`, on the market's own futures."""
        on_cash = root in _CASH_ROOTS or is_reference(market) if on_future is None else not on_future
        return cls(root, market, on_cash)

    @property
    def style(self) -> ExerciseStyle:
        """How its options are exercised, "unknown" where no fact is at hand."""
        known = _CASH_ROOTS.get(self.root)
        return self.market.contract.option_style if known is None else known.style

    def expiry_ts(self, day: date) -> int:
        """When a series that expires on `day` ends, UTC microseconds."""
        if not self.on_cash:
            return session_close_ts(day, self.market.session)
        known = _CASH_ROOTS.get(self.root)
        hour, minute = _OPENING if known is not None and known.settles_at_open else _CLOSE
        return local_ts(day.year, day.month, day.day, hour, minute, NEW_YORK)

    def future_under(self, expiry: date) -> str | None:
        """The listed future under a series, None for options on cash and where no calendar tells it."""
        if self.on_cash or self.market.simulated or is_reference(self.market):
            return None
        return ContractCalendar.of(self.market).contract_for_expiry(expiry)
