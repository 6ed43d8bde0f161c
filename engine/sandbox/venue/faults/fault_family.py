"""The interface of a fault family and the plan that is drawn for one seed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from engine.sandbox.venue.world_rules import FloatArray, WorldRules

EARLIEST_LIVE_BAR = 120
LATEST_LIVE_BAR = 320


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What breaks, when and how much.

    `live_bar` counts live bars from 0 and is None where nothing ever breaks; from that bar on the fault is in force.
    `targets` are the features (or for a stale feed: the features that feed carries) that are hit; `feed` is the feed
    that stops. `severity` holds the family's own numbers.
    """

    family: str
    live_bar: int | None
    targets: tuple[str, ...] = ()
    feed: str | None = None
    severity: dict[str, float] = field(default_factory=dict)


class FaultFamily(ABC):
    """One kind of fault: draws its plan from its own random stream and rewrites the rules from a bar on."""

    name: ClassVar[str]
    drawn_by_seed: ClassVar[bool] = True  # False: only when asked for by name

    @abstractmethod
    def plan(self, rng: np.random.Generator, loadings: FloatArray, live_bars: int) -> FaultPlan:
        """Draw time, target and severity. `loadings` is the planted b [6]."""

    @abstractmethod
    def apply(self, rules: WorldRules, plan: FaultPlan, history_bars: int) -> WorldRules:
        """The rules with the fault in force from live bar `plan.live_bar` on; earlier rows stay untouched."""


def draw_live_bar(rng: np.random.Generator, live_bars: int) -> int:
    """Uniform over live bars 120..320; in a shorter run over its middle third."""
    low = min(EARLIEST_LIVE_BAR, live_bars // 3)
    high = max(low, min(LATEST_LIVE_BAR, live_bars * 2 // 3))
    return int(rng.integers(low, high + 1))


def first_faulty_bar(plan: FaultPlan, history_bars: int) -> int:
    """Index over all bars, history included, of the first bar under the fault."""
    if plan.live_bar is None:
        raise ValueError(f"fault family '{plan.family}' has no moment")
    return history_bars + plan.live_bar
