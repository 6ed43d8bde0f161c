"""Whether a bar could have filled anything: thin bars, dead contracts and limit-locked sessions fill nothing."""

from __future__ import annotations

import math
from typing import Final

from engine.core.market_memory import contract_of
from engine.core.records import FuturesBar
from engine.core.session_day import session_day
from engine.core.trading_types import MarketMemory
from engine.kernel.config_models import HydraConfig

THIN_CONTRACT_FLAG: Final = "thin_contract"


def thin_reason(bar: FuturesBar, config: HydraConfig) -> str:
    """Why the bar is too thin to trade, else "". A missing volume counts as thin."""
    if THIN_CONTRACT_FLAG in bar.flags:
        return "the bar is of a dead or expiring contract (thin_contract)"
    if not bar.volume >= config.costs.min_tradable_bar_volume_lots:
        return f"the bar traded {bar.volume:g} lots, below {config.costs.min_tradable_bar_volume_lots:g}"
    return ""


def limit_reference(bar: FuturesBar, memory: MarketMemory, config: HydraConfig) -> float:
    """Former session's last price in the bar's contract, which daily limits count from; NaN where unknown.

    `memory` is the memory before the bar.
    """
    if contract_of(bar) != memory.contract:
        return math.nan
    if session_day(bar.known_ts, config.market.session.timezone) != memory.day:
        return memory.last_price
    return memory.reference_price


def is_limit_locked(bar: FuturesBar, memory: MarketMemory, config: HydraConfig) -> bool:
    """True where the whole bar traded at one price, a daily limit away from the former session's close."""
    if bar.high != bar.low:
        return False
    contract = config.market.contract
    move = abs(bar.close - limit_reference(bar, memory, config))
    return move >= contract.daily_limit_points - contract.tick_size / 2.0


def fill_block_reason(bar: FuturesBar, memory: MarketMemory, config: HydraConfig) -> str:
    """Why nothing can be filled in the bar, else "". `memory` is the memory before the bar."""
    thin = thin_reason(bar, config)
    if thin:
        return thin
    if not bar.open > 0.0:
        return "the bar has no opening price"
    if memory.returns_seen == 0 or not memory.adv_lots > 0.0:
        return "average daily volume or volatility is not known yet, so the cost of a fill is not"
    if is_limit_locked(bar, memory, config):
        return "the session is locked at the daily limit"
    return ""
