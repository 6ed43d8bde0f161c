"""frozen: the first champion for ever, sized by the volatility of its training."""

from __future__ import annotations

from engine.sandbox.healbench.baselines.base import trade_models
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion


class Frozen:
    """Never looks, never changes."""

    name = "frozen"

    def play(self, world: HealWorld, champion: RidgeChampion) -> EpisodeRecord:
        """Trade the champion on every live bar."""
        return EpisodeRecord(self.name, *trade_models(world, [(world.train_bars, champion)]))
