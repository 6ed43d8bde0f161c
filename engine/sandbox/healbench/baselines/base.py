"""The one interface of the baselines, and what two of them share: a model of a trailing window."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engine.sandbox.healbench.episode_record import EpisodeRecord, PromotionRecord
from engine.sandbox.healbench.forecast_rule import ForecastRule
from engine.sandbox.healbench.heal_world import FloatArray, HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion, bayes_penalty, kelly_position, ridge_weights


class Baseline(Protocol):
    """An agent that plays a whole episode at once. Only the oracle may look at the hidden fields of the world."""

    @property
    def name(self) -> str:
        """Name in the table."""
        ...

    def play(self, world: HealWorld, champion: RidgeChampion) -> EpisodeRecord:
        """Positions and, where there are any, alerts and promotions."""
        ...


def window_model(world: HealWorld, champion: RidgeChampion, before: int, bars: int) -> RidgeChampion:
    """Bayes ridge on the `bars` bars before bar `before`: new weights and a new sigma; features stay standardised as
    the champion's are, as in a pipeline whose scaler was fitted once."""
    window = slice(before - bars, before)
    z, y = champion.standardised(world.x[window]), world.y[window]
    weights = ridge_weights(z, y, bayes_penalty(world.features))
    return RidgeChampion(champion.mean, champion.scale, weights, float(y.std()))


def promotion_of(world: HealWorld, model: RidgeChampion, bar: int, trial_number: int) -> PromotionRecord:
    """The record of a window model that takes over untested."""
    rule = ForecastRule.of_champion(model, world)
    return PromotionRecord(bar, tuple(rule.weights.tolist()), trial_number, rule.intercept, "return")


def trade_models(world: HealWorld, models: list[tuple[int, RidgeChampion]]) -> tuple[FloatArray, FloatArray]:
    """(position, forecast) of models that take over at the given first bars, each sized by its own return_sd."""
    position, forecast = np.zeros(world.bars), np.full(world.bars, np.nan)
    ends = [start for start, _ in models[1:]] + [world.bars]
    for (start, model), end in zip(models, ends, strict=True):
        forecast[start:end] = model.forecast(world.x[start:end])
        position[start:end] = kelly_position(forecast[start:end], model.return_sd)
    return position, forecast
