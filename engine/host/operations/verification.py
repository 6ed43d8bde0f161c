"""Every chain and hash of a workspace, checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.kernel.errors import HydraError

if TYPE_CHECKING:
    from storage.hash_chain import ChainReport
    from storage.stores import Stores


def verify_workspace(stores: Stores) -> dict[str, Any]:
    """Event chain, journal chain, model artifacts, catalogued raw files, feature segments, positions against fills."""
    checks = [
        _chain("event chain", stores.events.verify()),
        _chain("journal chain", stores.journal.verify()),
        _artifacts(stores),
        _store("raw lake", stores.lake.verify, "every catalogued file hashes to its name"),
        _store("feature segments", stores.features.verify, "every active segment hashes to its name"),
        _positions(stores),
    ]
    return {"ok": all(check["ok"] for check in checks), "checks": checks}


def _chain(name: str, report: ChainReport) -> dict[str, Any]:
    detail = f"{report.rows} rows verified, head #{report.head_seq}" if report.ok else report.problem
    return {"check": name, "ok": report.ok, "detail": detail}


def _artifacts(stores: Stores) -> dict[str, Any]:
    faults = []
    rows = stores.db.query("SELECT DISTINCT artifact_hash FROM models")
    for row in rows:
        try:
            stores.registry.load_artifact(row["artifact_hash"])
        except HydraError as error:
            faults.append(error.message)
    return {"check": "model artifacts", "ok": not faults, "detail": "; ".join(faults) or f"{len(rows)} verified"}


def _store(name: str, verify: Callable[[], None], words: str) -> dict[str, Any]:
    try:
        verify()
    except HydraError as error:
        return {"check": name, "ok": False, "detail": error.message}
    return {"check": name, "ok": True, "detail": words}


def _positions(stores: Stores) -> dict[str, Any]:
    booked = {
        (row["market"], row["contract"]): row["lots"]
        for row in stores.db.query("SELECT market, contract, SUM(lots) AS lots FROM fills GROUP BY market, contract")
    }
    held = {(row["market"], row["contract"]): row["lots"] for row in stores.db.query("SELECT * FROM positions")}
    broker = {(row["market"], row["contract"]): row["lots"] for row in stores.db.query("SELECT * FROM paper_positions")}
    faults = [
        f"{market} {contract}: fills {booked.get((market, contract), 0)}, journal {held.get((market, contract), 0)}, "
        f"broker {broker.get((market, contract), 0)} lots"
        for market, contract in sorted(booked.keys() | held.keys() | broker.keys())
        if len({booked.get((market, contract), 0), held.get((market, contract), 0), broker.get((market, contract), 0)})
        != 1
    ]
    return {"check": "positions", "ok": not faults, "detail": "; ".join(faults) or "fills, journal and broker agree"}
