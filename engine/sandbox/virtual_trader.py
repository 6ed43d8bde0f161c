"""A trader on paper beside the real one: the same step and the same fills, no broker, no store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.core.initial_state import initial_state, resumed
from engine.core.market_memory import remember
from engine.core.records import FuturesBar
from engine.core.step import step
from engine.core.step_types import StepObservation
from engine.core.trader_state_json import trader_state_from_json, trader_state_to_json
from engine.core.trading_types import MarketMemory, Prediction, TraderState
from engine.kernel.config_models import HydraConfig
from engine.sandbox.fill_model import MatchContext, match

MEMORY_BARS: Final = 1200


def warmed_state(bars_before: Sequence[FuturesBar], config: HydraConfig) -> TraderState:
    """Flat, with the paper equity and the market's memory of the bars before: without it nothing trades until a whole
    session has shown its volume."""
    memory = MarketMemory()
    for bar in bars_before[-MEMORY_BARS:]:
        memory = remember(memory, bar, config)
    return replace(initial_state(config), memory=memory)


@dataclass(frozen=True, slots=True)
class VirtualTrader:
    """One model trading on paper from a flat start. A value: `on_bar` returns the next one and the bar's net return.

    Breakers of the real account do not stop a comparison: every bar begins as if trading had just been resumed, so that
    what is compared is the model and not the moment at which a breaker happened to trip. The high-water mark stays.
    """

    state: TraderState

    @staticmethod
    def flat(config: HydraConfig, memory: MarketMemory) -> VirtualTrader:
        """Flat, with the paper equity, knowing what the market's memory knows."""
        return VirtualTrader(replace(initial_state(config), memory=memory))

    def on_bar(
        self,
        bar: FuturesBar,
        prediction: Prediction | None,
        config: HydraConfig,
        *,
        days_to_expiry: float | None = None,
    ) -> tuple[VirtualTrader, float]:
        """Trade one bar; the second value is the simple return of equity after costs on this bar."""
        fills = match(
            self.state.working_orders,
            bar,
            MatchContext(config, self.state.memory, self.state.position_lots, days_to_expiry),
        )
        running = resumed(self.state, trigger=self.state.state_trigger)
        result = step(running, StepObservation(bar, fills, prediction, days_to_expiry=days_to_expiry), config)
        peak = max(self.state.peak_equity_usd, result.state.equity_usd)
        after = replace(result.state, peak_equity_usd=peak)
        return VirtualTrader(after), after.equity_usd / self.state.equity_usd - 1.0

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return trader_state_to_json(self.state)

    @staticmethod
    def from_json(document: dict[str, Any]) -> VirtualTrader:
        """Inverse of `to_json`."""
        return VirtualTrader(trader_state_from_json(document))
