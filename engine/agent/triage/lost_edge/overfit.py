"""Overfit: a young champion whose forecasts never worked live as they did in training."""

from __future__ import annotations

from typing import Final

from engine.agent.triage.lost_edge.edge_loss import EdgeFate, EdgeLoss

OVERFIT_LIFE_BARS: Final = 200
NEVER_DOUBT_NATS: Final = 4.0  # a champion that once worked shows more than this in favour of a later start
TOO_YOUNG_BARS: Final = 60  # a champion that alarms before has not worked live at all
NEARLY_AS_CLAIMED: Final = 0.85  # slope of return on forecast
NEVER_THAT_WRONG: Final = -0.6  # noise learned by heart gives a slope around 0, not a clear reversal


def overfit(loss: EdgeLoss) -> EdgeFate | None:
    """Overfit since the window's first bar, or None where the champion is not young or once worked."""
    young = loss.age_bars <= OVERFIT_LIFE_BARS and loss.age_bars == loss.window_bars
    never = loss.doubt_nats <= NEVER_DOUBT_NATS or loss.age_bars <= TOO_YOUNG_BARS
    if not (young and never and NEVER_THAT_WRONG < loss.whole_slope.value < NEARLY_AS_CLAIMED):
        return None
    return EdgeFate(
        cause="overfit",
        title="Overfit",
        recommended="hyperparameter",
        words="never worked live as they did in training",
        change_ts=loss.window_ts,
        bars_since=loss.window_bars,
        slope=loss.whole_slope,
    )
