"""null: nothing ever happens. Any promotion and any de-risking is wrong."""

from __future__ import annotations

from engine.sandbox.healbench.families.world_draft import WorldDraft


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Leave the market as it is; all live bars are scored."""
