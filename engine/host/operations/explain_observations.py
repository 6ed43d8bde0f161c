"""What the healer saw, bar by bar, rebuilt from what the workspace stores; what is gone is named, never filled in.

The healer's own memory holds the last bars only, and it is what is being checked, so nothing is taken from it. A bar is
rebuilt from
- the predictions: the whole vector of inputs at its close, and the forecast made for it at the close before;
- the feature store: what moment each input is about and whether it was too old, as known at that bar;
- the raw lake, through the decision bars: realised return and volume;
- the equity table: return after costs and position; the settings: the spread, and the equity before the first bar.
Where two of them tell different things (a vector that the feature store does not hold, an outcome that the bars do not
show) the bar is in conflict; where the healer's memory still holds the bar, it must agree too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from engine.agent.observation import BarObservation
from engine.host.operations.explain_inputs import StoredInputs, is_same, number_of, stored_inputs
from engine.kernel.timestamps import MICROS_PER_DAY, to_iso

if TYPE_CHECKING:
    from engine.core.records import FuturesBar
    from engine.kernel.config_models import HydraConfig
    from storage.performance import EquityRecord, PredictionRecord
    from storage.stores import Stores

_LEAD_US: Final = 30 * MICROS_PER_DAY  # of records before the window, so that its first decision bar is whole
_ROLE: Final = "champion"
_FIELDS: Final = (
    "event_ts_by_feature",
    "values",
    "stale",
    "expected_return",
    "return_sd",
    "realised_return",
    "spread",
    "volume",
    "position_lots",
    "net_return",
    "usable",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the bar known at `ts` (UTC microseconds), in words."""

    ts: int
    what: str


@dataclass(frozen=True, slots=True)
class StoredObservations:
    """Rebuilt bars of one span, oldest first; bars that cannot be rebuilt; bars about which the stores disagree.
    `times` are all bars that should be there."""

    times: tuple[int, ...]
    observations: tuple[BarObservation, ...]
    gone: tuple[Finding, ...]
    conflicts: tuple[Finding, ...]


def stored_observations(
    stores: Stores, config: HydraConfig, feature_names: Sequence[str], from_ts: int, to_ts: int
) -> StoredObservations:
    """Rebuild every bar known in [from_ts, to_ts] (UTC microseconds) for a champion with these features, in its order.

    Bars that should be there are those of the lake, those with a prediction, and those that the healer still remembers.
    A window whose first or last moment is no stored bar has lost it.
    """
    span = _Span.read(stores, config, feature_names, from_ts, to_ts)
    observations: list[BarObservation] = []
    gone: list[Finding] = []
    conflicts: list[Finding] = []
    for ts in span.expected:
        missing = span.missing_at(ts)
        if missing:
            gone.append(Finding(ts, missing))
            continue
        observation = span.rebuild(ts)
        observations.append(observation)
        conflicts += [Finding(ts, what) for what in (*span.disagreements(ts), *span.unlike_memory(observation))]
    return StoredObservations(span.expected, tuple(observations), tuple(gone), tuple(conflicts))


