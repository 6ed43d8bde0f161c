"""Every chain and hash of a workspace, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.kernel.canonical import sha256_hex
from engine.kernel.errors import HydraError

if TYPE_CHECKING:
    from storage.stores import Stores


def verify_workspace(stores: Stores) -> dict[str, Any]:
    """Event chain, journal chain, model artifacts, catalogued raw files, feature segments, positions against fills."""
    checks = [_chain("event chain", stores.events.verify()), _chain("journal chain", stores.journal.verify()),
              _artifacts(stores), _files(stores, "raw lake", "SELECT path, content_hash FROM catalogue"),
              _files(stores, "feature segments", "SELECT path, content_hash FROM feature_segments WHERE status = 'active'"),
              _positions(stores)]
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


def _chain(name: str, report: Any) -> dict[str, Any]:
    return {"check": name, "ok": bool(report.ok), "detail": report.message}


def _artifacts(stores: Stores) -> dict[str, Any]:
    faults = []
    rows = stores.db.query("SELECT DISTINCT artifact_hash FROM models")
    for row in rows:
        try:
            stores.registry.load_artifact(row["artifact_hash"])
        except HydraError as error:
            faults.append(error.message)
    return {"check": "model artifacts", "ok": not faults, "detail": "; ".join(faults) or f"{len(rows)} verified"}


def _files(stores: Stores, name: str, sql: str) -> dict[str, Any]:
    faults = []
    rows = stores.db.query(sql)
    for row in rows:
        path = stores.paths.root / row["path"]
        if not path.exists():
            faults.append(f"{row['path']} is missing")
        elif sha256_hex(path.read_bytes()) != row["content_hash"]:
            faults.append(f"{row['path']} was changed")
    return {"check": name, "ok": not faults, "detail": "; ".join(faults[:5]) or f"{len(rows)} files verified"}


def _positions(stores: Stores) -> dict[str, Any]:
    booked = {(row["market"], row["contract"]): row["lots"]
              for row in stores.db.query("SELECT market, contract, SUM(lots) AS lots FROM fills GROUP BY market, contract")}
    held = {(row["market"], row["contract"]): row["lots"] for row in stores.db.query("SELECT * FROM positions")}
    broker = {(row["market"], row["contract"]): row["lots"] for row in stores.db.query("SELECT * FROM paper_positions")}
    faults = [f"{market} {contract}: fills {booked.get((market, contract), 0)}, journal {held.get((market, contract), 0)}, "
              f"broker {broker.get((market, contract), 0)} lots"
              for market, contract in sorted(booked.keys() | held.keys() | broker.keys())
              if len({booked.get((market, contract), 0), held.get((market, contract), 0),
                      broker.get((market, contract), 0)}) != 1]
    return {"check": "positions", "ok": not faults, "detail": "; ".join(faults) or "fills, journal and broker agree"}
