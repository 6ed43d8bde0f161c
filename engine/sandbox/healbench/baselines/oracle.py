"""oracle: knows each fault, its bar and its cause, and learns parameters only from post-fault data.

It sizes as the healer does, by filtered volatility (and is told of its jumps): signal and noise scale together in this
world, so with a forecast m of y / sigma the growth-optimal position is m / (sigma (1 - rho^2 + m^2)). In a drought it
trades slowly: .15 of the way to .8 of the target on each bar. In a market without an edge it stays flat.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.sandbox.healbench.baselines.oracle_inputs import repaired_inputs
from engine.sandbox.healbench.baselines.oracle_weights import DECAY_MEMORY, oracle_forecast
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.heal_world import CORRELATION, FloatArray, HealWorld
from engine.sandbox.healbench.oracle_volatility import oracle_volatility
from engine.sandbox.healbench.ridge_champion import POSITION_CAP, RidgeChampion

DROUGHT_RATE: Final = 0.15
DROUGHT_SIZE: Final = 0.8


class Oracle:
    """What a healer that detects and diagnoses without delay or error would earn."""

    name = "oracle"

    def __init__(self, decay_memory: float = DECAY_MEMORY) -> None:
        self._decay_memory = decay_memory

    def play(self, world: HealWorld, champion: RidgeChampion) -> EpisodeRecord:
        """Positions with hindsight of causes, not of parameters."""
        if world.family == "noedge":
            nothing = np.zeros(world.bars)
            return EpisodeRecord(self.name, nothing, np.full(world.bars, np.nan), deployed=False)
        volatility = oracle_volatility(world)
        z = repaired_inputs(world, champion)
        forecast = oracle_forecast(world, champion, z, volatility, self._decay_memory)
        fraction = forecast / (volatility * (1.0 - CORRELATION**2 + forecast**2))
        position = np.clip(fraction, -POSITION_CAP, POSITION_CAP)
        position[: world.train_bars] = 0.0
        for fault, onset in zip(world.faults, world.onset_bars, strict=True):
            if fault == "liquidity":
                position = trade_slowly(position, onset, world.heal_bar or world.bars)
        return EpisodeRecord(self.name, position, forecast * volatility)


def trade_slowly(target: FloatArray, onset: int, until: int) -> FloatArray:
    """Positions that go .15 of the way to .8 of the target on each bar of [onset, until), as the target elsewhere."""
    position = target.copy()
    held = float(position[onset - 1])
    path = []
    for aim in target[onset:until].tolist():
        held += DROUGHT_RATE * (DROUGHT_SIZE * aim - held)
        path.append(held)
    position[onset:until] = path
    return position
