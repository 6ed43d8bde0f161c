"""What an agent may be given of a market, and nothing of its truth."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sandbox.healbench.heal_world import FloatArray, HealWorld


@dataclass(frozen=True, slots=True, eq=False)
class MarketView:
    """Arrays over T bars: `x[T, D]` and `spread[T]` known when the position of the bar is decided, `y[T]` and
    `volume[T]` only after it. The bars below `train_bars` are history."""

    x: FloatArray
    y: FloatArray
    spread: FloatArray
    volume: FloatArray
    train_bars: int

    @classmethod
    def of(cls, world: HealWorld) -> MarketView:
        """The visible side of a benchmark world."""
        return cls(world.x, world.y, world.spread, world.volume, world.train_bars)
