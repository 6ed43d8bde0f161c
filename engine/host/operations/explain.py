"""A diagnosis, back to the stored data: every number that it cites is computed again and must come out the same.

A number is *equal* where the same formula over the rebuilt bars of its window gives the stored value, *different* where
it gives another one, and *gone* where a bar of its window, or what the formula needs, is no longer stored: that is no
equality, and is said. The diagnosis itself is taken from the journal, whose chain must hold, and has to be the one that
the case shows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.errors import CalculationError, NotFoundError
from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from engine.agent.evidence import Evidence
    from engine.host.operations.explain_observations import StoredObservations
    from engine.kernel.config_models import HydraConfig
    from storage.journal import JournalEntry
    from storage.stores import Stores

EQUAL: Final = "equal"
DIFFERENT: Final = "different"
GONE: Final = "gone"
TOLERANCE: Final = 1e-9  # relative: the same sums on another machine may end in other last bits
EXIT_CODES: Final[Mapping[str, int]] = {EQUAL: 0, DIFFERENT: 6, GONE: 8}
_KIND: Final = "diagnosis"
_NAMED: Final = 5


def explain_diagnosis(stores: Stores, config: HydraConfig, diagnosis_id: str) -> dict[str, Any]:
    """The diagnosis of a case with every cited number recomputed; `status` is equal, different or gone.

    `diagnosis_id` is the id of its case, as journal, cases and screens show it. Raises NotFoundError for an id without
    a diagnosis.
    """
    market = config.market.market
    entry = _journal_entry(stores, market, diagnosis_id)
    body = entry.body
    faults = _record_faults(stores, diagnosis_id, body)
    evidence = _cited(body)
    stored: StoredObservations | None = None
    reason = ""
    if evidence:
        try:
            stored = _observations(stores, config, str(body["model_id"]), evidence)
        except NotFoundError as error:
            reason = error.message
    rows = [_checked(item, stored, config.observer.history_bars, reason) for item in evidence]
    if stored is not None:
        faults += [f"bar {to_iso(finding.ts)}: {finding.what}" for finding in stored.conflicts]
    statuses = {row["status"] for row in rows}
    status = DIFFERENT if faults or DIFFERENT in statuses else GONE if GONE in statuses else EQUAL
    return {
        "diagnosis": diagnosis_id,
        "market": market,
        "model_id": body["model_id"],
        "cause": body["cause"],
        "severity": body["severity"],
        "affected": list(body["affected"]),
        "sentence": body["sentence"],
        "time": to_iso(entry.ts),
        "change": to_iso(int(body["change_ts"])),
        "confidence": body["confidence"],
        "journal_seq": entry.seq,
        "evidence": rows,
        "rejected": [dict(item) for item in body["rejected"]],
        "faults": faults,
        "status": status,
        "result": _result_sentence(status, rows, faults),
    }


def _journal_entry(stores: Stores, market: str, diagnosis_id: str) -> JournalEntry:
    entries = stores.journal.query(market=market, kind=_KIND, subject=diagnosis_id, limit=1)
    if entries:
        return entries[0]
    if stores.agent.cases.get(diagnosis_id) is not None:
        raise NotFoundError(f"case '{diagnosis_id}' has no diagnosis: an operator asked for its change, or a schedule")
    known = [entry.subject for entry in stores.journal.query(market=market, kind=_KIND, limit=_NAMED)]
    hint = f"the newest are {', '.join(known)}" if known else "none was made yet"
    raise NotFoundError(f"there is no diagnosis '{diagnosis_id}' of {market}; {hint}")


def _record_faults(stores: Stores, diagnosis_id: str, body: Mapping[str, Any]) -> list[str]:
    """What is wrong with the record itself, before any number is looked at."""
    faults = []
    chain = stores.journal.verify()
    if not chain.ok:
        faults.append(chain.problem)
    case = stores.agent.cases.get(diagnosis_id)
    if case is None or case.diagnosis is None:
        faults.append(f"the case {diagnosis_id} is no longer stored with its diagnosis; the journal's is explained")
    else:
        changed = sorted(name for name in {*body, *case.diagnosis} if body.get(name) != case.diagnosis.get(name))
        if changed:
            faults.append(f"case and journal tell different things about {', '.join(changed)}")
    return faults


def _cited(body: Mapping[str, Any]) -> list[Evidence]:
    from engine.agent.evidence import Evidence

    return [Evidence.from_json(item) for item in body["evidence"]]


def _observations(
    stores: Stores, config: HydraConfig, model_id: str, evidence: Sequence[Evidence]
) -> StoredObservations:
    from engine.agent.champions import REFERENCE_KEY
    from engine.host.operations.explain_observations import stored_observations

    model = stores.registry.get(model_id)
    if REFERENCE_KEY not in model.metrics:
        raise NotFoundError(f"the yardstick of {model_id}, which names the inputs, is no longer stored")
    names = [str(name) for name in model.metrics[REFERENCE_KEY]["feature_names"]]
    return stored_observations(
        stores, config, names, min(item.from_ts for item in evidence), max(item.to_ts for item in evidence)
    )


def _checked(evidence: Evidence, stored: StoredObservations | None, history_bars: int, reason: str) -> dict[str, Any]:
    """One cited number beside what the stored bars of its window give. The diagnostician saw `history_bars` at most."""
    value: float | None = None
    bars = 0
    if stored is not None:
        seen = [ts for ts in stored.times if ts <= evidence.to_ts][-history_bars:]
        window = {ts for ts in seen if ts >= evidence.from_ts}
        bars = len(window)
        reason = _unknown(evidence, stored, window, whole=len(seen) < history_bars)
        if not reason:
            value, reason = _recomputed(evidence, stored, window)
    status = GONE if value is None else EQUAL if _is_same(value, evidence.value) else DIFFERENT
    if status == DIFFERENT:
        reason = f"stored {evidence.value!r}, recomputed {value!r}"
    return {
        "name": evidence.name,
        "formula": evidence.formula,
        "unit": evidence.unit,
        "says": evidence.says,
        "from": to_iso(evidence.from_ts),
        "to": to_iso(evidence.to_ts),
        "bars": bars,
        "threshold": evidence.threshold,
        "stored": evidence.value,
        "recomputed": value,
        "status": status,
        "why": reason,
    }


def _unknown(evidence: Evidence, stored: StoredObservations, window: set[int], *, whole: bool) -> str:
    """Why the window cannot be trusted to be whole, or nothing."""
    lost = [finding for finding in stored.gone if finding.ts in window]
    if lost:
        first = lost[0]
        return f"{len(lost)} of {len(window)} bars are gone, the first of {to_iso(first.ts)}: {first.what}"
    if evidence.to_ts not in window or (whole and evidence.from_ts not in window):
        return "the first or last bar of its window is gone"
    return ""


def _recomputed(evidence: Evidence, stored: StoredObservations, window: set[int]) -> tuple[float | None, str]:
    from engine.agent.evidence import recompute

    try:
        value = recompute(evidence, [item for item in stored.observations if item.ts in window])
    except CalculationError as error:
        return None, error.message
    return (value, "") if math.isfinite(value) else (None, "it comes out as no number")


def _is_same(value: float, stored: float) -> bool:
    return math.isclose(value, stored, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _result_sentence(status: str, rows: Sequence[Mapping[str, Any]], faults: Sequence[str]) -> str:
    count = len(rows)
    if status == EQUAL:
        return f"all {count} cited numbers come out the same from the stored data"
    of = {name: [row["name"] for row in rows if row["status"] == name] for name in (DIFFERENT, GONE)}
    parts = []
    if of[DIFFERENT]:
        parts.append(f"{len(of[DIFFERENT])} of {count} cited numbers differ: {', '.join(of[DIFFERENT])}")
    if of[GONE]:
        parts.append(f"{len(of[GONE])} of {count} cannot be recomputed: {', '.join(of[GONE])}")
    if faults:
        parts.append(f"{len(faults)} fault{'s' if len(faults) > 1 else ''} of the record: {faults[0]}")
    return "; ".join(parts)
