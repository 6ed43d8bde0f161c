"""alarm -> retrain: any alarm leads to a model on the last 250 bars, and to another one 250 bars later; no diagnosis.

Three one-sided CUSUM charts watch the model in force: its score z_t = (forecast / its sd) (y - forecast) / sigma for a
fall (k .25, h 21), the squared whitened innovations of each feature for a rise (k .6, h 22), and the squared returns
for a rise (k .4, h 18), each standardised on the bars that trained the model and held to +-6 standard deviations.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.sandbox.healbench.baselines.base import promotion_of, trade_models, window_model
from engine.sandbox.healbench.episode_record import AlertRecord, EpisodeRecord
from engine.sandbox.healbench.heal_world import FloatArray, HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion

WINDOW_BARS: Final = 250
LARGEST_SCORE: Final = 6.0
EDGE_CHART: Final = (0.25, 21.0)
FEATURE_CHART: Final = (0.6, 22.0)
VOLATILITY_CHART: Final = (0.4, 18.0)


class AlarmRetrain:
    """Detection without diagnosis."""

    name = "alarm retrain"

    def play(self, world: HealWorld, champion: RidgeChampion) -> EpisodeRecord:
        """Watch, retrain, retrain again when the window lies wholly after the alarm, watch on."""
        models = [(world.train_bars, champion)]
        alerts: list[AlertRecord] = []
        trained = (0, world.train_bars)
        while True:
            alarm, code = _first_alarm(world, models[-1][1], trained, models[-1][0])
            if alarm is None:
                break
            alerts.append(AlertRecord(alarm, code, "WARNING"))
            for start in (alarm, alarm + WINDOW_BARS):
                if start < world.bars:
                    models.append((start, window_model(world, champion, start, WINDOW_BARS)))
            if alarm + WINDOW_BARS >= world.bars:
                break
            trained = (alarm, alarm + WINDOW_BARS)
        promotions = tuple(
            promotion_of(world, model, start, trial) for trial, (start, model) in enumerate(models[1:], start=1)
        )
        return EpisodeRecord(self.name, *trade_models(world, models), tuple(alerts), promotions=promotions)


def _first_alarm(
    world: HealWorld, model: RidgeChampion, trained: tuple[int, int], start: int
) -> tuple[int | None, str]:
    """(decision bar, code) of the first alarm on bars from `start`; bar t is known at the decision of bar t + 1."""
    first, end = trained
    x, y = world.x[first:], world.y[first:]
    forecast = model.forecast(x)
    edge = -forecast * (y - forecast)
    level = model.standardised(x)
    innovation = np.zeros_like(level)
    former, later = level[: end - first - 1], level[1 : end - first]
    energy = np.sum(former * former, axis=0)
    phi = np.sum(former * later, axis=0) / np.where(energy > 0.0, energy, 1.0)
    innovation[1:] = level[1:] - phi * level[:-1]
    charts = (
        ("edge", edge[:, None], EDGE_CHART),
        ("features", innovation**2, FEATURE_CHART),
        ("volatility", (y * y)[:, None], VOLATILITY_CHART),
    )
    bars, live = end - first, start - first
    hits = [(_first_hit(scores, bars, live, *chart), code) for code, scores, chart in charts]
    bar, code = min(hits)
    return (None, "") if bar >= len(y) else (bar + first + 1, code)


def _first_hit(values: FloatArray, training_bars: int, live: int, k: float, h: float) -> int:
    """Index of the first bar on which any column's chart stands above h; the length where none ever does."""
    training = values[:training_bars]
    sd = training.std(axis=0)
    scores = np.clip((values - training.mean(axis=0)) / np.where(sd > 0.0, sd, np.inf), -LARGEST_SCORE, LARGEST_SCORE)
    sums = np.cumsum(scores[live:] - k, axis=0)
    lowest = np.minimum(np.minimum.accumulate(sums, axis=0), 0.0)
    above = np.flatnonzero((sums - lowest > h).any(axis=1))
    return live + int(above[0]) if len(above) else len(values)