@dataclass(frozen=True, slots=True)
class _Span:
    """Everything stored about a span of bars, by the known time of the bar."""

    names: tuple[str, ...]
    expected: tuple[int, ...]
    bars: Mapping[int, FuturesBar]
    before: Mapping[int, FuturesBar]
    predictions: Mapping[int, PredictionRecord]
    equity: Mapping[int, EquityRecord]
    equity_before: Mapping[int, float]
    inputs: Mapping[int, StoredInputs]
    memory: Mapping[int, BarObservation]
    first_champion_ts: int
    spread: float
    first_equity_usd: float

    @classmethod
    def read(cls, stores: Stores, config: HydraConfig, names: Sequence[str], from_ts: int, to_ts: int) -> _Span:
        market = config.market.market
        series = _decision_bars(stores, config, from_ts - _LEAD_US, to_ts)
        bars = {bar.known_ts: bar for bar in series if bar.known_ts >= from_ts}
        before = {bar.known_ts: former for former, bar in pairwise(series)}
        said = stores.performance.predictions(market, role=_ROLE, after_ts=from_ts - _LEAD_US, until_ts=to_ts)
        predictions = {record.ts: record for record in said}
        account = [row for row in stores.performance.equity(market) if row.ts <= to_ts]
        memory = {ts: item for ts, item in _remembered(stores, market, tuple(names)).items() if from_ts <= ts <= to_ts}
        told = {ts for ts in predictions if ts >= from_ts}
        expected = tuple(sorted({from_ts, to_ts, *bars, *told, *memory}))
        return cls(
            names=tuple(names),
            expected=expected,
            bars=bars,
            before=before,
            predictions=predictions,
            equity={row.ts: row for row in account},
            equity_before={row.ts: former.equity_usd for former, row in pairwise(account)},
            inputs=stored_inputs(stores, market, names, {ts: predictions[ts] for ts in expected if ts in predictions}),
            memory=memory,
            first_champion_ts=_first_champion_ts(stores, market),
            first_equity_usd=config.risk.paper_equity_usd,
            spread=2.0 * config.costs.half_spread_ticks * config.market.contract.tick_size,
        )

    def missing_at(self, ts: int) -> str:
        """What is not stored of a bar, or nothing."""
        if ts not in self.bars:
            return "the lake holds no bar"
        if ts not in self.predictions:
            return "no vector of inputs is stored with a prediction"
        lacking = [name for name in self.names if name not in self.predictions[ts].features]
        if lacking:
            return f"the stored vector lacks {', '.join(lacking)}"
        if ts not in self.equity:
            return "the equity after it is not stored"
        former = self.before.get(ts)
        if former is not None and self._was_stepped(former.known_ts) and former.known_ts not in self.predictions:
            return f"the forecast made for it at {to_iso(former.known_ts)} is not stored"
        return ""

    def _was_stepped(self, ts: int) -> bool:
        """Whether a champion saw this bar live: bars of the history leave no account behind them."""
        return ts in self.equity and ts > self.first_champion_ts

    def rebuild(self, ts: int) -> BarObservation:
        bar, former = self.bars[ts], self.before.get(ts)
        said = None if former is None else self.predictions.get(former.known_ts)
        inputs = self.inputs[ts]
        account = self.equity[ts]
        earlier = self.equity_before.get(ts, self.first_equity_usd)
        return BarObservation(
            ts=ts,
            event_ts_by_feature=inputs.event_ts,
            values=inputs.values,
            stale=inputs.stale,
            expected_return=number_of(None if said is None else said.expected_return),
            return_sd=number_of(None if said is None else said.return_sd),
            realised_return=_realised(former, bar),
            spread=self.spread,
            volume=bar.volume,
            position_lots=account.position_lots,
            net_return=account.equity_usd / earlier - 1.0,
            usable=said is not None and said.usable,
        )

    def disagreements(self, ts: int) -> list[str]:
        """Where the stores tell different things about one bar."""
        found = []
        vector = self.predictions[ts].features
        for name, value in zip(self.names, self.inputs[ts].values, strict=True):
            if not is_same(number_of(vector[name]), value):
                found.append(f"{name} was {vector[name]} for the champion and is {value} in the feature store")
        former = self.before.get(ts)
        said = None if former is None else self.predictions.get(former.known_ts)
        if said is not None and said.outcome_ts is not None:
            realised = _realised(former, self.bars[ts])
            if said.outcome_ts != ts:
                found.append(f"its forecast was settled by another bar, of {to_iso(said.outcome_ts)}")
            elif not is_same(number_of(said.outcome_return), realised):
                found.append(f"its return was settled as {said.outcome_return}, the bars show {realised}")
        return found

    def unlike_memory(self, rebuilt: BarObservation) -> list[str]:
        """Where the healer remembers something else."""
        seen = self.memory.get(rebuilt.ts)
        if seen is None:
            return []
        scored = seen.usable or rebuilt.usable  # a forecast that is not judged may be missing in one of the two
        fields = [name for name in _FIELDS if scored or name not in ("expected_return", "return_sd")]
        return [
            f"the healer remembers {name} as {getattr(seen, name)}, the stores hold {getattr(rebuilt, name)}"
            for name in fields
            if not is_same(getattr(seen, name), getattr(rebuilt, name))
        ]


def _decision_bars(stores: Stores, config: HydraConfig, after_ts: int, until_ts: int) -> list[FuturesBar]:
    from engine.ingestion.record_reader import read_records
    from engine.sandbox.market_history import decision_bars

    records = read_records(stores, config.market.market, known_after_ts=after_ts, known_until_ts=until_ts)
    return [bar for bar in decision_bars(records, config) if bar.known_ts <= until_ts]


def _remembered(stores: Stores, market: str, names: tuple[str, ...]) -> dict[int, BarObservation]:
    """Bars that the healer still holds, where it watches a champion with the same inputs."""
    from engine.host.watchman import HEALER_KEY

    stored = stores.state.get(f"{HEALER_KEY}:{market}")
    if not isinstance(stored, dict):
        return {}
    observer: Mapping[str, Any] = stored["state"]["observer"]
    if tuple(observer["reference"]["feature_names"]) != names:
        return {}
    tail = stores.state.get(f"{HEALER_KEY}_tail:{market}")
    rows = [*observer["history"], *(tail if isinstance(tail, list) else [])]
    return {item.ts: item for item in map(BarObservation.from_list, rows)}


def _first_champion_ts(stores: Stores, market: str) -> int:
    row = stores.db.query_one("SELECT MIN(from_ts) FROM champion_history WHERE market = ?", (market,))
    return 0 if row is None or row[0] is None else int(row[0])


def _realised(former: FuturesBar | None, bar: FuturesBar) -> float:
    if former is None or former.contract != bar.contract or former.close <= 0.0:
        return math.nan
    return math.log(bar.close / former.close)
