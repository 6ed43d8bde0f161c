"""garbage: one feature's feed is wrong. Two variants, an even chance each by seed.

ticks  2 % of its values arrive multiplied by 20 (severity s: 2 s %), until the end.
leak   for 250 bars it carries the return of the bar that is still to come (a one-bar look-ahead bug of the feed):
       x' = sqrt(1 - l^2) x + l y_t / sigma_t with l = min(.95, .8 s). A future that is delivered cannot be earned, so
       these bars are not scored; what counts is the state in which they leave the agent. A learner that believed the
       feature leaves with a forecast that is too good to be true, and pays from the bar on which the leak is closed.
"""

from __future__ import annotations

import numpy as np

from engine.sandbox.healbench.families.world_draft import WorldDraft

BAD_TICK_SHARE = 0.02
BAD_TICK_MULTIPLE = 20.0
LEAK_BARS = 250
LEAK_SHARE = 0.8
MOST_LEAK = 0.95


def inject(draft: WorldDraft, onset: int, until: int) -> None:
    """Spoil the feature of this seed from `onset` on."""
    rng = draft.stream()
    draft.variant = "ticks" if rng.random() < 0.5 else "leak"
    index = draft.market.fault_feature
    if draft.variant == "ticks":
        bad = onset + np.flatnonzero(rng.random(until - onset) < BAD_TICK_SHARE * draft.severity)
        # the fault begins with its first bad tick: before it there is nothing to see
        draft.begin_fault("garbage", int(bad[0]) if len(bad) else onset, index)
        draft.x[bad, index] *= BAD_TICK_MULTIPLE
        return
    draft.begin_fault("garbage", onset, index)
    draft.heal_bar = onset + LEAK_BARS
    leaking = slice(onset, draft.heal_bar)
    share = min(MOST_LEAK, LEAK_SHARE * draft.severity)
    coming = draft.market.returns()[leaking] / draft.market.sigma[leaking]
    draft.x[leaking, index] = np.sqrt(1.0 - share**2) * draft.x[leaking, index] + share * coming
    draft.scored[leaking] = False
