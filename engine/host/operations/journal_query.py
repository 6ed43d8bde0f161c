"""Structured search of the journal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.kernel.timestamps import parse_iso, to_iso

if TYPE_CHECKING:
    from storage.stores import Stores


def journal_rows(
    stores: Stores,
    *,
    market: str | None = None,
    kind: str | None = None,
    tag: str | None = None,
    mutation_type: str | None = None,
    outcome: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Matching rows, newest first; `since` and `until` are ISO moments (UTC), both inclusive."""
    conditions: list[str] = []
    parameters: list[object] = []
    for column, value in (("market", market), ("kind", kind), ("mutation_type", mutation_type), ("outcome", outcome)):
        if value is not None:
            conditions.append(f"{column} = ?")
            parameters.append(value)
    if tag is not None:
        conditions.append("EXISTS (SELECT 1 FROM json_each(journal.tags) WHERE json_each.value = ?)")
        parameters.append(tag)
    if since is not None:
        conditions.append("ts >= ?")
        parameters.append(parse_iso(since))
    if until is not None:
        conditions.append("ts <= ?")
        parameters.append(parse_iso(until))
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = stores.db.query(f"SELECT * FROM journal {where} ORDER BY seq DESC LIMIT ?", (*parameters, limit))
    return [_row(row) for row in rows]


def _row(row: Any) -> dict[str, Any]:
    body = json.loads(row["body"])
    sentence = body.get("sentence") or body.get("reason") or body.get("hypothesis") or ""
    return {
        "seq": row["seq"],
        "time": to_iso(row["ts"]),
        "market": row["market"],
        "kind": row["kind"],
        "subject": row["subject"],
        "tags": json.loads(row["tags"]),
        "mutation_type": row["mutation_type"],
        "outcome": row["outcome"],
        "regime": row["regime"],
        "sentence": str(sentence),
        "body": body,
    }
