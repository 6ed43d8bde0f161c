"""decay: over 400 bars the main signal (the two largest weights, 74 % of rho^2) fades to 0 while another emerges.

Severity is the share of both main weights that is lost (at most all); what exceeds 1 is lost from the other weights.
The weakest weight grows so that the best forecast always stays as good as before.
"""

from __future__ import annotations

import numpy as np

from engine.sandbox.healbench.families.concept import MAIN_SIGNALS
from engine.sandbox.healbench.families.world_draft import WorldDraft

FADE_BARS = 400


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Fade linearly from `onset`; back to the old weights at `until`."""
    beta = draft.market.beta
    order = np.argsort(-np.abs(beta[onset]))
    main, others, weakest = order[:MAIN_SIGNALS], order[MAIN_SIGNALS:-1], int(order[-1])
    energy = float(np.sum(beta[onset] ** 2))
    progress = np.minimum(1.0, np.arange(1, until - onset + 1) / FADE_BARS)[:, None]
    beta[onset:until, main] *= 1.0 - min(1.0, draft.severity) * progress
    affected = [*main.tolist(), weakest]
    if draft.severity > 1.0:
        beta[onset:until, others] *= 1.0 - min(1.0, draft.severity - 1.0) * progress
        affected.extend(others.tolist())
    beta[onset:until, weakest] = 0.0
    beta[onset:until, weakest] = np.sqrt(energy - np.sum(beta[onset:until] ** 2, axis=1))
    draft.begin_fault("decay", onset, *affected)
