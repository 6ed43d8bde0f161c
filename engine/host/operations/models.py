"""What the registry says, for screens and verbs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.kernel.errors import HydraError, NotFoundError
from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from storage.stores import Stores

_ORDER = "CASE status WHEN 'champion' THEN 0 WHEN 'paper' THEN 1 WHEN 'candidate' THEN 2 ELSE 3 END, created_ts DESC"


def model_list(stores: Stores, market: str, status: str | None = None) -> list[dict[str, Any]]:
    """Every model version of a market, champion first, then newest first."""
    columns = "model_id, kind, status, parent_id, reason, created_ts, metrics"
    sql = f"SELECT {columns} FROM models WHERE market = ? ORDER BY {_ORDER}"
    return [
        {
            "model_id": row["model_id"],
            "kind": row["kind"],
            "status": row["status"],
            "parent_id": row["parent_id"],
            "reason": row["reason"],
            "created": to_iso(row["created_ts"]),
            "metrics": json.loads(row["metrics"]),
        }
        for row in stores.db.query(sql, (market,))
        if status is None or row["status"] == status
    ]


def model_detail(stores: Stores, model_id: str) -> dict[str, Any]:
    """One version with its configuration, lineage up to the root, and whether its artifact verifies."""
    rows = stores.db.query("SELECT * FROM models WHERE model_id = ?", (model_id,))
    if not rows:
        raise NotFoundError(f"there is no model '{model_id}'; see hydra model list")
    row = rows[0]
    lineage = [model_id]
    parent = row["parent_id"]
    while parent is not None and parent not in lineage:
        lineage.append(parent)
        above = stores.db.query("SELECT parent_id FROM models WHERE model_id = ?", (parent,))
        parent = above[0]["parent_id"] if above else None
    try:
        stores.registry.load_artifact(row["artifact_hash"])
        artifact = "verified"
    except HydraError as error:
        artifact = f"NOT USABLE: {error.message}"
    return {
        "model_id": model_id,
        "market": row["market"],
        "kind": row["kind"],
        "status": row["status"],
        "reason": row["reason"],
        "created": to_iso(row["created_ts"]),
        "lineage": lineage,
        "config": json.loads(row["config"]),
        "metrics": json.loads(row["metrics"]),
        "data_snapshot_hash": row["data_snapshot_hash"],
        "code_version": row["code_version"],
        "artifact": artifact,
    }
