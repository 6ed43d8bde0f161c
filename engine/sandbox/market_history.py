"""History of one market as arrays: decision bars, what was known at each close, and the return that followed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.core.market_memory import contract_of
from engine.core.records import FuturesBar, RawRecord
from engine.core.trading_types import Prediction
from engine.ingestion.calendars.contract_calendar import ContractCalendar
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import to_datetime
from engine.signals.decision_bars import DecisionBarBuilder
from engine.signals.feature_registry import feature_definitions
from engine.signals.pipeline import FeaturePipeline
from models.champion import ChampionPrediction, ChampionPredictions
from storage.feature_rows import MISSING_AGE_US, FeatureMatrix

FloatArray = NDArray[np.float64]
VOLATILITY_FEATURE = "volatility_ewma"


@dataclass(frozen=True, slots=True)
class MarketHistory:
    """n decision bars with the features known at each close.

    `values[n, d]` NaN where missing, `stale[n, d]`, `event_ts[n, d]` (0 where missing) in the order of `names`;
    `realised[n]` is the log return of bar i against bar i-1 within one contract (NaN across a change or a gap) and
    `next_return[n]` the one from bar i to bar i+1, unknown until then. Times are UTC microseconds.
    """

    bars: tuple[FuturesBar, ...]
    names: tuple[str, ...]
    values: FloatArray
    stale: NDArray[np.bool_]
    event_ts: NDArray[np.int64]
    realised: FloatArray
    next_return: FloatArray

    def __len__(self) -> int:
        return len(self.bars)

    @property
    def known_ts(self) -> NDArray[np.int64]:
        """When each bar's close was known."""
        return np.array([bar.known_ts for bar in self.bars], dtype=np.int64)

    def columns(self, names: Sequence[str]) -> FloatArray:
        """Values of some features; a feature that is not in the history raises InputError."""
        index = {name: position for position, name in enumerate(self.names)}
        missing = [name for name in names if name not in index]
        if missing:
            raise InputError(f"the history holds no feature {', '.join(missing)}")
        return self.values[:, [index[name] for name in names]]

    def volatility(self) -> FloatArray:
        """The EWMA volatility feature, NaN where unknown."""
        if VOLATILITY_FEATURE not in self.names:
            return np.full(len(self), math.nan)
        return self.values[:, self.names.index(VOLATILITY_FEATURE)]

    def window(self, start: int, stop: int) -> MarketHistory:
        """Bars start..stop-1."""
        part = slice(start, stop)
        return replace(
            self,
            bars=self.bars[part],
            values=self.values[part],
            stale=self.stale[part],
            event_ts=self.event_ts[part],
            realised=self.realised[part],
            next_return=self.next_return[part],
        )


def market_history(
    bars: Sequence[FuturesBar],
    names: Sequence[str],
    values: FloatArray,
    stale: NDArray[np.bool_],
    event_ts: NDArray[np.int64],
) -> MarketHistory:
    """Assemble a history from decision bars and the feature matrix at their closes."""
    realised = np.full(len(bars), math.nan)
    for index in range(1, len(bars)):
        before, bar = bars[index - 1], bars[index]
        if contract_of(before) == contract_of(bar) and before.close > 0.0 and bar.close > 0.0:
            realised[index] = math.log(bar.close / before.close)
    following = np.append(realised[1:], math.nan) if len(bars) else realised
    return MarketHistory(tuple(bars), tuple(names), values, stale, event_ts, realised, following)


def decision_bars(records: Sequence[RawRecord], config: HydraConfig) -> list[FuturesBar]:
    """The decision bars among records in order of arrival."""
    builder = DecisionBarBuilder(config.market)
    return [bar for record in records for bar in builder.update(record)]


def expiry_days(bars: Sequence[FuturesBar], config: HydraConfig) -> list[float | None]:
    """Calendar days to the last usable day of each bar's contract; None where the contract names no listed month."""
    calendar = ContractCalendar.of(config.market)
    zone = ZoneInfo(config.market.session.timezone)
    expiry: dict[str, date | None] = {}
    days: list[float | None] = []
    for bar in bars:
        contract = bar.contract or ""
        if contract not in expiry:
            expiry[contract] = listed_expiry(calendar, contract)
        last_day = expiry[contract]
        today = to_datetime(bar.known_ts).astimezone(zone).date()
        days.append(None if last_day is None else float((last_day - today).days))
    return days


def listed_expiry(calendar: ContractCalendar, contract: str) -> date | None:
    """Last day on which a contract named by its month (HEM23) can be held: its last trade day, or before first notice
    where it is delivered; None for a vendor's number, which names no month."""
    if not contract or contract.isdigit():
        return None
    return calendar.last_usable_day(contract)


def as_predictions(predictions: ChampionPredictions) -> list[Prediction]:
    """Champion forecasts as the step function takes them."""
    return [to_prediction(predictions.row(index)) for index in range(len(predictions))]


def to_prediction(row: ChampionPrediction) -> Prediction:
    """One champion forecast as the step function takes it."""
    return Prediction(
        ts=row.ts,
        model_id=row.model_id,
        expected_return=row.expected_return,
        return_sd=row.return_sd,
        confidence=row.confidence,
        edge_lower_bound=row.edge_lower_bound,
        shrinkage=row.shrinkage,
        usable=row.usable,
        unusable_reason=row.unusable_reason,
    )


def history_from_records(
    records: Sequence[RawRecord], config: HydraConfig, names: Sequence[str] | None = None
) -> MarketHistory:
    """Rebuild a history from raw records alone: one pass of the feature pipeline, features taken at each decision bar.

    Gives what the feature store gives for the same records: of the rows known at a bar's close, the newest `event_ts`
    wins, and among equals the last one known.
    """
    definitions = {item.name: item.max_age_us for item in feature_definitions(config)}
    wanted = tuple(names) if names is not None else tuple(definitions)
    pipeline, builder = FeaturePipeline(config), DecisionBarBuilder(config.market)
    latest: dict[str, tuple[int, float]] = {}
    bars: list[FuturesBar] = []
    values: list[list[float]] = []
    events: list[list[int]] = []
    for record in records:
        for row in pipeline.update(record):
            present = latest.get(row.feature)
            if present is None or row.event_ts >= present[0]:
                latest[row.feature] = (row.event_ts, row.value)
        for bar in builder.update(record):
            bars.append(bar)
            values.append([latest[name][1] if name in latest else math.nan for name in wanted])
            events.append([latest[name][0] if name in latest else 0 for name in wanted])
    shape = (len(bars), len(wanted))
    matrix = np.array(values, dtype=np.float64).reshape(shape)
    event_ts = np.array(events, dtype=np.int64).reshape(shape)
    known = np.array([bar.known_ts for bar in bars], dtype=np.int64)
    max_age = np.array([definitions[name] for name in wanted], dtype=np.int64)
    stale = (event_ts == 0) | (known[:, None] - event_ts > max_age[None, :])
    return market_history(bars, wanted, matrix, stale, event_ts)


def history_from_matrix(bars: Sequence[FuturesBar], matrix: FeatureMatrix) -> MarketHistory:
    """A history whose features were read from a store or a snapshot at each bar's close: the same values as a rebuild,
    without running the pipeline again. `matrix.times` are the known times of `bars`."""
    if len(bars) != len(matrix.times):
        raise InputError(f"{len(bars)} bars do not fit features at {len(matrix.times)} moments")
    known = matrix.age_us != MISSING_AGE_US
    event_ts = np.where(known, matrix.times[:, None] - matrix.age_us, 0)
    return market_history(bars, matrix.names, matrix.values, matrix.stale, event_ts)
