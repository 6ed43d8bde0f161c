"""Concept drift: the relation of inputs and returns broke. What is left where neither overfit nor decay is."""

from __future__ import annotations

from engine.agent.triage.lost_edge.edge_loss import FLIPPED_SLOPE, EdgeFate, EdgeLoss


def concept_drift(loss: EdgeLoss) -> EdgeFate:
    """Concept drift since the change."""
    return EdgeFate(
        cause="concept_drift",
        title="Concept",
        recommended="retrain",
        words="point the wrong way" if loss.slope.value < FLIPPED_SLOPE else "no longer say anything",
        change_ts=loss.change_ts,
        bars_since=loss.bars_since,
        slope=loss.slope,
    )
