"""Detectability horizon: how long a loss of edge of a given size would take to be seen, at best.

Lorden's bound: no detector with a mean time to a false alarm of L bars has a worst-case mean delay below about
`ln(L) / K`, K being the information per bar. With correlation rho between forecast and return, an edge lost by `loss`
(1 dead, 2 full flip) gives `K = (loss * rho)^2 / (2 (1 - rho^2))` under normal noise. Delays scale with `1 / rho^2`: on
daily data with rho 0.09 a full flip hides for years, which is why other causes are watched as well.

>>> round(detection_bars(correlation=0.35, loss=2 * 0.74, false_alarm_bars=5000))
56

Paper: G. Lorden, Procedures for reacting to a change in distribution, Ann. Math. Stat. 1971.
"""

from __future__ import annotations

import math


def detection_bars(correlation: float, loss: float, false_alarm_bars: float) -> float:
    """Least mean bars to see a lost edge; infinite without an edge."""
    information = (loss * correlation) ** 2 / (2.0 * max(1.0 - correlation**2, 1e-12))
    return math.log(max(false_alarm_bars, math.e)) / information if information > 0.0 else math.inf
