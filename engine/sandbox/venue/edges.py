"""What the returns of the simulated market are planted on.

`factors`     every factor matters: b drawn, unit norm (the ordinary market)
`divergence`  only where options and crowd disagree: b = (skew_slope - nlp_score) / sqrt(2) counts while the two factors
              have opposite signs, and nothing counts while they agree. The signal is scaled to unit variance, so that
              the planted information coefficient means the same for both edges.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engine.kernel.errors import InputError
from engine.sandbox.venue.market_facts import FEATURES
from engine.sandbox.venue.world_rules import FloatArray

FACTORS_EDGE: Final = "factors"
DIVERGENCE_EDGE: Final = "divergence"
EDGES: Final = (FACTORS_EDGE, DIVERGENCE_EDGE)

OPTIONS_FACTOR: Final = FEATURES.index("skew_slope")
CROWD_FACTOR: Final = FEATURES.index("nlp_score")
# E[(s - c)^2 / 2; s c < 0] of two independent standard normals: (1 + 2 / pi) / 2.
_VARIANCE_WHERE_THEY_DISAGREE: Final = (1.0 + 2.0 / math.pi) / 2.0


def require_edge(name: str) -> None:
    """InputError unless there is an edge of that name."""
    if name not in EDGES:
        raise InputError(f"there is no edge '{name}'; known: {', '.join(EDGES)}")


def edge_loadings(edge: str, drawn: FloatArray) -> FloatArray:
    """The planted b [6]: `drawn` for the ordinary market, options against crowd for the planted divergence."""
    if edge != DIVERGENCE_EDGE:
        return drawn
    loadings = np.zeros(len(FEATURES))
    loadings[OPTIONS_FACTOR], loadings[CROWD_FACTOR] = math.sqrt(0.5), -math.sqrt(0.5)
    return loadings


def signal_scale(edge: str, factors: FloatArray) -> FloatArray:
    """What b'x is multiplied by, per row of `factors` [n, 6]: 1 in the ordinary market; where the edge is divergence,
    0 while options and crowd agree."""
    if edge != DIVERGENCE_EDGE:
        return np.ones(factors.shape[0])
    disagree = factors[:, OPTIONS_FACTOR] * factors[:, CROWD_FACTOR] < 0.0
    return np.where(disagree, 1.0 / math.sqrt(_VARIANCE_WHERE_THEY_DISAGREE), 0.0)
