"""All fault families by name, and the drawing of one from a seed."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.kernel.errors import InputError
from engine.sandbox.venue.faults.concept import ConceptFault
from engine.sandbox.venue.faults.fault_family import FaultFamily
from engine.sandbox.venue.faults.feature import FeatureFault
from engine.sandbox.venue.faults.no_edge import NoEdge
from engine.sandbox.venue.faults.none import NoFault
from engine.sandbox.venue.faults.stale import StaleFault
from engine.sandbox.venue.faults.volatility import VolatilityFault

FAULT_FAMILIES: Final[dict[str, FaultFamily]] = {
    family.name: family
    for family in (ConceptFault(), FeatureFault(), VolatilityFault(), StaleFault(), NoFault(), NoEdge())
}


def fault_family(name: str) -> FaultFamily:
    """The family of that name; an unknown one raises InputError."""
    if name not in FAULT_FAMILIES:
        raise InputError(f"'{name}' is not a fault family; choose one of {', '.join(FAULT_FAMILIES)}")
    return FAULT_FAMILIES[name]


def draw_family(rng: np.random.Generator) -> FaultFamily:
    """One of the families that break something, each equally likely."""
    names = sorted(name for name, family in FAULT_FAMILIES.items() if family.drawn_by_seed)
    return FAULT_FAMILIES[names[int(rng.integers(len(names)))]]
