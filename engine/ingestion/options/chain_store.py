"""Option chains out of definitions and single quotes in the lake, kept as chains of the source "assembled".

Vendors that send one quote per instrument (Databento) leave no chain; the features read chains. A chain is put together
at the moments at which the market decides: the settlement of a session for daily markets, the end of a bar otherwise.
Quotes older than one decision bar are left out. Moments that have a chain are not assembled again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.ingestion.calendars.session_calendar import is_session_day, next_session_day, settlement_known_ts
from engine.ingestion.ingest import store_derived
from engine.ingestion.lake_rows import Instrument, Quote, Statistic
from engine.ingestion.options.option_chain_assembly import assemble_option_chains
from engine.ingestion.record_tables import rows_from_table
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.timestamps import MICROS_PER_SECOND, to_datetime

if TYPE_CHECKING:
    from storage.stores import Stores

ASSEMBLED = "assembled"
_DAY_SECONDS = 86_400


def extend_option_chains(stores: Stores, config: HydraConfig, *, now_ts: int) -> int:
    """Assemble the chains of the market that are missing; rows added, 0 where the lake defines no options."""
    market = config.market
    options = [row for row in _rows(stores, market, "instrument", Instrument) if row.kind == "option"]
    if not options:
        return 0
    names = {name for row in options for name in (row.contract, row.instrument_id)}
    quotes = _rows(stores, market, "quote", Quote)
    own = [quote for quote in quotes if quote.contract in names]
    held = stores.lake.read(market.market, "option_quote", sources=[ASSEMBLED])
    last_ts = max(held.column("event_ts").to_pylist(), default=-1)
    moments = [moment for moment in decision_moments(own, market) if last_ts < moment <= now_ts]
    chains = assemble_option_chains(
        options,
        own,
        statistics=_rows(stores, market, "statistic", Statistic),
        underlying_quotes=[quote for quote in quotes if quote.contract not in names],
        moments=moments,
        max_quote_age_us=market.bar_seconds * MICROS_PER_SECOND,
        style=market.contract.option_style,
    )
    if not chains:
        return 0
    name = f"{ASSEMBLED} from {moments[0]}"
    return store_derived(stores, market, ASSEMBLED, name, chains, now_ts=now_ts).rows_added


def decision_moments(quotes: Iterable[Quote], market: MarketConfig) -> list[int]:
    """The first moment of decision at or after each quote became known, in order; UTC microseconds."""
    if market.bar_seconds < _DAY_SECONDS:
        step = market.bar_seconds * MICROS_PER_SECOND
        return sorted({-(-quote.known_ts // step) * step for quote in quotes})
    zone = ZoneInfo(market.session.timezone)
    days = {to_datetime(quote.known_ts).astimezone(zone).date(): 0 for quote in quotes}
    settlements = {
        day: (
            settlement_known_ts(day, market.session) if is_session_day(day, market.session.calendar) else -1,
            settlement_known_ts(next_session_day(day, market.session.calendar), market.session),
        )
        for day in days
    }
    moments = set()
    for quote in quotes:
        today, following = settlements[to_datetime(quote.known_ts).astimezone(zone).date()]
        moments.add(today if quote.known_ts <= today else following)
    return sorted(moments)


def _rows(stores: Stores, market: MarketConfig, dataset: str, kind: type[Any]) -> list[Any]:
    table = stores.lake.read(market.market, dataset)
    return [row for row in rows_from_table(dataset, table) if isinstance(row, kind)]
