"""An event as one sentence. Kinds without a sentence of their own list their payload, so none is ever hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.host.operations.snapshot_types import EventRow
from hydra_tui.formats import plain, words
from widgets.lines import sanitise

_SENTENCES: Final[Mapping[str, str]] = {
    "engine.started": "engine {host_kind} started, epoch {epoch}",
    "engine.stopped": "engine stopped: {reason}",
    "engine.error": "{stage} failed: {error}",
    "state.changed": "{old} → {new}: {reason}",
    "halt.set": "HALT by {actor}: {reason}",
    "halt.cleared": "halt lifted by {actor}: {reason}",
    "command.accepted": "{actor}: {kind} accepted",
    "command.refused": "{actor}: {kind} refused: {reason}",
    "autonomy.changed": "autonomy {old} → {new} by {actor}: {reason}",
    "limit.changed": "limit {limit} {old} → {new} by {actor}: {reason}",
    "ingest.batch": "{source}: {rows_added} rows added, {rows_duplicate} known, {rows_quarantined} set aside",
    "ingest.refused": "{input} refused: {reason}",
    "ingest.poll_failed": "{source} could not be polled: {reason}",
    "data.quality": "{source}: {old} → {new}",
    "model.registered": "{model_id} ({kind}) registered as {status}",
    "model.promoted": "{model_id} promoted over {previous_model_id} by {actor}: {reason}",
    "model.rolled_back": "rolled back to {model_id} from {previous_model_id} by {actor}: {reason}",
    "model.retired": "{model_id} retired: {reason}",
    "alert.raised": "{level} {code}: {message}",
    "alert.cleared": "{code} cleared",
    "alert.acknowledged": "{alert_id} acknowledged by {actor}",
    "diagnosis.made": "{case_id}: cause {cause} ({severity}), recommended {recommended}",
    "safe_act.taken": "{case_id}: {act}: {reason}",
    "proposal.made": "{case_id}: propose {mutation_type} of {target}",
    "proposal.refused": "{case_id}: {mutation_type} refused: {reason}",
    "experiment.started": "{experiment_id} started for {case_id}",
    "experiment.finished": "{experiment_id} {outcome}",
    "paper.started": "{candidate_id} against {champion_id} on paper for {required_hours} h",
    "paper.finished": "{candidate_id} on paper: {outcome} after {hours} h",
    "approval.requested": "{kind} {subject} waits for you",
    "approval.decided": "{approval_id} {decision} by {actor}: {reason}",
    "case.closed": "{case_id} closed: {outcome}",
    "order.created": "order {side} {quantity_lots} {contract} at {decision_price}",
    "order.refused": "order refused by {rule}: {reason}",
    "order.filled": "fill {lots} {contract} at {price}",
    "order.submitted": "broker took {order_ref}",
    "order.cancelled": "order cancelled: {reason}",
    "breaker.tripped": "breaker {breaker}: {value} over {limit}, enters {enters}",
}


class _Payload(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def sentence(event: EventRow) -> str:
    """What happened, in words, with foreign text sanitised."""
    payload = _Payload({key: _value(value) for key, value in event.payload.items()})
    template = _SENTENCES.get(event.kind)
    if template is not None:
        return template.format_map(payload)
    listed = " ".join(f"{words(key)}={value}" for key, value in payload.items())
    return f"{event.kind} {sanitise(event.subject)} {listed}".strip()


def area(kind: str) -> str:
    """The part of the engine that spoke: the word before the dot."""
    return kind.partition(".")[0]


def _value(value: Any) -> str:
    return sanitise(plain(value, 3) if isinstance(value, float) else value)
