"""One page that answers: am I trading, am I safe, does anything need me."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.agent.safe_act_words import SAFE_ACT_KEY, safe_act_words
from engine.host.operations.autonomy_level import present_level
from engine.host.operations.data_status import age_text, market_now_ts
from engine.host.operations.requests import engine_is_alive
from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


def status(stores: Stores, config: HydraConfig) -> dict[str, Any]:
    """The present state as one document."""
    market = config.market.market
    now_ts = market_now_ts(stores)
    operational = stores.state.get("operational_state")
    state = operational.get("state", "UNKNOWN") if isinstance(operational, dict) else "UNKNOWN"
    halt = stores.state.get("halt")
    act = stores.state.get(f"{SAFE_ACT_KEY}:{market}")
    lease = stores.lease.current()
    champion = stores.registry.champion(market)
    trader = stores.db.query("SELECT value FROM trader_state WHERE market = ?", (market,))
    book = json.loads(trader[0]["value"]) if trader else {}
    return {
        "market": market,
        "market_time": to_iso(now_ts),
        "simulated": config.market.simulated,
        "engine": {
            "alive": engine_is_alive(stores, config),
            "pid": lease.pid if lease else None,
            "epoch": lease.epoch if lease else None,
            "host": lease.host_kind if lease else None,
        },
        "state": state,
        "state_seq": stores.state.state_seq(),
        "state_reason": operational.get("reason", "")
        if isinstance(operational, dict)
        else "no state was ever recorded",
        "halted": stores.paths.halt_file.exists() or bool(isinstance(halt, dict) and halt.get("halted")),
        "autonomy": present_level(stores, config),
        "champion": champion.model_id if champion else None,
        "safe_act": safe_act_words(act) if isinstance(act, dict) and act.get("active") else None,
        "position_lots": book.get("position_lots"),
        "contract": book.get("contract"),
        "equity_usd": book.get("equity_usd"),
        "alerts": [
            {
                "code": row["code"],
                "level": row["level"],
                "message": row["message"],
                "age": age_text(now_ts - row["first_ts"]),
            }
            for row in stores.db.query(
                "SELECT * FROM alerts WHERE market = ? AND status = 'open' ORDER BY first_ts DESC", (market,)
            )
        ],
        "approvals": [
            {
                "approval_id": row["approval_id"],
                "kind": row["kind"],
                "subject": row["subject"],
                "state_seq": row["state_seq"],
                "expires": to_iso(row["expires_ts"]),
            }
            for row in stores.db.query(
                "SELECT * FROM approvals WHERE market = ? AND status = 'open' ORDER BY created_ts", (market,)
            )
        ],
        "cases": [
            {"case_id": row["case_id"], "stage": row["stage"], "cause": row["cause"]}
            for row in stores.db.query(
                "SELECT * FROM cases WHERE market = ? AND stage != 'closed' ORDER BY opened_ts", (market,)
            )
        ],
        "experiments": [
            {"experiment_id": row["experiment_id"], "status": row["status"], "pid": row["pid"]}
            for row in stores.db.query(
                "SELECT * FROM experiments WHERE market = ? AND status IN ('queued','running')", (market,)
            )
        ],
    }


def status_lines(document: dict[str, Any]) -> list[str]:
    """The same for people."""
    engine = document["engine"]
    running = (
        f"engine {engine['host']} pid {engine['pid']} epoch {engine['epoch']}" if engine["alive"] else "no engine runs"
    )
    kind = "SIMULATED" if document["simulated"] else "PAPER"
    lines = [
        f"{document['state']}  {document['market']} {kind}  {running}  state #{document['state_seq']}",
        f"  why: {document['state_reason'] or 'normal'}",
        f"  market time {document['market_time']}  autonomy {document['autonomy']}",
    ]
    if document["halted"]:
        lines.append("  HALT is set: no new positions")
    equity = document["equity_usd"]
    lines.append(
        f"  champion {document['champion'] or 'none yet'}  position {document['position_lots'] or 0} lots "
        f"{document['contract'] or ''}  equity {f'{equity:,.0f} USD' if equity is not None else 'unknown'}"
    )
    if document["safe_act"] is not None:
        lines.append(f"  safe act: the champion {document['safe_act']}")
    lines += [
        f"  alert {item['level']} {item['code']} {item['age']} ago: {item['message']}" for item in document["alerts"]
    ]
    lines += [f"  case {item['case_id']}: {item['cause']}, stage {item['stage']}" for item in document["cases"]]
    lines += [
        f"  experiment {item['experiment_id']} {item['status']} pid {item['pid']}" for item in document["experiments"]
    ]
    lines += [
        f"  WAITS FOR YOU {item['approval_id']}: {item['kind']} {item['subject']} (state #{item['state_seq']}, "
        f"expires {item['expires']})"
        for item in document["approvals"]
    ]
    return lines
