"""The trader's state in the store: the state itself and fills it has still to see.

A fill that reconciliation booked between two bars is in the journal at once, while the trader sees it with its next
bar; until then it waits here, so that it is counted once on either side and decisions are those of a run without a
crash.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.trader_state_json import (
    fill_from_json,
    fill_to_json,
    trader_state_from_json,
    trader_state_to_json,
)
from engine.core.trading_types import Fill, TraderState
from storage.trading_records import TraderStateRecord, TradingRecords


@dataclass(frozen=True, slots=True)
class TraderBook:
    """`pending_fills` are booked in the journal but not yet in `state`."""

    state: TraderState
    pending_fills: tuple[Fill, ...] = ()


def load_book(trading: TradingRecords, market: str) -> TraderBook | None:
    """The stored book, None before the first bar; CorruptStoreError where it cannot be read."""
    record = trading.trader_states.get(market)
    if record is None:
        return None
    value = dict(record.value)
    pending = tuple(fill_from_json(fill) for fill in value.pop("pending_fills", []))
    value.pop("contract", None)
    return TraderBook(trader_state_from_json(value), pending)


def save_book(trading: TradingRecords, book: TraderBook, *, ts: int) -> None:
    """Store the book in the caller's transaction."""
    state = book.state
    value = trader_state_to_json(state)
    value["contract"] = state.contract
    value["pending_fills"] = [fill_to_json(fill) for fill in book.pending_fills]
    trading.trader_states.upsert(TraderStateRecord(state.market, value, state.last_bar_ts, ts))
