"""A request is written once, decided once, and cannot be approved after its time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.agent.approvals import ApprovalDesk
from engine.kernel.errors import NotFoundError, RefusedError
from engine.kernel.timestamps import MICROS_PER_HOUR
from storage.agent_records import ApprovalRecord, CaseRecord
from storage.stores import Stores
from tests.engine import small_market

CONFIG = small_market.settings(agent__approval_valid_hours=10)
CASE = CaseRecord("case-1", small_market.MARKET, 1, 1, "paper", cause="concept_drift")
TS = small_market.START_TS


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        opened.agent.cases.upsert(CASE)
        yield opened


def asked(stores: Stores) -> ApprovalRecord:
    stores.state.put("anything", {}, 1)
    return ApprovalDesk(stores, CONFIG).request(CASE, "promote", "ridge-new", {"e": 1}, {"raises_risk": True}, TS)


def test_a_request_names_its_state_its_end_and_its_case(stores: Stores) -> None:
    record = asked(stores)
    assert stores.agent.approvals.require(record.approval_id) == record
    assert (record.status, record.state_seq) == ("open", stores.state.state_seq())
    assert record.expires_ts == TS + 10 * MICROS_PER_HOUR
    payload = stores.events.read(kinds=["approval.requested"])[-1].payload
    assert (payload["approval_id"], payload["case_id"], payload["subject"]) == (
        record.approval_id,
        "case-1",
        "ridge-new",
    )


@pytest.mark.parametrize("decision", ["approved", "rejected", "expired", "withdrawn"])
def test_a_decision_is_recorded_once_with_its_event_and_journal_row(stores: Stores, decision: str) -> None:
    desk, record = ApprovalDesk(stores, CONFIG), asked(stores)
    desk.decide(record.approval_id, decision, actor="me", reason="seen", ts=TS + 5)  # type: ignore[arg-type]
    settled = stores.agent.approvals.require(record.approval_id)
    assert (settled.status, settled.actor, settled.reason, settled.decided_ts) == (decision, "me", "seen", TS + 5)
    for again in ("approved", "rejected"):
        with pytest.raises(RefusedError, match=f"is {decision} already"):
            desk.decide(record.approval_id, again, actor="you", reason="too", ts=TS + 6)  # type: ignore[arg-type]
    assert stores.agent.approvals.require(record.approval_id) == settled
    assert len(stores.events.read(kinds=["approval.decided"])) == 1
    assert [(entry.subject, entry.outcome) for entry in stores.journal.query(kind="approval")] == [
        ("ridge-new", decision)
    ]


def test_what_has_expired_may_be_rejected_but_not_approved(stores: Stores) -> None:
    desk, record = ApprovalDesk(stores, CONFIG), asked(stores)
    with pytest.raises(RefusedError, match="expired"):
        desk.decide(record.approval_id, "approved", actor="me", reason="late", ts=record.expires_ts)
    assert stores.agent.approvals.require(record.approval_id).status == "open"
    desk.decide(record.approval_id, "rejected", actor="me", reason="late", ts=record.expires_ts)


def test_an_unknown_request_is_not_found(stores: Stores) -> None:
    with pytest.raises(NotFoundError):
        ApprovalDesk(stores, CONFIG).decide("apr-none", "approved", actor="me", reason="x", ts=TS)
