"""Promotion and rollback: atomic moves of the champion pointer, each with its event, journal row and state number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.kernel.errors import RefusedError

if TYPE_CHECKING:
    from storage.model_registry import ModelRecord
    from storage.stores import Stores

CHAMPION_KEY = "champion"


def promote(
    stores: Stores,
    market: str,
    model_id: str,
    *,
    actor: str,
    reason: str,
    ts: int,
    approval_id: str | None = None,
    experiment_id: str | None = None,
) -> ModelRecord:
    """Make `model_id` the champion of `market`; the old champion stays warm for rollback."""
    with stores.db.transaction():
        record = stores.registry.promote(
            market, model_id, actor=actor, reason=reason, ts=ts, approval_id=approval_id, experiment_id=experiment_id
        )
        stores.state.put(f"{CHAMPION_KEY}:{market}", {"model_id": record.model_id, "since_ts": ts}, ts)
    return record


def roll_back(stores: Stores, market: str, *, actor: str, reason: str, ts: int, automatic: bool = False) -> ModelRecord:
    """Bring the previous champion of `market` back; RefusedError where there is none."""
    if stores.registry.champion(market) is None:
        raise RefusedError(f"market {market} has no champion yet; there is nothing to roll back")
    with stores.db.transaction():
        record = stores.registry.rollback(market, actor=actor, reason=reason, ts=ts, automatic=automatic)
        stores.state.put(f"{CHAMPION_KEY}:{market}", {"model_id": record.model_id, "since_ts": ts}, ts)
    return record
