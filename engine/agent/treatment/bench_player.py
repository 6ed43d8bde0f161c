"""Plays one market of arrays through the healing trader: HealBench and foreign worlds.

Decision row t holds x[t] and spread[t], and y[t-1] and volume[t-1]; the position that follows is held over bar t.
Nothing later than row t is read before it is decided.
"""

from __future__ import annotations

import copy
import math
import pickle
from typing import Final

import numpy as np

from engine.agent.diagnosis import Diagnosis
from engine.agent.treatment.desk import Promotion, TreatmentDesk
from engine.agent.treatment.healing_trader import HealingTrader, TradeDecision
from engine.agent.treatment.market_bar import MarketBar
from engine.agent.treatment.taught_trader import TeachingBars, taught_trader
from engine.kernel.config_models import HydraConfig
from engine.sandbox.healbench.episode_record import (
    AlertRecord,
    DiagnosisRecord,
    EpisodeRecord,
    EvidenceRecord,
    PromotionRecord,
    RepairRecord,
)
from engine.sandbox.healbench.market_view import MarketView

AGENT: Final = "hydra"
START_TS: Final = 1_600_000_000_000_000
BAR_US: Final = 300_000_000


def bar_of(ts: int) -> int:
    """Number of the bar that a time stamp of the player stands for."""
    return (ts - START_TS) // BAR_US


def teach(view: MarketView, config: HydraConfig, seed: int, *, least_squares_bars: int | None = None) -> HealingTrader:
    """A trader taught by the training bars of a view."""
    first = slice(0, view.train_bars)
    names = tuple(f"x{index}" for index in range(view.x.shape[1]))
    ts = START_TS + BAR_US * np.arange(view.train_bars, dtype=np.int64)
    bars = TeachingBars(names, ts, view.x[first], view.y[first], view.spread[first], view.volume[first])
    return taught_trader(config, seed, bars, least_squares_bars=least_squares_bars)


def market_bar(view: MarketView, bar: int) -> MarketBar:
    """Decision row of a bar."""
    ts = START_TS + BAR_US * bar
    width = view.x.shape[1]
    return MarketBar(
        ts=ts,
        values=tuple(view.x[bar].tolist()),
        event_ts_by_feature=(ts,) * width,
        stale=(False,) * width,
        realised_return=float(view.y[bar - 1]),
        spread=float(view.spread[bar]),
        volume=float(view.volume[bar - 1]),
    )


class BenchEpisode:
    """An episode that is being played. It can be branched: markets that are alike up to a bar share its bars up to it.

    `bar` is the next one to be decided. The training bars of `view` teach; any view that is alike up to `bar` may go
    on.
    """

    def __init__(
        self, view: MarketView, config: HydraConfig, seed: int, *, least_squares_bars: int | None = None
    ) -> None:
        self._config = config
        self._trader = teach(view, config, seed, least_squares_bars=least_squares_bars)
        self._deployed = self._trader.is_deployed
        self._position, self._forecast = [0.0] * view.train_bars, [math.nan] * view.train_bars
        self._alerts: list[AlertRecord] = []
        self._diagnoses: list[DiagnosisRecord] = []
        self._repairs: list[RepairRecord] = []
        self._promotions: list[PromotionRecord] = []

    @property
    def bar(self) -> int:
        """Number of the next bar to be decided."""
        return len(self._position)

    def play(self, view: MarketView, until: int) -> None:
        """Decide the bars before `until`."""
        for bar in range(self.bar, until):
            decision = self._trader.step(market_bar(view, bar))
            self._position.append(decision.position)
            self._forecast.append(decision.forecast)
            self._alerts += [AlertRecord(bar, alert.code, alert.level) for alert in decision.alerts]
            self._diagnoses += [_diagnosis(bar, item) for item in decision.diagnoses]
            self._repairs += _repairs(bar, decision)
            self._promotions += [_promotion(bar, item, self._trader.desk) for item in decision.promotions]

    def branch(self) -> BenchEpisode:
        """Another episode with the same past, which goes its own way from here."""
        other = copy.copy(self)
        other._trader = HealingTrader.from_json(pickle.loads(pickle.dumps(self._trader.to_json())), self._config)
        other._position, other._forecast = list(self._position), list(self._forecast)
        other._alerts, other._diagnoses = list(self._alerts), list(self._diagnoses)
        other._repairs, other._promotions = list(self._repairs), list(self._promotions)
        return other

    def record(self) -> EpisodeRecord:
        """What was played so far; training bars hold nothing."""
        return EpisodeRecord(
            AGENT,
            np.array(self._position),
            np.array(self._forecast),
            tuple(self._alerts),
            tuple(self._diagnoses),
            tuple(self._repairs),
            tuple(self._promotions),
            self._deployed,
        )


def play_episode(
    view: MarketView, config: HydraConfig, seed: int, *, least_squares_bars: int | None = None
) -> EpisodeRecord:
    """The whole episode of a view."""
    episode = BenchEpisode(view, config, seed, least_squares_bars=least_squares_bars)
    episode.play(view, len(view.y))
    return episode.record()


def _diagnosis(bar: int, found: Diagnosis) -> DiagnosisRecord:
    names = [int(name[1:]) for name in found.affected if name[0] == "x" and name[1:].isdigit()]
    evidence = tuple(
        EvidenceRecord(item.name, item.formula, bar_of(item.from_ts), bar_of(item.to_ts), item.inputs, item.value)
        for item in found.evidence
    )
    return DiagnosisRecord(bar, found.cause, tuple(names), bar_of(found.change_ts), evidence)


def _repairs(bar: int, decision: TradeDecision) -> list[RepairRecord]:
    return [
        RepairRecord(bar, note.kind)
        for note in decision.repairs
        if note.step in ("begun", "promoted") and note.kind != "stand_aside"
    ]


def _promotion(bar: int, item: Promotion, desk: TreatmentDesk) -> PromotionRecord:
    """With the repairs of inputs that are in force after the bar's decision."""
    return PromotionRecord(
        bar,
        item.weights,
        item.trial,
        input_offset=tuple(desk.offset.tolist()),
        input_scale=tuple(desk.scale.tolist()),
        muted_inputs=tuple(np.flatnonzero(desk.muted).tolist()),
    )
