"""What the observer sees and what the diagnostician last said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.host.operations.diagnose_horizon import horizon_document, horizon_of
from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

READINGS_VIEW = "observer_view"


def present_diagnosis(stores: Stores, config: HydraConfig) -> dict[str, Any]:
    """Readings of every detector, the open alerts, the open case, the last diagnosis with its evidence, and how long a
    lost edge of the champion in force would stay unseen."""
    market = config.market.market
    view = stores.state.get(f"{READINGS_VIEW}:{market}") or {}
    cases = stores.db.query("SELECT * FROM cases WHERE market = ? ORDER BY opened_ts DESC, case_id LIMIT 1", (market,))
    alerts = stores.db.query(
        "SELECT * FROM alerts WHERE market = ? AND status != 'cleared' ORDER BY first_ts", (market,)
    )
    diagnosis = json.loads(cases[0]["diagnosis"]) if cases and cases[0]["diagnosis"] else None
    open_case = bool(cases) and cases[0]["stage"] != "closed"
    if not view:
        sentence = f"no engine has watched {market} yet; start one with 'hydra' or 'hydra run'"
    elif open_case and diagnosis is not None:
        sentence = (
            f"{diagnosis['cause']}: {diagnosis['sentence']} (case {cases[0]['case_id']}, stage {cases[0]['stage']})"
        )
    else:
        sentence = (
            f"nothing is wrong with the champion of {market} as far as {len(view.get('readings', {}))} readings show"
        )
    return {
        "market": market,
        "sentence": sentence,
        "as_of": to_iso(view["ts"]) if "ts" in view else None,
        "readings": view.get("readings", {}),
        "alerts": [
            {"code": row["code"], "level": row["level"], "message": row["message"], "since": to_iso(row["first_ts"])}
            for row in alerts
        ],
        "case": {"case_id": cases[0]["case_id"], "stage": cases[0]["stage"]} if cases else None,
        "diagnosis": diagnosis,
        "evidence": (diagnosis or {}).get("evidence", []) if open_case else [],
        "horizon": _horizon(stores, config),
    }


def _horizon(stores: Stores, config: HydraConfig) -> dict[str, Any] | None:
    """None before the first champion, and for one whose yardstick is not stored."""
    champion = stores.registry.champion(config.market.market)
    if champion is None:
        return None
    from engine.agent.champions import REFERENCE_KEY

    yardstick = champion.metrics.get(REFERENCE_KEY) or {}
    horizon = horizon_of(yardstick, config.observer.edge_evidence_h, config.market.bars_per_year)
    return None if horizon is None else {"model_id": champion.model_id, **horizon_document(horizon)}
