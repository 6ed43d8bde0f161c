"""volatility: sigma x 2.5 (severity s: x (1 + 1.5 s)); signal and noise scale together, so the weights stay right."""

from __future__ import annotations

from engine.sandbox.healbench.families.world_draft import WorldDraft

EXTRA_SIGMA = 1.5


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Raise the volatility from `onset` to before `until`."""
    draft.begin_fault("volatility", onset)
    for volatility in (draft.market.sigma, draft.market.sigma_level):
        volatility[onset:until] *= 1.0 + EXTRA_SIGMA * draft.severity
