"""What is measured of a lost edge before it is named, and the name it is then given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.agent.change_point import edge_change
from engine.agent.detectors.base import Reading
from engine.agent.detectors.edge_evidence import EdgeEvidence
from engine.agent.diagnosis import Cause
from engine.agent.evidence import Evidence
from engine.agent.observer import Observer
from engine.agent.relation_change import RelationChange
from engine.agent.triage.evidence_building import cite, cite_slope

RECENT_BARS: Final = 60
FLIPPED_SLOPE: Final = -0.15
EDGE_ALARM: Final = f"{EdgeEvidence.name}:champion"


@dataclass(frozen=True, slots=True)
class EdgeLoss:
    """`reading` is the alarm, None where another rule was shown to forecast better without one; `relation` then weighs
    the shapes of change, where it can. `shape` is the evidence of a break against a fade, which names a loss that
    `is_alarmed`: the alarm is open, though another rule may have been shown to be better before it had a name.

    `change_ts` and `bars_since` say when the edge was lost, `share_lost` how much of it (1 = all, 2 = reversed),
    `doubt_nats` by how much that start is better than the window's first bar. `slope`, `recent_slope` and `whole_slope`
    cover the bars since the change, the last of them, and the champion's whole window, which begins at `window_ts`.
    `age_bars` counts bars since the champion's rule began to rule.
    """

    reading: Reading | None
    relation: RelationChange | None
    is_alarmed: bool
    shape: Evidence
    change_ts: int
    bars_since: int
    share_lost: float
    doubt_nats: float
    slope: Evidence
    recent_slope: Evidence
    whole_slope: Evidence
    window_ts: int
    window_bars: int
    age_bars: int


@dataclass(frozen=True, slots=True)
class EdgeFate:
    """What became of the edge: `title` and `words` say it, `change_ts`, `bars_since` and `slope` are what it is said
    of."""

    cause: Cause
    title: str
    recommended: str
    words: str
    change_ts: int
    bars_since: int
    slope: Evidence


def measure_edge_loss(reading: Reading | None, relation: RelationChange | None, observer: Observer) -> EdgeLoss:
    """Measure at the observer's last bar, over the bars that the champion is answerable for."""
    window = observer.champion_window
    start, share_lost, doubt = edge_change(window, observer.reference)
    change = window[start].ts
    recent = max(change, window[-min(RECENT_BARS, len(window))].ts)
    return EdgeLoss(
        reading=reading,
        relation=relation,
        is_alarmed=reading is not None or observer.alert_book.is_open(EDGE_ALARM),
        shape=edge_shape(observer),
        change_ts=change,
        bars_since=len(window) - start,
        share_lost=share_lost,
        doubt_nats=doubt,
        slope=cite_slope(observer, change),
        recent_slope=cite_slope(observer, recent, "recent "),
        whole_slope=cite_slope(observer, window[0].ts),
        window_ts=window[0].ts,
        window_bars=len(window),
        age_bars=observer.age_bars,
    )


def edge_shape(observer: Observer) -> Evidence:
    """Evidence of a break against a fade over the bars that the champion is answerable for."""
    reference = observer.reference
    return cite(
        observer,
        "evidence of a break against a fade",
        "nats",
        None,
        "break_against_fade",
        observer.champion_window[0].ts,
        {"correlation": reference.correlation, "training_volatility": reference.training_volatility},
        "the window speaks for a break rather than a fade with {value:+.1f} nats",
    )
