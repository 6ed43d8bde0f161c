"""What the agent keeps between its passes: alerts, cases, experiments, paper comparisons, approvals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from storage.database import Database
from storage.record_table import RecordTable

AlertStatus = Literal["open", "acknowledged", "cleared"]
ExperimentStatus = Literal["queued", "running", "finished", "failed", "timeout", "killed"]
AbTestStatus = Literal["running", "passed", "failed", "withdrawn"]
ApprovalStatus = Literal["open", "approved", "rejected", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """A condition that the observer or a breaker reported; `first_ts` and `last_ts` bound when it was seen."""

    alert_id: str
    market: str
    code: str
    level: str
    subject: str
    message: str
    evidence: Mapping[str, Any]
    status: AlertStatus
    first_ts: int
    last_ts: int
    event_seq: int | None = None


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One case of degradation from alert to outcome. `stage` is the boundary that was reached; `data` what the next
    stage needs to go on after a crash."""

    case_id: str
    market: str
    opened_ts: int
    updated_ts: int
    stage: str
    cause: str | None = None
    alert_id: str | None = None
    diagnosis: Mapping[str, Any] | None = None
    proposal: Mapping[str, Any] | None = None
    experiment_id: str | None = None
    candidate_id: str | None = None
    verdict: Mapping[str, Any] | None = None
    approval_id: str | None = None
    outcome: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExperimentRecord:
    """A candidate under test in its own process; `directory` is relative to the workspace."""

    experiment_id: str
    market: str
    spec: Mapping[str, Any]
    status: ExperimentStatus
    directory: str
    snapshot_hash: str
    case_id: str | None = None
    pid: int | None = None
    started_ts: int | None = None
    finished_ts: int | None = None
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AbTestRecord:
    """Champion and candidate side by side on paper; `hours` and `bars` of market time so far."""

    candidate_id: str
    champion_id: str
    market: str
    started_ts: int
    required_hours: float
    hours: float
    bars: int
    statistics: Mapping[str, Any]
    status: AbTestStatus
    updated_ts: int
    case_id: str | None = None
    e_value: float | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """An act that waits for the operator, with the state number in which it was asked."""

    approval_id: str
    market: str
    kind: str
    subject: str
    state_seq: int
    created_ts: int
    expires_ts: int
    evidence: Mapping[str, Any]
    consequences: Mapping[str, Any]
    status: ApprovalStatus = "open"
    case_id: str | None = None
    decided_ts: int | None = None
    actor: str | None = None
    reason: str | None = None


class AgentRecords:
    """The agent's tables: `.alerts`, `.cases`, `.experiments`, `.ab_tests`, `.approvals`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.alerts: RecordTable[AlertRecord] = RecordTable(
            db, "alerts", AlertRecord, key=["alert_id"], json=["evidence"], order_by="first_ts"
        )
        self.cases: RecordTable[CaseRecord] = RecordTable(
            db,
            "cases",
            CaseRecord,
            key=["case_id"],
            json=["diagnosis", "proposal", "verdict", "data"],
            order_by="opened_ts",
        )
        self.experiments: RecordTable[ExperimentRecord] = RecordTable(
            db, "experiments", ExperimentRecord, key=["experiment_id"], json=["spec", "result"], order_by="started_ts"
        )
        self.ab_tests: RecordTable[AbTestRecord] = RecordTable(
            db, "ab_tests", AbTestRecord, key=["candidate_id"], json=["statistics"], order_by="started_ts"
        )
        self.approvals: RecordTable[ApprovalRecord] = RecordTable(
            db,
            "approvals",
            ApprovalRecord,
            key=["approval_id"],
            json=["evidence", "consequences"],
            order_by="created_ts",
        )

    def decide_approval(self, approval_id: str, status: ApprovalStatus, *, actor: str, reason: str, ts: int) -> bool:
        """Settle an open approval exactly once; False if it is unknown or was settled before."""
        return bool(
            self._db.execute(
                "UPDATE approvals SET status = ?, actor = ?, reason = ?, decided_ts = ? "
                "WHERE approval_id = ? AND status = 'open'",
                (status, actor, reason, ts, approval_id),
            )
        )

    def open_approvals(self, market: str | None = None) -> list[ApprovalRecord]:
        """Approvals that wait, oldest first."""
        if market is None:
            return self.approvals.list(status="open")
        return self.approvals.list(status="open", market=market)
