"""After a promotion: would the predecessor have done better? A CUSUM of paired utilities decides, with hysteresis."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from engine.agent.champions import ChampionDesk
from engine.core.trading_types import MarketMemory
from engine.sandbox.market_history import to_prediction
from engine.sandbox.virtual_trader import VirtualTrader

if TYPE_CHECKING:
    from engine.core.records import FuturesBar
    from engine.core.trading_types import Prediction
    from engine.kernel.config_models import HydraConfig
    from engine.signals.features import FeatureVector
    from storage.stores import Stores

WATCH_KEY = "rollback_watch"
REFERENCE_VALUE = 0.25
LEAST_SCALE_BARS = 20
WatchDecision = Literal["watching", "roll_back", "settled"]


@dataclass(frozen=True, slots=True)
class WatchState:
    """Two paper traders from the moment of the promotion, and the CUSUM of predecessor minus champion utility.

    The difference is divided by its running root mean square; the sum rises when the predecessor would have done better
    by more than a quarter of a standard deviation a bar, and rolls back above the configured threshold.
    """

    case_id: str
    champion_id: str
    predecessor_id: str
    champion: VirtualTrader
    predecessor: VirtualTrader
    bars: int = 0
    sum_of_squares: float = 0.0
    cusum: float = 0.0


class RollbackWatch:
    """Watches the promotion of one market; its state is a row of `state`, so a restart goes on watching."""

    def __init__(self, stores: Stores, config: HydraConfig, desk: ChampionDesk) -> None:
        self._stores = stores
        self._config = config
        self._desk = desk
        self._key = f"{WATCH_KEY}:{config.market.market}"
        self._state = _from_json(stores.state.get(self._key))

    def begin(self, case_id: str, champion_id: str, predecessor_id: str, memory: MarketMemory, ts: int) -> None:
        """Begin to watch; inside the caller's transaction."""
        flat = VirtualTrader.flat(self._config, memory)
        self._state = WatchState(case_id, champion_id, predecessor_id, flat, flat)
        self._save(ts)

    def end(self, ts: int) -> None:
        """Stop watching."""
        self._state = None
        self._save(ts)

    def on_bar(self, bar: FuturesBar, days_to_expiry: float | None, vector: FeatureVector) -> WatchDecision:
        """Trade one bar on both sides and decide; inside the transaction of the bar."""
        state = self._state
        if state is None or bar.known_ts <= state.champion.state.last_bar_ts:
            return "watching"
        champion, own = state.champion.on_bar(
            bar, self._predict(state.champion_id, vector), self._config, days_to_expiry=days_to_expiry
        )
        predecessor, old = state.predecessor.on_bar(
            bar, self._predict(state.predecessor_id, vector), self._config, days_to_expiry=days_to_expiry
        )
        aversion = 2.0 * self._config.risk.kelly_fraction
        difference = (old - old**2 / aversion) - (own - own**2 / aversion)
        cusum = state.cusum
        if state.bars >= LEAST_SCALE_BARS and state.sum_of_squares > 0.0:
            scaled = difference / (state.sum_of_squares / state.bars) ** 0.5
            cusum = max(0.0, cusum + min(scaled, 4.0) - REFERENCE_VALUE)
        self._state = replace(
            state,
            champion=champion,
            predecessor=predecessor,
            bars=state.bars + 1,
            sum_of_squares=state.sum_of_squares + difference**2,
            cusum=cusum,
        )
        decision: WatchDecision = "watching"
        if cusum > self._config.agent.rollback_cusum_h:
            decision = "roll_back"
        elif self._state.bars >= self._config.agent.rollback_watch_bars:
            decision = "settled"
        if decision != "watching":
            self._state = None
        self._save(bar.known_ts)
        return decision

    def _predict(self, model_id: str, vector: FeatureVector) -> Prediction:
        champion = self._desk.get(model_id).champion
        return to_prediction(
            champion.predict_vector(
                vector.names, vector.values, vector.stale, vector.value("volatility_ewma"), ts=vector.ts
            )
        )

    def _save(self, ts: int) -> None:
        self._stores.state.put_view(self._key, None if self._state is None else _to_json(self._state), ts)


def _to_json(state: WatchState) -> dict[str, Any]:
    numbers = {key: value for key, value in asdict(state).items() if key not in ("champion", "predecessor")}
    return {**numbers, "champion": state.champion.to_json(), "predecessor": state.predecessor.to_json()}


def _from_json(document: Any) -> WatchState | None:
    if not isinstance(document, dict):
        return None
    traders = {name: VirtualTrader.from_json(document[name]) for name in ("champion", "predecessor")}
    return WatchState(**{**document, **traders})
