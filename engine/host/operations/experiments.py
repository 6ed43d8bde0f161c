"""Experiments, for screens and verbs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.kernel.errors import NotFoundError
from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from storage.stores import Stores


def experiment_list(stores: Stores, market: str) -> list[dict[str, Any]]:
    """Every experiment of a market, newest first."""
    rows = stores.db.query(
        "SELECT * FROM experiments WHERE market = ? ORDER BY started_ts DESC, experiment_id", (market,)
    )
    return [_summary(row) for row in rows]


def experiment_detail(stores: Stores, experiment_id: str) -> dict[str, Any]:
    """One experiment with its gates; NotFoundError for an unknown id."""
    rows = stores.db.query("SELECT * FROM experiments WHERE experiment_id = ?", (experiment_id,))
    if not rows:
        raise NotFoundError(f"there is no experiment '{experiment_id}'; see hydra experiment list")
    result = json.loads(rows[0]["result"] or "{}")
    verdict = result.get("verdict") or {}
    return _summary(rows[0]) | {
        "gates": verdict.get("gates", []),
        "track": verdict.get("track"),
        "track_reason": verdict.get("track_reason"),
        "metrics": result.get("metrics", {}),
        "parameters": json.loads(rows[0]["spec"]).get("parameters", {}),
    }


def _summary(row: Any) -> dict[str, Any]:
    spec = json.loads(row["spec"])
    result = json.loads(row["result"] or "{}")
    return {
        "experiment_id": row["experiment_id"],
        "case_id": row["case_id"],
        "status": row["status"],
        "pid": row["pid"],
        "mutation_type": spec.get("mutation_type", ""),
        "target": spec.get("target_component", ""),
        "outcome": result.get("outcome"),
        "snapshot_hash": row["snapshot_hash"],
        "started": to_iso(row["started_ts"]) if row["started_ts"] is not None else "not yet",
    }
