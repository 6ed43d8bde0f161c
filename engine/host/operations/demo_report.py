"""The story of a demo as one document: what was true, what the engine found and did, and whether it was worth it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from engine.core.trading_types import TraderState
    from engine.kernel.config_models import HydraConfig
    from engine.sandbox.market_history import MarketHistory
    from storage.stores import Stores

CAUSES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "concept": ("concept_drift",),
    "feature": ("feature_drift",),
    "volatility": ("regime_volatility",),
    "stale": ("data_feed",),
    "none": (),
    "no-edge": (),
}
SCORE_SEED: Final = 5


def demo_report(stores: Stores, config: HydraConfig, truth: Mapping[str, Any], score_bars: int) -> dict[str, Any]:
    """The chain from fault to score. `truth` comes from the venue's private file, after the engine has ended."""
    market = config.market.market
    family = str(truth["family"])
    cases = [
        _case(row) for row in stores.db.query("SELECT * FROM cases WHERE market = ? ORDER BY opened_ts", (market,))
    ]
    promotions = stores.db.query(
        "SELECT * FROM champion_history WHERE market = ? AND previous_model_id IS NOT NULL ORDER BY id", (market,)
    )
    fault_ts = truth.get("fault_known_ts")
    after_fault = [case for case in cases if fault_ts is not None and case["opened_ts"] >= fault_ts]
    right = next((case for case in after_fault if case["cause"] in CAUSES_OF[family]), None)
    score = _score(stores, config, promotions, score_bars)
    bars_traded = stores.db.query("SELECT COUNT(*) FROM equity WHERE market = ? AND position_lots != 0", (market,))[0][
        0
    ]
    right_cause = right is not None if CAUSES_OF[family] else not promotions
    repairs = {case["candidate_id"] for case in after_fault if case["cause"] in CAUSES_OF[family]}
    healed = bool(score and score["difference"]["mean"] > 0.0 and score["model_id"] in repairs)
    return {
        "market": market,
        "fault": _fault(truth),
        "planted_information_coefficient": truth["planted_information_coefficient"],
        "realised_information_coefficient_before_fault": truth.get("realised_information_coefficient_before"),
        "cases": [{key: value for key, value in case.items() if key != "opened_ts"} for case in cases],
        "detection_delay_bars": _delay(right, config, truth, stores),
        "right_cause": right_cause,
        "promotions": [
            {
                "model_id": row["model_id"],
                "previous_model_id": row["previous_model_id"],
                "at": to_iso(row["from_ts"]),
                "actor": row["actor"],
                "kind": row["kind"],
                "reason": row["reason"],
            }
            for row in promotions
        ],
        "score_after_promotion": score,
        "live_bars": _live_bars(stores, market),
        "bars_in_market": bars_traded,
        "success": healed if CAUSES_OF[family] else not promotions,
    }


def _fault(truth: Mapping[str, Any]) -> dict[str, Any]:
    return {key: truth.get(key) for key in ("family", "fault_bar", "fault_at", "features", "feed", "severity")}


def _case(row: Any) -> dict[str, Any]:
    diagnosis = json.loads(row["diagnosis"] or "{}")
    verdict = json.loads(row["verdict"] or "null")
    proposal = json.loads(row["proposal"] or "null")
    return {
        "case_id": row["case_id"],
        "opened_ts": row["opened_ts"],
        "opened_at": to_iso(row["opened_ts"]),
        "cause": row["cause"],
        "stage": row["stage"],
        "outcome": row["outcome"],
        "affected": diagnosis.get("affected", []),
        "diagnosis": diagnosis.get("sentence", ""),
        "evidence": diagnosis.get("evidence", []),
        "change_at": to_iso(diagnosis["change_ts"]) if "change_ts" in diagnosis else None,
        "proposal": None
        if proposal is None
        else {key: proposal[key] for key in ("mutation_type", "target_component", "parameters", "hypothesis_text")},
        "experiment_id": row["experiment_id"],
        "candidate_id": row["candidate_id"],
        "gates": []
        if verdict is None
        else [
            {key: gate[key] for key in ("name", "passed", "blocking", "value", "threshold", "explanation")}
            for gate in verdict["gates"]
        ],
    }


def _delay(case: dict[str, Any] | None, config: HydraConfig, truth: Mapping[str, Any], stores: Stores) -> int | None:
    if case is None:
        return None
    rows = stores.db.query(
        "SELECT COUNT(*) FROM equity WHERE market = ? AND ts > ? AND ts <= ?",
        (config.market.market, truth["fault_known_ts"], case["opened_ts"]),
    )
    return int(rows[0][0])


def _live_bars(stores: Stores, market: str) -> int:
    return int(stores.db.query("SELECT COUNT(*) FROM equity WHERE market = ?", (market,))[0][0])


