"""Halt-anchored recovery: what part of the oracle's gain over the better of halting and standing still was won back.

    HRR = (U_agent - max(U_frozen, 0)) / (U_oracle - max(U_frozen, 0))

with utilities summed over all episodes of a family first (a ratio of sums, never a mean of ratios). 0 = switch off,
1 = oracle. The score is held to [-1, 1].

>>> float(halt_anchored_recovery(np.array(8.0), np.array(-50.0), np.array(10.0)))
0.8
"""

from __future__ import annotations

import numpy as np

from engine.sandbox.healbench.heal_world import FloatArray


def halt_anchored_recovery(agent: FloatArray, frozen: FloatArray, oracle: FloatArray) -> FloatArray:
    """HRR of summed utilities, elementwise and not yet clipped; NaN where the oracle gains nothing over the anchor."""
    anchor = np.maximum(frozen, 0.0)
    room = oracle - anchor
    safe = np.where(room > 0.0, room, np.nan)
    recovery: FloatArray = (agent - anchor) / safe
    return recovery


def clipped(recovery: FloatArray) -> FloatArray:
    """Held to [-1, 1]."""
    held: FloatArray = np.clip(recovery, -1.0, 1.0)
    return held
