"""A lost edge as a diagnosis: what is measured, what it is called, which weights are to blame."""

from __future__ import annotations

from collections.abc import Sequence

from engine.agent.detectors.base import Reading
from engine.agent.diagnosis import Diagnosis
from engine.agent.evidence import Evidence
from engine.agent.observer import Observer
from engine.agent.relation_change import relation_change
from engine.agent.triage.conclusion import conclude
from engine.agent.triage.evidence_building import change_probability, cite, cite_volatility
from engine.agent.triage.lost_edge.concept import concept_drift
from engine.agent.triage.lost_edge.decay import decay
from engine.agent.triage.lost_edge.edge_loss import EdgeFate, EdgeLoss, measure_edge_loss
from engine.agent.triage.lost_edge.moved_weights import moved_weights
from engine.agent.triage.lost_edge.overfit import overfit
from engine.agent.wording import bars, moment


def alarmed_edge(reading: Reading, decisive: Sequence[Reading], observer: Observer) -> Diagnosis:
    """What became of the edge, after an alarm of the edge's own detector."""
    return _diagnosis(measure_edge_loss(reading, None, observer), decisive, observer)


def outdone_edge(observer: Observer) -> Diagnosis:
    """What became of the edge, where another rule has just been shown to forecast better and no detector alarmed.

    A break is seen by the alarm within its delay; what only comparison shows has faded, unless the bars at hand speak
    clearly for a young break."""
    config = observer.config
    relation = relation_change(
        observer.champion_window, observer.reference, config.volatility_persistence, config.volatility_jump_bars
    )
    return _diagnosis(measure_edge_loss(None, relation, observer), [], observer)


def _diagnosis(loss: EdgeLoss, decisive: Sequence[Reading], observer: Observer) -> Diagnosis:
    fate = overfit(loss) or decay(loss) or concept_drift(loss)
    moved = moved_weights(observer, fate.change_ts)
    return conclude(
        observer,
        decisive,
        cause=fate.cause,
        severity="CRITICAL",
        affected=moved.affected,
        recommended=fate.recommended,
        change_ts=fate.change_ts,
        confidence=change_probability(_nats(loss)),
        summary=(
            f"{fate.title}: since {moment(fate.change_ts)} ({bars(fate.bars_since)}) forecasts {fate.words}: returns "
            f"move {fate.slope.value:+.2f} per unit predicted, training +1.00 ({_how_sure(loss)}); inputs and market "
            "are as in training."
        ),
        evidence=[*_edge_evidence(loss, fate, observer), *moved.evidence],
        estimates={"slope": fate.slope.value, "loss": loss.share_lost, "multipliers": moved.multipliers},
    )


def _edge_evidence(loss: EdgeLoss, fate: EdgeFate, observer: Observer) -> list[Evidence]:
    reference = observer.reference
    return [
        fate.slope,
        loss.recent_slope,
        loss.shape,
        cite(
            observer,
            "evidence of a lost edge",
            "nats",
            None,
            "edge_loss_evidence",
            fate.change_ts,
            {
                "loss": loss.share_lost,
                "correlation": reference.correlation,
                "training_volatility": reference.training_volatility,
            },
            "the window speaks for a lost edge with {value:.1f} nats",
        ),
        cite(
            observer,
            "hit rate",
            "share",
            reference.training_hit_rate,
            "hit_rate",
            fate.change_ts,
            {},
            f"{{value:.0%}} of forecasts had the right sign, {reference.training_hit_rate:.0%} in training",
        ),
        cite_volatility(observer, fate.change_ts),
    ]


def _nats(loss: EdgeLoss) -> float:
    if loss.reading is not None:
        return loss.reading.value
    return 0.0 if loss.relation is None else loss.relation.nats


def _how_sure(loss: EdgeLoss) -> str:
    if loss.reading is not None:
        return f"evidence {loss.reading.value:.1f} nats, limit {loss.reading.threshold:.1f}"
    if loss.relation is None:
        return "another rule forecasts better"
    return f"another rule forecasts better; a changed relation explains the bars by {loss.relation.nats:+.1f} nats"
