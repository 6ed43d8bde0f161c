"""overfit: the market is sound, the champion is not: least squares on 200 bars with 40 added features of pure noise
(severity s: 40 s). The noise features move like the others (AR(1) .9); the fault is there from the first live bar."""

from __future__ import annotations

import numpy as np

from engine.sandbox.healbench.base_market import FEATURE_AR1, ar1_paths
from engine.sandbox.healbench.families.world_draft import WorldDraft
from engine.sandbox.healbench.heal_world import BARS, TRAIN_BARS

NOISE_FEATURES = 40


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Add the noise features in an order of their own; the onset is always the first live bar."""
    rng = draft.stream()
    market = draft.market
    noise = ar1_paths(rng, FEATURE_AR1, BARS, round(NOISE_FEATURES * draft.severity))
    order = rng.permutation(market.clean_x.shape[1] + noise.shape[1])
    market.clean_x = np.concatenate([market.clean_x, noise], axis=1)[:, order]
    market.beta = np.concatenate([market.beta, np.zeros_like(noise)], axis=1)[:, order]
    draft.x = market.clean_x.copy()
    draft.feed_shift, draft.feed_scale = np.zeros_like(draft.x), np.ones_like(draft.x)
    draft.begin_fault("overfit", TRAIN_BARS, *np.flatnonzero(market.beta[0] == 0.0).tolist())
