"""Decay: the edge faded rather than broke."""

from __future__ import annotations

from engine.agent.break_or_fade import EVEN_NATS
from engine.agent.triage.lost_edge.edge_loss import EdgeFate, EdgeLoss
from engine.agent.triage.lost_edge.overfit import OVERFIT_LIFE_BARS


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
    """After an alarm: what the shape of the loss speaks for, where the champion lived long enough to fade. Without one:
    not clearly sudden."""
    if loss.is_alarmed:
        return loss.age_bars > OVERFIT_LIFE_BARS and loss.shape.value <= EVEN_NATS
    return loss.relation is None or not loss.relation.is_sudden
