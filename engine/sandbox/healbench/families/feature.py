"""feature: one feature arrives as 1.5 + 2 x (a vendor's change of units); the market itself is unchanged.

Severity scales both: shift 1.5 s, scale 1 + s.
"""

from __future__ import annotations

from engine.sandbox.healbench.families.world_draft import WorldDraft

SHIFT = 1.5


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Shift and scale the feature of this seed from `onset` to before `until`."""
    index = draft.market.fault_feature
    draft.begin_fault("feature", onset, index)
    draft.rescale_feed(index, SHIFT * draft.severity, 1.0 + draft.severity, onset, until)