def _score(stores: Stores, config: HydraConfig, promotions: Sequence[Any], score_bars: int) -> dict[str, Any] | None:
    """Utility per bar of the first promoted model against a frozen twin of the champion it replaced, on the same bars,
    through the same step, fills and costs."""
    import numpy as np

    from engine.ingestion.record_reader import read_records
    from engine.sandbox.market_history import decision_bars, history_from_matrix
    from engine.sandbox.statistics.block_bootstrap import mean_difference_interval
    from engine.sandbox.utility_score import utility_scores
    from engine.sandbox.virtual_trader import warmed_state
    from engine.signals.feature_registry import feature_names

    if not promotions:
        return None
    promotion = promotions[0]
    bars = decision_bars(read_records(stores, config.market.market), config)
    times = np.array([bar.known_ts for bar in bars], dtype=np.int64)
    history = history_from_matrix(bars, stores.features.matrix(config.market.market, times, feature_names(config)))
    start = next(
        (index for index, ts in enumerate(history.known_ts.tolist()) if ts >= promotion["from_ts"]), len(history)
    )
    part = history.window(start, min(len(history), start + score_bars))
    if len(part) < 20:
        return None
    before = warmed_state(history.bars[:start], config)
    new = _net_returns(stores, config, part, promotion["model_id"], before)
    old = _net_returns(stores, config, part, promotion["previous_model_id"], before)
    kelly = config.risk.kelly_fraction
    own, twin = utility_scores(new, kelly), utility_scores(old, kelly)
    interval = mean_difference_interval(own, twin, seed=SCORE_SEED)
    return {
        "model_id": promotion["model_id"],
        "frozen_twin": promotion["previous_model_id"],
        "bars": len(part),
        "unit": "utility per bar, r - r^2/(2 x kelly_fraction) of equity",
        "score": float(own.mean()),
        "twin_score": float(twin.mean()),
        "difference": {
            "mean": interval.mean,
            "low": interval.low,
            "high": interval.high,
            "confidence": interval.confidence,
        },
        "return": float(math.prod(1.0 + value for value in new.tolist()) - 1.0),
        "twin_return": float(math.prod(1.0 + value for value in old.tolist()) - 1.0),
    }


def _net_returns(stores: Stores, config: HydraConfig, part: MarketHistory, model_id: str, before: TraderState) -> Any:
    from engine.sandbox.candidate import forecast
    from engine.sandbox.market_history import as_predictions, expiry_days
    from engine.sandbox.replay import replay
    from models.champion import Champion
    from models.spec import ModelSpec

    record = stores.registry.get(model_id)
    champion = Champion.load(
        model_id, ModelSpec.from_json(record.config), stores.registry.load_artifact(record.artifact_hash)
    )
    predictions = as_predictions(forecast(champion, part, 0))
    return replay(
        part.bars, predictions, config, before, days_to_expiry=expiry_days(part.bars, config), resume_after_bars=1
    ).net_returns


def report_lines(document: dict[str, Any]) -> list[str]:
    """The same for people."""
    fault = document["fault"]
    lines = [
        f"seed {document['seed']}  planted IC {document['planted_information_coefficient']:.2f}  "
        f"fault {fault['family']} at live bar {fault['fault_bar']} {fault['features'] or ''}"
    ]
    for case in document["cases"]:
        lines.append(f"  {case['opened_at']} {case['cause']}: {case['diagnosis']}")
        if case["proposal"] is not None:
            lines.append(
                f"    proposed {case['proposal']['mutation_type']} of {case['proposal']['target_component']}; "
                f"experiment {case['experiment_id']}; candidate {case['candidate_id'] or '-'}; "
                f"{case['outcome'] or case['stage']}"
            )
        lines += [
            f"      {'pass' if gate['passed'] else 'FAIL'} {gate['name']}: {gate['explanation']}"
            for gate in case["gates"]
        ]
    lines += [
        f"  {row['at']} {row['kind']}: {row['model_id']} over {row['previous_model_id']}"
        for row in document["promotions"]
    ]
    score = document["score_after_promotion"]
    if score is not None:
        difference = score["difference"]
        lines.append(
            f"  score after {score['bars']} bars {score['score']:.3g} against frozen twin {score['twin_score']:.3g}: "
            f"{difference['mean']:+.3g} [{difference['low']:+.3g}, {difference['high']:+.3g}] at "
            f"{difference['confidence']:.0%}"
        )
    lines.append(
        f"  detection delay {document['detection_delay_bars']} bars; right cause {document['right_cause']}; "
        f"success {document['success']}; {document['wall_seconds']} s"
    )
    if document["workspace"]:
        lines.append(f"  workspace kept: {document['workspace']}")
    return lines
