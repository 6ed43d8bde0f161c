"""Continuous series and rolls of one market, derived from the lake and kept in it.

`extend_continuous` adds the sessions that the series lacks; sessions it holds are never chosen again, so that a roll
stays where it was made whatever arrives later. `record_rolls` keeps what every roll of the decision series is worth as
statistics "roll_difference" and "roll_ratio" of the contract that is entered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.core.records import FuturesBar
from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.ingestion.ingest import store_derived
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.record_tables import rows_from_table
from engine.ingestion.rolls.continuous_series import CONTINUOUS, ContinuousSeries
from engine.ingestion.rolls.instrument_contracts import contracts_of_instruments
from engine.ingestion.rolls.roll_rule import RollPolicy
from engine.ingestion.rolls.roll_table import Roll, rolls_of
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import to_datetime

if TYPE_CHECKING:
    from storage.stores import Stores

ROLL_SOURCE = "rolls"


def bars_of_series(stores: Stores, market: str, series: str) -> list[FuturesBar]:
    """Every bar of a series in order of event time, the first version of each bar and contract."""
    table = stores.lake.read(market, "futures_bar", sources=None)
    bars = [row for row in rows_from_table("futures_bar", table) if isinstance(row, FuturesBar)]
    first: dict[tuple[int, str | None, int], FuturesBar] = {}
    for bar in bars:
        if bar.series == series:
            first.setdefault((bar.event_ts, bar.contract, bar.nearby), bar)
    return sorted(first.values(), key=lambda bar: (bar.event_ts, bar.nearby))


def session_day(event_ts: int, market: MarketConfig) -> date:
    """The day of `event_ts` in the exchange's zone."""
    return to_datetime(event_ts).astimezone(ZoneInfo(market.session.timezone)).date()


def extend_continuous(stores: Stores, config: HydraConfig, *, now_ts: int) -> int:
    """Add the missing sessions of the market's continuous series; rows added, 0 where the vendor's series is used."""
    series = config.rolls.contract_series
    if not series:
        return 0
    market = config.market
    bars = bars_of_series(stores, market.market, series)
    held = bars_of_series(stores, market.market, CONTINUOUS)
    chosen = {bar.event_ts: bar.contract for bar in held if bar.nearby == 1}
    calendar = ContractCalendar.of(market)
    continuous = ContinuousSeries(_policy(config), _expiries(bars, calendar))
    interests = iter(_open_interests(stores, market, series))
    pending = next(interests, None)
    added: list[FuturesBar] = []
    last_chosen_ts = max(chosen, default=-1)
    for event_ts, group in groupby(bars, key=lambda bar: bar.event_ts):
        session = list(group)
        known: list[tuple[str, float]] = []
        while pending is not None and pending[0] <= event_ts:
            known.append((pending[1], pending[2]))
            pending = next(interests, None)
        if (contract := chosen.get(event_ts)) is not None:
            continuous.session(session_day(event_ts, market), session, known)
            continuous.hold(contract)
            continue
        made = continuous.session(session_day(event_ts, market), session, known)
        if event_ts > last_chosen_ts:
            added.extend(made)
    if not added:
        return 0
    return store_derived(stores, market, CONTINUOUS, f"{CONTINUOUS} of {series}", added, now_ts=now_ts).rows_added


def record_rolls(stores: Stores, config: HydraConfig, *, now_ts: int) -> list[Roll]:
    """Store what every roll of the decision series is worth; the rolls in order of time."""
    market = config.market
    bars = bars_of_series(stores, market.market, market.decision_series)
    rolls = rolls_of(bars, prices_elsewhere(stores, market, bars))
    statistics = [
        Statistic(
            market.market, ROLL_SOURCE, roll.to_contract, name, unit, roll.event_ts, roll.known_ts, value,
            () if roll.overlap else ("includes_one_session",),
        )
        for roll in rolls
        for name, unit, value in (
            ("roll_difference", market.contract.price_unit, roll.difference),
            ("roll_ratio", "ratio", roll.ratio),
        )
    ]  # fmt: skip
    if statistics:
        store_derived(stores, market, ROLL_SOURCE, f"rolls of {market.decision_series}", statistics, now_ts=now_ts)
    return rolls


def contract_prices_at_close(
    bars: Iterable[FuturesBar], market: MarketConfig, *, last_hour: int
) -> dict[str, dict[date, float]]:
    """Price of each listed contract at the daily close, from intraday bars of a volume-led series that carry instrument
    ids: the close of the day's last bar that starts at `last_hour` local or earlier."""
    calendar = ContractCalendar.of(market)
    zone = ZoneInfo(market.session.timezone)
    moments = [(to_datetime(bar.event_ts).astimezone(zone), bar) for bar in bars if bar.nearby == 1 and bar.contract]
    names = contracts_of_instruments([(moment.date(), str(bar.contract)) for moment, bar in moments], calendar)
    prices: dict[str, dict[date, float]] = {}
    for moment, bar in moments:
        if moment.hour <= last_hour:
            prices.setdefault(names[str(bar.contract)], {})[moment.date()] = bar.close
    return prices


def prices_elsewhere(stores: Stores, market: MarketConfig, bars: Sequence[FuturesBar]) -> dict[tuple[int, str], float]:
    """(event_ts of a daily bar, contract) -> price in an hourly series that shows other contracts at its close."""
    hourly = bars_of_series(stores, market.market, "databento_1h")
    if not hourly or market.simulated or market.bar_seconds < 86_400:
        return {}
    prices = contract_prices_at_close(hourly, market, last_hour=last_full_hour(market))
    days = {session_day(bar.event_ts, market): bar.event_ts for bar in bars}
    return {
        (days[day], contract): price
        for contract, by_day in prices.items()
        for day, price in by_day.items()
        if day in days
    }


def last_full_hour(market: MarketConfig) -> int:
    """The last local hour that begins before the close of the session and is nearly over at it."""
    hour, minute = map(int, market.session.close_local.split(":"))
    return hour if minute >= 30 else hour - 1


def _policy(config: HydraConfig) -> RollPolicy:
    rolls = config.rolls
    return RollPolicy(rolls.criterion, rolls.confirm_sessions, rolls.lead_ratio, rolls.days_before_expiry)


def _expiries(bars: Iterable[FuturesBar], calendar: ContractCalendar) -> dict[str, date]:
    expiries = {}
    for contract in sorted({bar.contract for bar in bars if bar.contract}):
        try:
            expiries[contract] = calendar.last_usable_day(contract)
        except InputError:
            continue  # a spread or another root: never held
    return expiries


def _open_interests(stores: Stores, market: MarketConfig, series: str) -> list[tuple[int, str, float]]:
    """(known time, contract, lots) of every open interest of the vendor of `series`, in order of known time."""
    vendor = series.partition("_")[0]
    table = stores.lake.read(market.market, "statistic")
    found = [
        (row.known_ts, row.contract, row.value)
        for row in rows_from_table("statistic", table)
        if isinstance(row, Statistic)
        and row.name == "open_interest"
        and row.contract is not None
        and row.source.startswith(vendor)
    ]
    return sorted(found)
