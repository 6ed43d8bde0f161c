"""noedge: all weights are 0 from bar 0, so the features never foretold anything. Trading at all is wrong."""

from __future__ import annotations

from engine.sandbox.healbench.families.world_draft import WorldDraft


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Remove the edge from every bar; there is no onset to find, and all live bars are scored."""
    draft.market.beta[:] = 0.0
