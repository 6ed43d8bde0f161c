"""Every kind of event HYDRA records: one registry of kinds, payload fields and words for the operator.

An event is a fact with a cause. `docs/events.md` is generated from this registry, and the log refuses unknown kinds,
missing fields and unknown fields, so that what is read back years later still means something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.kernel.errors import StoreError

Level = Literal["INFO", "WARNING", "CRITICAL"]


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log. `ts` is when it happened on the engine's clock (UTC microseconds); `cause_seq` is the
    event that led to it; `hash` covers the row and `prev_hash`, so that a changed row breaks the chain."""

    seq: int
    ts: int
    kind: str
    subject: str
    market: str
    payload: Mapping[str, Any]
    cause_seq: int | None
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event: `required` payload fields must be there, `optional` ones may be, others are refused."""

    name: str
    meaning: str
    required: frozenset[str]
    optional: frozenset[str]


EVENT_KINDS: Final[dict[str, EventKind]] = {}


def _kind(name: str, meaning: str, required: str = "", optional: str = "") -> None:
    EVENT_KINDS[name] = EventKind(name, meaning, frozenset(required.split()), frozenset(optional.split()))


def check_payload(kind: str, payload: Mapping[str, Any]) -> None:
    """Refuse an unknown kind, a missing field or a field that the registry does not name."""
    known = EVENT_KINDS.get(kind)
    if known is None:
        raise StoreError(f"event kind '{kind}' is not registered in engine/kernel/events.py")
    missing = known.required - payload.keys()
    extra = payload.keys() - known.required - known.optional
    if missing or extra:
        raise StoreError(f"event '{kind}': missing fields {sorted(missing)}, unknown fields {sorted(extra)}")


# engine life
_kind("engine.started", "an engine took the lease of this workspace", "pid epoch host_kind version", "resumed_from_ts")
_kind("engine.stopped", "the engine ended in order", "pid epoch reason")
_kind("engine.lease_taken_over", "the former engine's lease was dead and a new epoch began", "old_pid old_epoch epoch")
_kind("engine.error", "a stage failed; the engine goes on without its effect", "stage error", "detail")
_kind("worker.started", "a worker process began", "worker pid purpose")
_kind("worker.ended", "a worker process ended", "worker pid purpose exit_code", "reason")
_kind("subscriber.failed", "an event subscriber raised", "handler event_seq error")
_kind("log.sealed", "old events were sealed to Parquet and the chain head written outside", "from_seq to_seq path head")
# commands and operational state
_kind("command.accepted", "the engine accepted a command", "command_id kind actor", "args result")
_kind("command.refused", "the engine refused a command", "command_id kind actor reason", "args")
_kind("state.changed", "the operational state changed", "old new reason trigger", "evidence")
_kind("halt.set", "trading was halted", "reason actor")
_kind("halt.cleared", "the halt was lifted", "reason actor")
_kind("autonomy.changed", "the level of autonomy changed", "old new actor reason")
_kind("pause.changed", "the agent was paused or resumed", "paused actor reason")
_kind("limit.changed", "a risk limit changed", "limit old new actor reason")
# data
_kind(
    "ingest.batch",
    "a file or reply was stored",
    "batch_id source input rows_added rows_duplicate rows_quarantined",
    "datasets quarantine_reasons",
)
_kind("ingest.refused", "a file or reply could not be used at all", "input reason")
_kind(
    "ingest.poll_failed",
    "a poll of a live source failed for the first time or for another reason than before",
    "source reason failures",
    "retry_after_ts",
)
_kind("data.quality", "the health of a source changed", "source old new reasons")
_kind("features.built", "features were computed and stored", "rows features from_ts to_ts", "inputs duration_s")
_kind("features.compacted", "the hot tail was sealed into a segment", "rows path")
_kind("retention.applied", "old files that nothing needs any more were removed", "segments snapshots experiments")
# models
_kind("model.registered", "a model version entered the registry", "model_id kind status", "parent_id reason")
_kind(
    "model.promoted", "a model became champion", "model_id previous_model_id reason actor", "approval_id experiment_id"
)
_kind("model.rolled_back", "the previous champion came back", "model_id previous_model_id reason actor", "automatic")
_kind("model.retired", "a model went to the graveyard", "model_id reason", "actor")
# agent
_kind("alert.raised", "the observer or a breaker raised an alert", "alert_id code level message evidence")
_kind("alert.cleared", "the condition of an alert ended", "alert_id code")
_kind("alert.acknowledged", "the operator has seen an alert", "alert_id actor")
_kind(
    "diagnosis.made",
    "a cause was found, with numbers that anyone can recompute",
    "case_id cause severity affected recommended evidence",
    "confidence rejected_causes",
)
_kind("safe_act.taken", "a reversible act that lowers risk was taken", "case_id act reason", "parameters")
_kind("safe_act.reverted", "a reversible act was undone", "case_id act reason")
_kind(
    "proposal.made",
    "a bounded change was proposed",
    "case_id mutation_type target parameters hypothesis source",
    "expected_improvement",
)
_kind("proposal.refused", "a proposal broke a rule of the playbook", "case_id mutation_type reason", "parameters")
_kind(
    "experiment.started",
    "a candidate is tested in its own process",
    "experiment_id case_id pid snapshot_hash",
    "mutation_type",
)
_kind(
    "experiment.finished",
    "an experiment ended with a verdict",
    "experiment_id case_id outcome gates",
    "candidate_id duration_s reason metrics",
)
_kind(
    "paper.started",
    "champion and candidate trade side by side on paper",
    "candidate_id champion_id required_hours",
    "case_id",
)
_kind(
    "paper.finished", "the paper comparison ended", "candidate_id champion_id hours bars outcome", "statistics case_id"
)
_kind("approval.requested", "an act waits for the operator", "approval_id kind subject state_seq expires_ts", "case_id")
_kind("approval.decided", "the operator or a rule decided", "approval_id decision actor reason")
_kind("case.closed", "a case of degradation ended", "case_id outcome", "reason")
_kind("cycle.finished", "one pass of the agent loop", "stage outcome", "duration_ms case_id")
# execution
_kind(
    "order.created",
    "an order passed the risk manager and was persisted before sending",
    "order_ref contract side quantity_lots order_type decision_price",
    "limit_price model_id reduce_only",
)
_kind("order.refused", "the risk manager refused an order", "reason rule", "contract side quantity_lots order_ref")
_kind("order.submitted", "the broker acknowledged an order", "order_ref")
_kind("order.cancelled", "an order left the book unfilled or partly filled", "order_ref reason", "filled_lots")
_kind(
    "order.filled",
    "an order was filled in part or whole",
    "order_ref fill_id contract lots price costs_usd",
    "slippage_bps",
)
_kind("order.reconciled", "an order of unknown outcome was settled with the broker's book", "order_ref outcome")
_kind("position.mismatch", "the journal and the broker disagree", "contract journal_lots broker_lots")
_kind("breaker.tripped", "a circuit breaker tripped", "breaker value limit enters")
# operations
_kind("backup.written", "a backup was written", "path bytes")
_kind("backup.restored", "this workspace was restored from a backup", "path")
_kind("simulation.started", "a simulated market began to feed this workspace", "market bar_seconds")
