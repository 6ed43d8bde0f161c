"""How a case begins: from a diagnosis, or from an operator's own idea. Times are the market's, microseconds UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.agent.playbook import shipped_playbook
from engine.kernel.errors import RefusedError
from engine.kernel.identifiers import derived_id
from engine.kernel.timestamps import MICROS_PER_SECOND
from storage.agent_records import CaseRecord

if TYPE_CHECKING:
    from engine.agent.diagnosis import Diagnosis
    from storage.stores import Stores


def open_diagnosed_case(
    stores: Stores, market: str, diagnosis: Diagnosis, alert_id: str | None, bars: int, ts: int
) -> str:
    """Record a case with its diagnosis, event and journal row; its id. `bars` counts the live bars so far. Inside the
    caller's transaction."""
    case_id = derived_id("case", market, diagnosis.cause, ts, length=6)
    document = {**diagnosis.to_json(), "sentence": diagnosis.summary}
    case = CaseRecord(
        case_id=case_id,
        market=market,
        opened_ts=ts,
        updated_ts=ts,
        stage="diagnosed",
        cause=diagnosis.cause,
        alert_id=alert_id,
        diagnosis=document,
        data={
            "next": 0,
            "trials": 0,
            "opened_bar": bars - diagnosis.bars_since_change,
            "change_point_ts": diagnosis.change_ts,
        },
    )
    stores.agent.cases.upsert(case)
    event = stores.events.append(
        "diagnosis.made",
        case_id,
        {
            "case_id": case_id,
            "cause": diagnosis.cause,
            "severity": diagnosis.severity,
            "affected": list(diagnosis.affected),
            "recommended": diagnosis.recommended,
            "evidence": document["evidence"],
            "confidence": diagnosis.confidence,
            "rejected_causes": document["rejected"],
        },
        ts=ts,
        market=market,
    )
    stores.journal.write(
        "diagnosis",
        case_id,
        document,
        ts=ts,
        market=market,
        tags=[diagnosis.cause],
        outcome=diagnosis.cause,
        event_seq=event.seq,
    )
    return case_id


def open_wished_case(
    stores: Stores,
    market: str,
    mutation_type: str,
    target: str,
    parameters: dict[str, Any],
    *,
    actor: str,
    reason: str,
    bars: int,
    ts: int,
) -> str:
    """Record a case of the discovery track; its id. RefusedError for a change that was asked for at this very bar."""
    case_id = derived_id("case", market, mutation_type, target, sorted(parameters.items()), ts, length=6)
    if stores.agent.cases.get(case_id) is not None:
        raise RefusedError(f"this very change was asked for at this bar already: {case_id}")
    proposal = {
        "mutation_type": mutation_type,
        "target_component": target,
        "parameters": parameters,
        "hypothesis_text": reason,
        "expected_improvement": 0.0,
        "source": actor,
        "wait_bars": 0,
        "reversible": True,
    }
    stores.agent.cases.upsert(
        CaseRecord(
            case_id=case_id,
            market=market,
            opened_ts=ts,
            updated_ts=ts,
            stage="diagnosed",
            cause="none",
            data={"manual": proposal, "next": 0, "trials": 0, "opened_bar": bars, "change_point_ts": None},
        )
    )
    return case_id


def open_refit_case(stores: Stores, market: str, bar_seconds: int, bars: int, ts: int) -> str:
    """Record the case of a refit on recent bars that is due by schedule; its id. Inside the caller's transaction."""
    choice = next(item for item in shipped_playbook().causes["none"] if item.mutation == "window_adjust")
    window = int(choice.settings["window_bars"])
    from_ts = ts - window * bar_seconds * MICROS_PER_SECOND
    return open_wished_case(
        stores,
        market,
        choice.mutation,
        "champion",
        {"training": {"from_ts": from_ts, "window_bars": window}},
        actor="schedule",
        reason=f"on schedule: does a fit on the last {window} bars follow a slowly changing market better?",
        bars=bars,
        ts=ts,
    )
