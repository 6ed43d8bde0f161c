"""A world under construction: the market of a seed, into which families inject their faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from engine.sandbox.healbench.base_market import BaseMarket, random_stream
from engine.sandbox.healbench.heal_world import BARS, HORIZON_BARS, TRAIN_BARS, BoolArray, FloatArray, HealWorld


@dataclass(slots=True)
class WorldDraft:
    """What a family may change. `x` are the features as delivered; everything else as in `HealWorld`."""

    family: str
    seed: int
    severity: float
    market: BaseMarket
    x: FloatArray
    feed_shift: FloatArray
    feed_scale: FloatArray
    onset_bars: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    variant: str = ""
    heal_bar: int | None = None
    faulty_features: list[int] = field(default_factory=list)
    scored: BoolArray = field(default_factory=lambda: np.arange(BARS) >= TRAIN_BARS)

    def stream(self) -> np.random.Generator:
        """Randomness of this family and seed alone; the severity does not enter."""
        return random_stream(self.seed, f"family {self.family}")

    def begin_fault(self, family: str, onset: int, *features: int) -> None:
        """Note a fault; the first one starts the scored horizon."""
        if not self.onset_bars:
            bars = np.arange(BARS)
            self.scored = (bars >= onset) & (bars < onset + HORIZON_BARS)
        self.onset_bars.append(onset)
        self.faults.append(family)
        self.faulty_features.extend(index for index in features if index not in self.faulty_features)

    def rescale_feed(self, index: int, shift: float, scale: float, onset: int, until: int) -> None:
        """From `onset` to before `until` the feature arrives as shift + scale * what it was."""
        bars = slice(onset, until)
        self.x[bars, index] = shift + scale * self.x[bars, index]
        self.feed_shift[bars, index] = shift + scale * self.feed_shift[bars, index]
        self.feed_scale[bars, index] *= scale

    def finished(self) -> HealWorld:
        """The frozen world."""
        market = self.market
        seen = (self.x, market.returns(), market.spread, market.volume)
        truth = (market.clean_x, self.feed_shift, self.feed_scale, market.beta, market.sigma, market.sigma_level)
        for array in (*seen, *truth, self.scored):
            array.flags.writeable = False
        return HealWorld(
            self.family,
            self.seed,
            self.severity,
            *seen,
            TRAIN_BARS,
            tuple(self.onset_bars),
            tuple(self.faults),
            self.variant,
            self.heal_bar,
            tuple(self.faulty_features),
            *truth,
            self.scored,
        )


Injection = Callable[[WorldDraft, int, int], None]
"""Inject a family's fault into a draft from bar `onset` to before bar `until`."""
