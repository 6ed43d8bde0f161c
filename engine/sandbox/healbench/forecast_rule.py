"""A linear forecast of one bar, and how it is read off the forecasts that an agent acted on.

Inputs are z, the features as delivered standardised by the mean and standard deviation of the training bars. In the
unit "return" the forecast is E[y]; in the unit "volatility" it is E[y / sigma].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, Self

import numpy as np

from engine.sandbox.healbench.episode_record import EpisodeRecord, ForecastUnit
from engine.sandbox.healbench.heal_world import BoolArray, FloatArray, HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion

PLAIN_INPUT: Final = 4.0  # training standard deviations; beyond, an agent may hold inputs back
PLAIN_STEP: Final = 5.0  # standard deviations of a training step; a longer one may be taken for a wrong tick
DOUBTFUL_BARS: Final = 4  # for so many bars, the jump's own included
FORECAST_TOLERANCE: Final = 1e-6
Verdict = Literal["linear", "not linear", "too few bars"]


@dataclass(frozen=True, slots=True, eq=False)
class ForecastRule:
    """`intercept + weights[D] . z` in `unit`."""

    weights: FloatArray
    intercept: float
    unit: ForecastUnit

    @classmethod
    def of_champion(cls, champion: RidgeChampion, world: HealWorld) -> Self:
        """The benchmark's champion, whose own standardisation may be that of fewer bars."""
        mean, sd = training_scale(world)
        per_unit = champion.weights / champion.scale
        return cls(per_unit * sd, float(per_unit @ (mean - champion.mean)), "return")


@lru_cache(maxsize=4)
def training_scale(world: HealWorld) -> tuple[FloatArray, FloatArray]:
    """Mean[D] and standard deviation[D] of the features on the training bars; not to be written to."""
    taught = world.x[: world.train_bars]
    mean, sd = taught.mean(axis=0), taught.std(axis=0)
    mean.flags.writeable = sd.flags.writeable = False
    return mean, sd


def first_rule(world: HealWorld, record: EpisodeRecord) -> tuple[ForecastRule | None, Verdict]:
    """The rule behind the forecasts of the bars before the first repair or promotion, in the unit "return".

    One linear rule must explain them to 1e-6 of their spread, on bars whose inputs an agent has no reason to doubt
    (`plain_bars`). With fewer than D + 2 such bars nothing can be said ("too few bars").
    """
    changes = [item.bar for item in record.repairs] + [item.bar for item in record.promotions]
    before = slice(0, min(changes, default=world.bars))
    mean, sd = training_scale(world)
    z, said = (world.x[before] - mean) / sd, record.forecast[before]
    plain = np.isfinite(said) & plain_bars(z, world.train_bars)
    z, said = z[plain], said[plain]
    if len(said) < world.features + 2:
        return None, "too few bars"
    design = np.column_stack([np.ones(len(said)), z])
    found = np.asarray(np.linalg.lstsq(design, said, rcond=None)[0], dtype=np.float64)
    largest = float(np.max(np.abs(design @ found - said)))
    if largest > FORECAST_TOLERANCE * max(float(np.std(said)), 1e-12):
        return None, "not linear"
    return ForecastRule(found[1:], float(found[0]), "return"), "linear"


def plain_bars(z: FloatArray, train_bars: int) -> BoolArray:
    """Bars on which every input z[T, D] lies within 4 training standard deviations and none has jumped lately."""
    step = np.zeros_like(z)
    step[1:] = np.diff(z, axis=0)
    usual = np.std(step[1:train_bars], axis=0)
    jumped = ~(np.abs(step) < PLAIN_STEP * usual).all(axis=1)
    doubtful = np.convolve(jumped, np.ones(DOUBTFUL_BARS))[: len(z)] > 0.5
    plain: BoolArray = (np.abs(z) < PLAIN_INPUT).all(axis=1) & ~doubtful
    return plain
