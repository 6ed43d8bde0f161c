"""Who trades: a frozen champion, blind retraining, and the healing trader; each tells HYDRA's sizing what it expects.

All of them know the same: features at the close, returns up to it. What they say goes as `Prediction` through the step
function, the limits and the fills of the product (`engine.sandbox.replay`): quarter Kelly, rolls, spread, impact, fees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.agent.alerts import Alert
from engine.agent.diagnosis import Diagnosis
from engine.agent.reference import build_reference
from engine.agent.treatment.desk import PROVEN_EDGE, Promotion, RepairNote
from engine.agent.treatment.healing_trader import HealingTrader
from engine.agent.treatment.linear_rule import LARGEST_INPUT
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.prequential_edge import prequential_edge
from engine.agent.treatment.taught_trader import TeachingBars, taught_trader
from engine.core.trading_types import Prediction
from engine.kernel.config_models import HydraConfig
from tests.bench.heal_hogs_market import TEACHING_BARS, StudyMarket

FloatArray = NDArray[np.float64]
SEED: Final = 20_100_607


@dataclass(frozen=True, slots=True)
class Happening:
    """Something the healer did or said at the close of bar `bar` of the history."""

    bar: int
    what: Alert | Diagnosis | RepairNote | Promotion


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """Predictions for the bars that are traded; `forecasts[n]` in units of the usual volatility, `volatility[n]` what
    sizes were made with, `happenings` in order of time (empty for those who never look)."""

    name: str
    predictions: tuple[Prediction, ...]
    forecasts: FloatArray
    volatility: FloatArray
    happenings: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """Bayes ridge on a window: E[return] = level * weights . inputs, with `noise` left over in units of `level`."""

    mean: FloatArray
    sd: FloatArray
    weights: FloatArray
    level: float
    noise: float

    def forecasts(self, values: FloatArray) -> FloatArray:
        """Forecasts of rows values[n, d] in units of `level`; missing inputs count as usual."""
        inputs = (values - self.mean) / self.sd
        known = np.where(np.isfinite(inputs), inputs, 0.0)
        said: FloatArray = np.clip(known, -LARGEST_INPUT, LARGEST_INPUT) @ self.weights
        return said


def fit_window(market: StudyMarket, before: int, bars: int, prior_r2: float) -> LinearFit:
    """Fit on the `bars` bars before bar `before`; the last label used is the return of `before` itself, known at its
    close, when the fit is first asked."""
    window = slice(before - bars, before)
    values, returns = market.values[window], market.history.next_return[window]
    with np.errstate(invalid="ignore"):
        mean = np.array([np.nanmean(column) if np.isfinite(column).any() else 0.0 for column in values.T])
    filled = np.where(np.isfinite(values), values, mean)
    sd = filled.std(axis=0)
    sd = np.where(sd > 1e-9 * np.maximum(1.0, np.abs(mean)), sd, 1.0)
    rows = np.isfinite(returns)
    level = float(np.sqrt(np.mean(returns[rows] ** 2)))
    edge = prequential_edge((filled[rows] - mean) / sd, returns[rows] / level, prior_r2=prior_r2)
    return LinearFit(mean, sd, edge.weights, level, math.sqrt(edge.residual_variance))


def retrained(market: StudyMarket, config: HydraConfig, name: str, *, window: int, every: int | None) -> Played:
    """A fit on the last `window` bars every `every` bars, in force at once; None: the first fit for ever."""
    first, count = market.first, len(market.history)
    forecasts = np.full(market.live_bars, np.nan)
    volatility = np.full(market.live_bars, np.nan)
    noise = np.ones(market.live_bars)
    fit = fit_window(market, first, TEACHING_BARS, config.treatment.prior_r2)
    step = every or market.live_bars
    for low in range(first, count, step):
        high = min(count, low + step)
        if low > first:
            fit = fit_window(market, low, window, config.treatment.prior_r2)
        part = slice(low - first, high - first)
        forecasts[part] = fit.forecasts(market.values[low:high])
        volatility[part], noise[part] = fit.level, fit.noise
    return Played(name, predictions_of(market, name, forecasts, volatility, noise), forecasts, volatility)


def predictions_of(
    market: StudyMarket, name: str, forecasts: FloatArray, volatility: FloatArray, noise: FloatArray
) -> tuple[Prediction, ...]:
    """Forecasts in units of volatility as predictions at full size."""
    rows = zip(market.history.bars[market.first :], forecasts, volatility, noise, strict=True)
    return tuple(
        Prediction(bar.known_ts, name, float(said * unit), float(unit * left), 0.5, 1.0, 1.0)
        for bar, said, unit, left in rows
    )


def teaching_bars(market: StudyMarket) -> TeachingBars:
    """The bars that teach the trader. Daily files quote no spread."""
    rows = slice(market.first - TEACHING_BARS, market.first)
    history = market.history
    volume = np.array([bar.volume for bar in history.bars], dtype=np.float64)
    return TeachingBars(
        market.names,
        history.known_ts[rows],
        market.values[rows],
        history.next_return[rows],
        np.full(TEACHING_BARS, np.nan),
        volume[market.first - TEACHING_BARS + 1 : market.first + 1],
    )


def taught(market: StudyMarket, config: HydraConfig, *, override_gate: bool) -> HealingTrader:
    """The healing trader before its first bar. Its yardstick is told how long event times of each feature stand still
    (weekly reports do); `override_gate` is a parameter of the study alone: trade although no edge was proven."""
    bars = teaching_bars(market)
    trader = taught_trader(config, SEED, bars)
    reference = trader.desk.reference
    rows = slice(market.first - TEACHING_BARS + 1, market.first)
    measured = build_reference(
        reference.model_id,
        market.names,
        bars.ts[1:],
        bars.values[1:],
        np.zeros(TEACHING_BARS - 1),
        bars.returns[:-1],
        observer=config.observer,
        event_ts=market.history.event_ts[rows][:, market.columns],
    )
    reference = replace(
        reference,
        event_repeat_share=measured.event_repeat_share,
        longest_event_repeat=measured.longest_event_repeat,
        edge_lower_bound=PROVEN_EDGE if override_gate else reference.edge_lower_bound,
    )
    trader.desk.healer.acknowledge_promotion(reference.model_id, reference)
    return trader


def gate_nats(trader: HealingTrader, prior_r2: float) -> float:
    """The prequential evidence that the deployment gate sees under a prior, nats."""
    return prequential_edge(*trader.desk.memory.since(0), prior_r2=prior_r2).nats


def healed(market: StudyMarket, config: HydraConfig, name: str, *, override_gate: bool) -> Played:
    """The healing trader, bar by bar."""
    trader = taught(market, config, override_gate=override_gate)
    history, columns = market.history, market.columns
    predictions: list[Prediction] = []
    forecasts, volatility = np.zeros(market.live_bars), np.zeros(market.live_bars)
    happenings: list[Happening] = []
    for place, bar in enumerate(range(market.first, len(history))):
        known_ts = history.bars[bar].known_ts
        decision = trader.step(
            MarketBar(
                ts=known_ts,
                values=tuple(market.values[bar].tolist()),
                event_ts_by_feature=tuple(history.event_ts[bar, columns].tolist()),
                stale=tuple(history.stale[bar, columns].tolist()),
                realised_return=float(history.realised[bar]),
                spread=math.nan,
                volume=history.bars[bar].volume,
            )
        )
        found: tuple[Alert | Diagnosis | RepairNote | Promotion, ...] = (
            *decision.alerts,
            *decision.diagnoses,
            *decision.repairs,
            *decision.promotions,
        )
        happenings += [Happening(bar, item) for item in found]
        desk = trader.desk
        said, unit = decision.forecast / desk.reference.training_volatility, desk.healer.observer.volatility
        forecasts[place], volatility[place] = said, unit
        whole = said / (unit * (desk.rule.residual_variance + said * said))
        limit = config.treatment.largest_position
        held = decision.target / max(-limit, min(limit, whole)) if whole else 0.0
        predictions.append(
            Prediction(
                known_ts,
                name,
                said * unit,
                unit * math.sqrt(desk.rule.residual_variance),
                0.5,
                1.0 if trader.is_deployed else 0.0,
                1.0,
                trading_rate=decision.trading_rate,
                size_multiplier=min(1.0, max(0.0, held)),
            )
        )
    return Played(name, tuple(predictions), forecasts, volatility, tuple(happenings))
