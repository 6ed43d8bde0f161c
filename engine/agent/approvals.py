"""Requests that wait for the operator: evidence, consequences, expiry and the state number they were made in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.kernel.errors import RefusedError
from engine.kernel.identifiers import derived_id
from engine.kernel.timestamps import MICROS_PER_HOUR
from storage.agent_records import ApprovalRecord, ApprovalStatus

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.agent_records import CaseRecord
    from storage.stores import Stores


class ApprovalDesk:
    """Writes requests and settles them, each with its event and journal row."""

    def __init__(self, stores: Stores, config: HydraConfig) -> None:
        self._stores = stores
        self._market = config.market.market
        self._valid_us = int(config.agent.approval_valid_hours * MICROS_PER_HOUR)

    def request(
        self,
        case: CaseRecord,
        kind: str,
        subject: str,
        evidence: Mapping[str, Any],
        consequences: Mapping[str, Any],
        ts: int,
    ) -> ApprovalRecord:
        """Ask the operator; inside the caller's transaction."""
        record = ApprovalRecord(
            approval_id=derived_id("apr", case.case_id, kind, subject, ts, length=6),
            market=self._market,
            kind=kind,
            subject=subject,
            state_seq=self._stores.state.state_seq(),
            created_ts=ts,
            expires_ts=ts + self._valid_us,
            evidence=evidence,
            consequences=consequences,
            case_id=case.case_id,
        )
        self._stores.agent.approvals.upsert(record)
        self._stores.events.append(
            "approval.requested",
            record.approval_id,
            {
                "approval_id": record.approval_id,
                "kind": kind,
                "subject": subject,
                "state_seq": record.state_seq,
                "expires_ts": record.expires_ts,
                "case_id": case.case_id,
            },
            ts=ts,
            market=self._market,
        )
        return record

    def decide(self, approval_id: str, decision: ApprovalStatus, *, actor: str, reason: str, ts: int) -> ApprovalRecord:
        """Settle a request once; RefusedError where it is settled or has expired already."""
        record = self._stores.agent.approvals.require(approval_id)
        if decision == "approved" and record.status == "open" and ts >= record.expires_ts:
            raise RefusedError(f"request {approval_id} expired; the agent will ask again if it still holds")
        if not self._stores.agent.decide_approval(approval_id, decision, actor=actor, reason=reason, ts=ts):
            raise RefusedError(f"request {approval_id} is {record.status} already")
        event = self._stores.events.append(
            "approval.decided",
            approval_id,
            {"approval_id": approval_id, "decision": decision, "actor": actor, "reason": reason},
            ts=ts,
            market=self._market,
        )
        self._stores.journal.write(
            "approval",
            record.subject,
            {
                "sentence": f"{record.kind} {record.subject}: {decision} by {actor} ({reason})",
                "approval_id": approval_id,
                "evidence": dict(record.evidence),
            },
            ts=ts,
            market=self._market,
            outcome=decision,
            event_seq=event.seq,
        )
        return record


def promotion_evidence(case: CaseRecord, verdict: dict[str, Any], statistics: dict[str, Any]) -> dict[str, Any]:
    """What speaks for a promotion: the verdict and figures of paper trading, the experiment, the diagnosis."""
    diagnosis = case.diagnosis or {}
    return {
        "verdict": verdict,
        "experiment": case.verdict,
        "paper": statistics,
        "cause": case.cause,
        "sentence": diagnosis.get("sentence", ""),
        "proposal": case.proposal,
        "case_id": case.case_id,
        "experiment_id": case.experiment_id,
    }


def promotion_consequences(
    case: CaseRecord, champion_id: str | None, max_position_lots: int, otherwise: str
) -> dict[str, Any]:
    """What a promotion changes, and what happens where nobody decides: `otherwise` says what the champion then does."""
    return {
        "promotes": case.candidate_id,
        "replaces": champion_id,
        "rollback_target": champion_id,
        "rollback": "two keys, under a second, no orders sent",
        "raises_risk": True,
        "max_position_lots": max_position_lots,
        "safe_default": f"nothing is promoted; the champion {otherwise}",
        "change": (case.proposal or {}).get("parameters", {}),
    }
