"""The state of a trader before its first bar, and after an operator has resumed trading."""

from __future__ import annotations

from dataclasses import replace

from engine.core.trading_types import OperationalState, TraderState
from engine.kernel.config_models import HydraConfig


def initial_state(config: HydraConfig, operational_state: OperationalState = OperationalState.RUNNING) -> TraderState:
    """Flat, with the paper equity of the settings."""
    equity = config.risk.paper_equity_usd
    return TraderState(config.market.market, operational_state, 0, 0.0, equity, equity, equity)


def resumed(state: TraderState, *, trigger: str) -> TraderState:
    """RUNNING again by a human act. Who resumes accepts the loss so far: high-water mark, day and round trip start
    anew, since the breaker that halted would otherwise trip again at once."""
    return replace(
        state,
        operational_state=OperationalState.RUNNING,
        peak_equity_usd=state.equity_usd,
        day_start_equity_usd=state.equity_usd,
        round_trip_pnl_usd=0.0,
        state_trigger=trigger,
        calm_bars=0,
    )
