"""compound: either two different faults 100 bars apart, or one fault that heals by itself after 400 bars (an even
chance each by seed). The faults are drawn from those that strike at once, the second at another
feature; severity is that of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.sandbox.healbench.families import concept, feature, liquidity, stale, volatility
from engine.sandbox.healbench.families.world_draft import Injection, WorldDraft

GAP_BARS = 100
HEALING_BARS = 400
SUDDEN: Final[Mapping[str, Injection]] = {
    "concept": concept.inject,
    "feature": feature.inject,
    "volatility": volatility.inject,
    "liquidity": liquidity.inject,
    "stale": stale.inject,
}


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Inject two faults, or one until `HEALING_BARS` later."""
    rng = draft.stream()
    draft.variant = "two" if rng.random() < 0.5 else "heals"
    first, second = rng.choice(sorted(SUDDEN), size=2, replace=False).tolist()
    if draft.variant == "heals":
        SUDDEN[first](draft, onset, onset + HEALING_BARS)
        draft.heal_bar = onset + HEALING_BARS
        return
    SUDDEN[first](draft, onset, until)
    features = draft.x.shape[1]
    draft.market.fault_feature = (draft.market.fault_feature + int(rng.integers(1, features))) % features
    SUDDEN[second](draft, onset + GAP_BARS, until)
