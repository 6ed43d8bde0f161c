"""Rows that HYDRA makes of stored facts and stores itself: joined series and option chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


def extend_derived_rows(stores: Stores, config: HydraConfig, now_ts: int) -> None:
    """Bring them up to date with the lake; nothing where the market is simulated, which has none. `now_ts` is their
    recorded time."""
    from engine.ingestion.options.chain_store import extend_option_chains
    from engine.ingestion.rolls.roll_store import extend_continuous

    if not config.market.simulated:
        extend_continuous(stores, config, now_ts=now_ts)
        extend_option_chains(stores, config, now_ts=now_ts)
