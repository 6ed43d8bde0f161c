"""Average run length of evidence in nats, as detectors and their messages quote it.

Run lengths of CUSUM thresholds are in `engine/sandbox/statistics/cusum_run_length.py`.
"""

from __future__ import annotations

from engine.sandbox.statistics.e_detector import least_run_length

LARGEST_NATS = 700.0


def evidence_run_length(threshold_nats: float) -> float:
    """Least mean bars to a false alarm of a Shiryaev-Roberts e-detector at this threshold: `exp(threshold)`, finite.

    >>> round(evidence_run_length(9.0))
    8103
    """
    return least_run_length(min(threshold_nats, LARGEST_NATS))
