"""concept: the relation turns. At severity 1 the two main weights change sign (74 % of rho^2).

Severity scales the share q of the explained variance that is flipped: q = min(1, .744 severity). The weights rotate in
the plane of the old weights b and of b with its two main signs flipped, so that b'b = (1 - 2q) b^2 and the best
forecast stays as good as before. The champion's score falls by 2 q rho: at severity 1, KL = (2 q rho)^2 / 2 = .135.
"""

from __future__ import annotations

import numpy as np

from engine.sandbox.healbench.families.world_draft import WorldDraft
from engine.sandbox.healbench.heal_world import FloatArray

MAIN_SIGNALS = 2


def flipped_weights(weights: FloatArray, severity: float) -> FloatArray:
    """The weights after the flip, of the same length."""
    length = np.linalg.norm(weights)
    old = weights / length
    main = np.argsort(-np.abs(old))[:MAIN_SIGNALS]
    flipped = old.copy()
    flipped[main] *= -1.0
    share = min(1.0, severity * float(np.sum(old[main] ** 2)))
    across = flipped - (old @ flipped) * old
    across /= np.linalg.norm(across)
    kept = 1.0 - 2.0 * share
    turned: FloatArray = length * (kept * old + np.sqrt(1.0 - kept * kept) * across)
    return turned


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Turn the weights at `onset` and back at `until`."""
    beta = draft.market.beta
    turned = flipped_weights(beta[onset], draft.severity)
    draft.begin_fault("concept", onset, *np.flatnonzero(np.abs(turned - beta[onset]) > 1e-12).tolist())
    beta[onset:until] = turned
