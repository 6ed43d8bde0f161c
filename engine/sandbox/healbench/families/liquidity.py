"""liquidity: spread x 6 and volume x .1 (severity s: x (1 + 5 s) and / (1 + 9 s)); the forecast stays right."""

from __future__ import annotations

from engine.sandbox.healbench.families.world_draft import WorldDraft

EXTRA_SPREAD = 5.0
LOST_VOLUME = 9.0


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Dry the market up from `onset` to before `until`."""
    draft.begin_fault("liquidity", onset)
    draft.market.spread[onset:until] *= 1.0 + EXTRA_SPREAD * draft.severity
    draft.market.volume[onset:until] /= 1.0 + LOST_VOLUME * draft.severity
