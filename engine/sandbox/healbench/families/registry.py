"""All families by name. Single-fault families are the ones the headline averages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.sandbox.healbench.families import (
    compound,
    concept,
    decay,
    feature,
    garbage,
    liquidity,
    noedge,
    null,
    overfit,
    stale,
    volatility,
)
from engine.sandbox.healbench.families.world_draft import Injection

FAMILIES: Final[Mapping[str, Injection]] = MappingProxyType(
    {
        "null": null.inject,
        "noedge": noedge.inject,
        "concept": concept.inject,
        "decay": decay.inject,
        "feature": feature.inject,
        "volatility": volatility.inject,
        "liquidity": liquidity.inject,
        "stale": stale.inject,
        "garbage": garbage.inject,
        "overfit": overfit.inject,
        "compound": compound.inject,
    }
)
SINGLE_FAULT_FAMILIES: Final = ("concept", "decay", "feature", "volatility", "liquidity", "stale")
CONTROL_FAMILIES: Final = ("null", "noedge")
SEVERITIES: Final = (0.5, 1.0, 2.0)
