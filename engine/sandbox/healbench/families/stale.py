"""stale: a feature stays frozen at its last value while its timestamps move on.

Severity below 1 is the share of the 1200-bar horizon for which it is frozen (then it moves again); from 1 on, the
number of frozen features (rounded down, at most all).
"""

from __future__ import annotations

from engine.sandbox.healbench.families.world_draft import WorldDraft
from engine.sandbox.healbench.heal_world import HORIZON_BARS


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Freeze from `onset` to before `until` or the end of the share."""
    features = draft.x.shape[1]
    count = min(max(1, int(draft.severity)), features)
    frozen = [(draft.market.fault_feature + offset) % features for offset in range(count)]
    if draft.severity < 1.0:
        until = min(until, onset + round(HORIZON_BARS * draft.severity))
        draft.heal_bar = until
    draft.begin_fault("stale", onset, *frozen)
    for index in frozen:
        draft.rescale_feed(index, float(draft.x[onset - 1, index]), 0.0, onset, until)
