"""Decay: the edge faded rather than broke."""

from __future__ import annotations

from typing import Final

from engine.agent.triage.lost_edge.edge_loss import FLIPPED_SLOPE, EdgeFate, EdgeLoss

DECAY_LEAST_BARS: Final = 150


def decay(loss: EdgeLoss) -> EdgeFate | None:
    """Decay since the change, or None for a break."""
    if not _has_faded(loss):
        return None
    return EdgeFate(
        cause="decay",
        title="Decay",
        recommended="window_adjust",
        words="have faded",
        change_ts=loss.change_ts,
        bars_since=loss.bars_since,
        slope=loss.slope,
    )


def _has_faded(loss: EdgeLoss) -> bool:
    """After an alarm: slow, and never clearly reversed. Without one: not clearly sudden."""
    if loss.reading is None:
        return loss.relation is None or not loss.relation.is_sudden
    return (
        loss.bars_since >= DECAY_LEAST_BARS
        and loss.slope.value > FLIPPED_SLOPE
        and loss.recent_slope.value > 2.0 * FLIPPED_SLOPE
    )
