"""blind retrain: a new model on the last `window_bars` bars every `step_bars` bars, in force at once and untested."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sandbox.healbench.baselines.base import promotion_of, trade_models, window_model
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion


@dataclass(frozen=True, slots=True)
class BlindRetrain:
    """Periodic retraining as most trading bots do it."""

    window_bars: int
    step_bars: int

    @property
    def name(self) -> str:
        """For example 'blind 250/50'."""
        return f"blind {self.window_bars}/{self.step_bars}"

    def play(self, world: HealWorld, champion: RidgeChampion) -> EpisodeRecord:
        """The champion until the first retraining, `step_bars` after the training bars."""
        starts = range(world.train_bars + self.step_bars, world.bars, self.step_bars)
        models = [(start, window_model(world, champion, start, self.window_bars)) for start in starts]
        promotions = tuple(
            promotion_of(world, model, start, trial) for trial, (start, model) in enumerate(models, start=1)
        )
        traded = trade_models(world, [(world.train_bars, champion), *models])
        return EpisodeRecord(self.name, *traded, promotions=promotions)
