"""Which worlds a run of HealBench plays: seeds x families x severities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.kernel.errors import ConfigError
from engine.sandbox.healbench.families.registry import (
    CONTROL_FAMILIES,
    FAMILIES,
    SEVERITIES,
    SINGLE_FAULT_FAMILIES,
)

PUBLISHED_SEVERITY: Final = 1.0
FEWER_SEEDS: Final = 4  # the other severities are played on one seed in so many


@dataclass(frozen=True, slots=True, order=True)
class WorldKey:
    """What makes one world."""

    seed: int
    family: str
    severity: float


@dataclass(frozen=True, slots=True)
class HealBenchPlan:
    """`seeds` markets from `seed_base` on. Without `severities`: severity 1 for all families, and .5 and 2 for the
    single-fault families on one seed in four; with them: each named severity on all seeds. Controls have no severity
    and are played once. ConfigError for an unknown family, a seed below 0 or a severity that is no positive number."""

    seeds: int
    seed_base: int
    families: tuple[str, ...] = tuple(FAMILIES)
    severities: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.families if name not in FAMILIES]
        if unknown:
            raise ConfigError(f"family '{unknown[0]}' is not known; known: {', '.join(FAMILIES)}")
        if self.seeds < 1 or self.seed_base < 0:
            raise ConfigError("a run needs at least one seed, and seeds are numbered from 0")
        if any(not (math.isfinite(value) and value > 0.0) for value in self.severities or ()):
            raise ConfigError("severities are numbers above 0, such as .5,1,2")
        if not self.families or self.severities == ():
            raise ConfigError("a run needs at least one family and one severity")

    def worlds(self) -> list[WorldKey]:
        """Every world once, in order of seed, family and severity."""
        return [key for keys in self.worlds_by_seed() for key in keys]

    def worlds_by_seed(self) -> list[list[WorldKey]]:
        """The same, in one list a seed."""
        chosen = [name for name in FAMILIES if name in self.families]
        return [
            [WorldKey(seed, family, severity) for family in chosen for severity in self._severities_of(family, seed)]
            for seed in range(self.seed_base, self.seed_base + self.seeds)
        ]

    def _severities_of(self, family: str, seed: int) -> Sequence[float]:
        if family in CONTROL_FAMILIES:
            return (PUBLISHED_SEVERITY,)
        if self.severities is not None:
            return sorted(set(self.severities))
        few = seed - self.seed_base < math.ceil(self.seeds / FEWER_SEEDS)
        return SEVERITIES if few and family in SINGLE_FAULT_FAMILIES else (PUBLISHED_SEVERITY,)
