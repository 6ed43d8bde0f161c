"""The rows that cited evidence is about, cut from the world and not from anything the agent says of it.

Row k is what is known at the decision of bar k: features and half-spread of bar k; return, volume, forecast and net
profit of bar k - 1. Only the forecast is the agent's own statement, and until the first repair or promotion it must be
that of one linear champion (`forecast_rule`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.sandbox.healbench.bench_utility import net_pnl
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.heal_world import FloatArray, HealWorld


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceRows:
    """n consecutive rows: `x[n, D]`, `spread[n]`, and of the bar before each row `y[n]`, `volume[n]`, `forecast[n]`
    (NaN where none was made) and `net[n]`."""

    x: FloatArray
    spread: FloatArray
    y: FloatArray
    volume: FloatArray
    forecast: FloatArray
    net: FloatArray

    @property
    def scored(self) -> FloatArray:
        """(forecast, return) pairs of the rows that have both, shape [m, 2]."""
        pairs = np.stack([self.forecast, self.y], axis=1)
        both: FloatArray = pairs[np.isfinite(pairs).all(axis=1)]
        return both

    def cut(self, from_bar: int, to_bar: int) -> EvidenceRows:
        """Rows from_bar..to_bar, both included, of rows that begin at bar 1."""
        part = slice(from_bar - 1, to_bar)
        arrays = (self.x, self.spread, self.y, self.volume, self.forecast, self.net)
        return EvidenceRows(*(array[part] for array in arrays))


def evidence_rows(world: HealWorld, record: EpisodeRecord) -> EvidenceRows:
    """All rows of an episode, beginning with that of bar 1."""
    net = net_pnl(record.position, world.y, world.spread, world.sigma, world.volume)
    return EvidenceRows(world.x[1:], world.spread[1:], world.y[:-1], world.volume[:-1], record.forecast[:-1], net[:-1])
