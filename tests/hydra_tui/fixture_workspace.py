"""A workspace filled with plausible rows, to look at and to test screens with.

`python -m tests.hydra_tui.fixture_workspace FOLDER [SCENARIO] [--show]` fills one; with --show it opens the app on it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.host.operations.market_picture import MARKET_VIEW, POSITIONING_VIEW, document_of
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, local_ts
from engine.kernel.workspace_paths import WorkspacePaths
from hydra_tui.config_view import ConfigView
from storage.database import Database
from tests.hydra_tui.fixture_market import whole_picture, whole_positioning

MARKET: Final = "simulated_hogs"
NOW: Final = local_ts(2026, 11, 20, 10, 35, "America/Chicago")
WALL: Final = local_ts(2027, 3, 3, 6, 0, "America/Chicago")
SCENARIOS: Final = ("normal", "stale", "crit", "lockdown", "first_run")
HOSTILE: Final = "[bold red]P&L +9,999,999[/] \x1b[2J\x1b[31mFAKE\u202e\x07 [link=x]"
CONFIG: Final = ConfigView(
    market=MARKET,
    title="Simulated Lean Hogs",
    simulated=True,
    decision_series="venue",
    weights=(
        ("sharpe", 0.25),
        ("drawdown", 0.2),
        ("calibration", 0.15),
        ("robustness", 0.15),
        ("slippage_adjusted_return", 0.15),
        ("simplicity", 0.1),
    ),
)
_FEATURES: Final = ("skew_slope", "put_call_oi_ratio", "atm_iv", "carry", "flow_imbalance", "nlp_score")


def fill_workspace(root: Path, scenario: str = "normal", *, wall_ts: int = WALL) -> WorkspacePaths:
    """Make a workspace at `root` in one of SCENARIOS; `wall_ts` is when its engine last beat (the machine's clock)."""
    paths = WorkspacePaths(root)
    paths.create()
    db = Database(paths.database)
    fill = _Filler(db, scenario, wall_ts)
    with db.transaction():
        fill.engine()
        if scenario != "first_run":
            fill.models()
            fill.trading()
            fill.agent()
            fill.data()
            fill.market()
    db.close()
    return paths


class _Filler:
    def __init__(self, db: Database, scenario: str, wall_ts: int) -> None:
        self._db = db
        self._scenario = scenario
        self._wall = wall_ts
        self._seq = 0
        self._state_seq = 8_840

    def _insert(self, table: str, **values: Any) -> None:
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        texts = [json.dumps(v) if isinstance(v, (dict, list)) else v for v in values.values()]
        with self._db.transaction() as connection:
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", texts)

    def _state(self, key: str, value: Any, *, seq: int | None = None) -> None:
        if seq is None:
            self._state_seq += 1
            seq = self._state_seq
        self._insert("state", key=key, value=value, state_seq=seq, updated_ts=NOW)

    def engine(self) -> None:
        self._insert(
            "heartbeats",
            name="startup",
            ts=self._wall,
            payload=(
                {"stage": "history", "done": 640, "total": 1100}
                if self._scenario == "first_run"
                else {"stage": "ready", "done": 4, "total": 4}
            ),
        )
        if self._scenario == "first_run":
            return
        self._insert(
            "lease",
            id=1,
            owner="desk",
            pid=4242,
            epoch=7,
            host_kind="ui",
            started_ts=self._wall - 10**9,
            heartbeat_ts=self._wall,
            released=0,
        )
        payload = {"now_ts": NOW, "bars_per_second": 10.0, "market": MARKET, "simulated": True, "session": "OPEN"}
        self._insert("heartbeats", name="engine", ts=self._wall - 400_000, payload=payload)
        state = {"lockdown": "LOCKDOWN", "crit": "HALTED"}.get(self._scenario, "RUNNING")
        operational: dict[str, Any] = {
            "state": state,
            "since_ts": NOW - (5 * MICROS_PER_MINUTE if state != "RUNNING" else 3 * MICROS_PER_DAY),
            "reason": "drawdown 25.4% > 25.0%"
            if state == "LOCKDOWN"
            else ""
            if state == "RUNNING"
            else "daily loss 3.2% > 3.0%",
            "trigger": "" if state == "RUNNING" else "breaker:drawdown",
        }
        if state == "LOCKDOWN":
            operational["evidence"] = {"drawdown": 0.254, "limit": 0.25}
        self._state("operational_state", operational)
        self._state("halt", {"halted": state != "RUNNING", "reason": operational["reason"], "actor": "breaker"})
        self._state("autonomy", {"level": "semi-auto"})
        self._state("agent_paused", {"paused": False})

    def models(self) -> None:
        day = MICROS_PER_DAY
        rows = (
            ("ridge-41c2d9", None, "ridge", "champion", NOW - 41 * day, "bootstrap on history", 1.12),
            (
                "ridge-7f21aa",
                "ridge-41c2d9",
                "ridge",
                "paper",
                NOW - 2 * day,
                "window change after concept drift",
                1.31,
            ),
            ("lgbm-55e0b1", "ridge-41c2d9", "lightgbm", "candidate", NOW - day, "family swap", 0.49),
            ("ridge-39b771", "ridge-41c2d9", "ridge", "graveyard", NOW - 12 * day, HOSTILE, -0.2),
        )
        for model_id, parent, kind, status, ts, reason, sharpe in rows:
            config = {
                "kind": kind,
                "features": list(_FEATURES),
                "params": {"alpha": 10.0 if parent is None else 4.0},
                "training": {"window_bars": 1000 if parent is None else 240},
            }
            metrics: dict[str, Any] = {
                "sharpe": sharpe,
                "hit_rate": 0.53,
                "max_drawdown": 0.031,
                "calibration_error": 0.071,
                "reference": {"prediction_sd": 0.00047, "residual_sd": 0.0014, "edge_lower_bound": 0.12},
            }
            self._insert(
                "models",
                model_id=model_id,
                market=MARKET,
                parent_id=parent,
                kind=kind,
                config=config,
                data_snapshot_hash="3f9c",
                code_version="0.1.0",
                metrics=metrics,
                status=status,
                reason=reason,
                artifact_hash="ab",
                created_ts=ts,
                updated_ts=ts,
            )
        for place in range(60):
            ts = NOW - (60 - place) * 5 * MICROS_PER_MINUTE
            for name, value in (("sharpe", 0.94 + 0.3 * math.sin(place / 9)), ("hit_rate", 0.53), ("psi", 0.09)):
                self._insert(
                    "metrics", market=MARKET, ts=ts, model_id="ridge-41c2d9", name=name, value=value, window_bars=250
                )
        self._insert(
            "champion_history",
            market=MARKET,
            model_id="ridge-2d0e11",
            previous_model_id=None,
            from_ts=NOW - 90 * day,
            reason="bootstrap",
            actor="engine",
            kind="first",
        )
        self._insert(
            "champion_history",
            market=MARKET,
            model_id="ridge-41c2d9",
            previous_model_id="ridge-2d0e11",
            from_ts=NOW - 41 * day,
            reason="4/5 windows",
            actor="operator",
            kind="promote",
        )

    def trading(self) -> None:
        stale = self._scenario == "stale"
        seen = NOW - (50 * MICROS_PER_MINUTE if stale else 10_000_000)
        self._state(
            "limits_view",
            [
                {
                    "name": "daily_loss",
                    "now": 0.032 if self._scenario == "crit" else 0.0041,
                    "warn": 0.02,
                    "trip": 0.03,
                    "unit": "fraction",
                    "as_of_ts": seen,
                },
                {
                    "name": "drawdown",
                    "now": 0.254 if self._scenario == "lockdown" else 0.026,
                    "warn": 0.1,
                    "trip": 0.15,
                    "unit": "fraction",
                    "as_of_ts": seen,
                },
                {"name": "position_lots", "now": 2, "warn": 40, "trip": 50, "unit": "lots", "as_of_ts": seen},
                {"name": "margin", "now": 0.18, "warn": 0.4, "trip": 0.5, "unit": "fraction", "as_of_ts": seen},
                {"name": "leverage", "now": 0.42, "warn": 2.5, "trip": 3.0, "unit": "", "as_of_ts": seen},
                {"name": "orders_today", "now": 31, "warn": 400, "trip": 500, "unit": "count", "as_of_ts": seen},
            ],
            seq=0,
        )
        self._state(
            "signals_view",
            {
                name: {
                    "value": math.sin(place + 1.0),
                    "as_of_ts": NOW - (3 * MICROS_PER_HOUR if stale and place < 3 else 10**7),
                    "max_age_us": 15 * MICROS_PER_MINUTE,
                    "stale": stale and place < 3,
                }
                for place, name in enumerate(_FEATURES)
            },
            seq=0,
        )
        self._insert(
            "trader_state",
            market=MARKET,
            last_bar_ts=seen,
            updated_ts=seen,
            value={
                "market": MARKET,
                "operational_state": "RUNNING",
                "position_lots": 2,
                "average_price": 80.94,
                "equity_usd": 1_004_120.5,
                "peak_equity_usd": 1_010_890.25,
                "orders_today": 31,
                "working_orders": [{}],
                "memory": {"contract": "HEZ6", "last_price": 81.275, "last_bar_ts": seen},
            },
        )
        for place in range(240):
            ts = seen - (239 - place) * 45 * MICROS_PER_MINUTE
            equity = 1_004_120.5 + 4_000 * (math.sin(place / 17) - math.sin(239 / 17)) - (239 - place) * 9
            self._insert(
                "equity",
                market=MARKET,
                ts=ts,
                equity_usd=equity,
                position_lots=2,
                day_pnl_usd=412.0 if place == 239 else 0.0,
                drawdown=0.0131,
            )
            price = 81.275 + math.sin(place / 11) - math.sin(239 / 11)
            self._insert(
                "recent_bars",
                market=MARKET,
                series="venue",
                event_ts=ts - 3 * 10**8,
                known_ts=ts,
                open=price,
                high=price + 0.1,
                low=price - 0.1,
                close=price,
                volume=900.0,
            )
        for place, (lots_filled, price) in enumerate(((1, 80.6), (1, 81.28), (-2, 81.4), (2, 81.275))):
            ts = seen - (4 - place) * 20 * MICROS_PER_MINUTE
            ref = f"ord-{7728 + place}"
            self._insert(
                "orders",
                order_ref=ref,
                market=MARKET,
                contract="HEZ6",
                side="BUY" if lots_filled > 0 else "SELL",
                quantity_lots=abs(lots_filled),
                order_type="limit",
                limit_price=price,
                status="filled",
                decision_ts=ts,
                decision_price=price,
                model_id="ridge-41c2d9",
                reduce_only=0,
                epoch=7,
                filled_lots=abs(lots_filled),
                average_fill_price=price,
                updated_ts=ts,
            )
            self._insert(
                "fills",
                fill_id=f"f{place}",
                order_ref=ref,
                market=MARKET,
                contract="HEZ6",
                ts=ts,
                lots=lots_filled,
                price=price,
                reference_price=price,
                spread_usd=5.0,
                impact_usd=1.25,
                fees_usd=2.1,
                roll_usd=0.0,
            )
        self._insert(
            "orders",
            order_ref="ord-7732",
            market=MARKET,
            contract="HEZ6",
            side="SELL",
            quantity_lots=1,
            order_type="limit",
            limit_price=81.5,
            status="submitted",
            decision_ts=seen,
            decision_price=81.5,
            model_id="ridge-41c2d9",
            reduce_only=0,
            epoch=7,
            updated_ts=seen,
        )
        self._insert(
            "predictions",
            prediction_id="p1",
            market=MARKET,
            ts=seen,
            model_id="ridge-41c2d9",
            role="champion",
            features={},
            expected_return=0.00031,
            return_sd=0.0012,
            confidence=0.62,
            target_lots=2,
            usable=1,
        )

    def agent(self) -> None:
        self._alert(
            "concept-1", "OBS-EDGE", "WARNING", "edge CUSUM 23.4 > 21.0 for 1 bar: the champion's edge turned", 140
        )
        if self._scenario in ("crit", "lockdown"):
            self._alert("breaker-1", "BRK-DD", "CRITICAL", "drawdown 25.4% tripped at 25.0%", 5)
        self._alert("news-1", "DATA-STALE", "WARNING", f"headline: {HOSTILE}", 31)
        self._insert(
            "cases",
            case_id="case-0a12",
            market=MARKET,
            opened_ts=NOW - 140 * MICROS_PER_MINUTE,
            updated_ts=NOW,
            stage="paper" if self._scenario != "crit" else "awaiting_approval",
            cause="concept_drift",
            alert_id="concept-1",
            diagnosis={"cause": "concept_drift", "evidence": {"edge_cusum": 23.4, "threshold": 21.0, "bars": 40}},
            proposal={"mutation_type": "window_change", "target": "training.window_bars"},
            experiment_id="exp-118",
            candidate_id="ridge-7f21aa",
            approval_id="apr-1",
        )
        self._insert(
            "experiments",
            experiment_id="exp-118",
            case_id="case-0a12",
            market=MARKET,
            spec={"mutation_type": "window_change"},
            status="finished",
            pid=5150,
            started_ts=NOW - 130 * MICROS_PER_MINUTE,
            finished_ts=NOW - 120 * MICROS_PER_MINUTE,
            result={"outcome": "passed"},
            directory="exp-118",
            snapshot_hash="9c",
        )
        self._insert(
            "experiments",
            experiment_id="exp-119",
            case_id="case-0a12",
            market=MARKET,
            spec={"mutation_type": "feature_drop"},
            status="running",
            pid=5151,
            started_ts=NOW - 3 * MICROS_PER_MINUTE,
            directory="exp-119",
            snapshot_hash="9c",
        )
        self._insert(
            "ab_tests",
            candidate_id="ridge-7f21aa",
            champion_id="ridge-41c2d9",
            market=MARKET,
            case_id="case-0a12",
            started_ts=NOW - 31 * MICROS_PER_HOUR,
            required_hours=48.0,
            hours=31.5,
            bars=347,
            e_value=6.21,
            statistics={"mean_difference_bp": 1.9},
            status="running",
            updated_ts=NOW,
        )
        self._insert(
            "approvals",
            approval_id="apr-1",
            market=MARKET,
            kind="promotion",
            subject="ridge-7f21aa",
            case_id="case-0a12",
            state_seq=8_844,
            created_ts=NOW - 40 * MICROS_PER_MINUTE,
            expires_ts=NOW + 200 * MICROS_PER_MINUTE,
            evidence={"verdict": _VERDICT, "diagnosis": {"cause": "concept_drift", "edge_cusum": 23.4}},
            consequences={"replaces": "ridge-41c2d9", "max_position_lots": "2 -> 3", "note": HOSTILE},
            status="open",
        )
        self._insert(
            "approvals",
            approval_id="apr-0",
            market=MARKET,
            kind="retrain",
            subject="ridge-41c2d9",
            case_id=None,
            state_seq=8_801,
            created_ts=NOW - 9 * MICROS_PER_HOUR,
            expires_ts=NOW - MICROS_PER_HOUR,
            evidence={},
            consequences={},
            status="rejected",
            decided_ts=NOW - 8 * MICROS_PER_HOUR,
            actor="operator",
            reason="no need",
        )

    def _alert(self, alert_id: str, code: str, level: str, message: str, minutes: int) -> None:
        ts = NOW - minutes * MICROS_PER_MINUTE
        self._insert(
            "alerts",
            alert_id=alert_id,
            market=MARKET,
            code=code,
            level=level,
            subject="ridge-41c2d9",
            message=message,
            evidence={},
            status="open",
            first_ts=ts,
            last_ts=ts,
        )

    def data(self) -> None:
        stale = self._scenario == "stale"
        for source, age_us, rows in (
            ("venue_bars", 10**7, 66_000),
            ("cboe_chain", 3 * MICROS_PER_HOUR if stale else 10**7, 181_500),
            ("cot_disaggregated", 26 * MICROS_PER_HOUR, 812),
            ("headlines", 10**7, 3_120),
        ):
            self._insert(
                "feeds",
                market=MARKET,
                source=source,
                last_event_ts=NOW - age_us,
                last_known_ts=NOW - age_us,
                last_recorded_ts=NOW,
                status="ok",
                reasons="[]",
                rows=rows,
                updated_ts=NOW,
                max_age_us=8 * MICROS_PER_DAY if source.startswith("cot") else 15 * MICROS_PER_MINUTE,
            )
        for place, reason in enumerate(("price x100 implausible", "price x100 implausible", "duplicate bar")):
            self._insert(
                "quarantine",
                batch_id="b1",
                source="venue_bars",
                market=MARKET,
                input_name="bars_0001.csv",
                row_number=place + 7,
                field="close",
                reason=reason,
                raw_text=f"8127.5,{HOSTILE}",
                ts=NOW,
            )
        self._event(
            "ingest.batch",
            "venue_bars",
            30,
            {"source": "venue_bars", "rows_added": 55, "rows_duplicate": 0, "rows_quarantined": 1},
        )
        self._event(
            "alert.raised",
            "concept-1",
            25,
            {
                "alert_id": "concept-1",
                "code": "OBS-EDGE",
                "level": "WARNING",
                "message": "edge CUSUM 23.4 > 21.0",
                "evidence": {},
            },
        )
        self._event(
            "diagnosis.made",
            "case-0a12",
            24,
            {
                "case_id": "case-0a12",
                "cause": "concept_drift",
                "severity": "high",
                "recommended": "window_change",
                "affected": [],
                "evidence": {},
            },
        )
        self._event(
            "order.filled",
            "ord-7731",
            12,
            {
                "order_ref": "ord-7731",
                "fill_id": "f3",
                "contract": "HEZ6",
                "lots": 2,
                "price": 81.275,
                "costs_usd": 8.35,
            },
        )
        for place in range(40):
            self._insert(
                "journal",
                seq=9_080 + place,
                ts=NOW - (40 - place) * 7 * MICROS_PER_MINUTE,
                market=MARKET,
                kind=("decision", "diagnosis", "promotion", "note")[place % 4],
                subject="ridge-41c2d9",
                tags=["demo"],
                outcome="kept" if place % 3 == 0 else None,
                body=HOSTILE if place == 39 else f"entry {place}: Sharpe 0.{place + 40} after 4/5 windows, kept",
                prev_hash="x",
                hash=f"h{place}",
            )

    def market(self) -> None:
        age_us = 50 * MICROS_PER_MINUTE if self._scenario == "stale" else 10_000_000
        for key, picture in ((MARKET_VIEW, whole_picture(NOW, age_us)), (POSITIONING_VIEW, whole_positioning(NOW))):
            self._state(key, {"market": MARKET, **document_of(picture)}, seq=0)

    def _event(self, kind: str, subject: str, minutes: int, payload: Mapping[str, Any]) -> None:
        self._seq += 1
        self._insert(
            "events",
            seq=self._seq,
            ts=NOW - minutes * MICROS_PER_MINUTE,
            kind=kind,
            subject=subject,
            market=MARKET,
            payload=dict(payload),
            prev_hash="x",
            hash=f"e{self._seq}",
        )


_METRICS: Final = ("sharpe", "drawdown", "calibration", "robustness", "slippage_adjusted_return", "simplicity")
_VERDICT: Final = {
    "outcome": "passed",
    "track": "repair",
    "track_reason": "the champion is diagnosed broken",
    "reference": "standing aside",
    "composite": {
        side: {
            "total": total,
            "metrics": {
                name: {"raw": total + place / 10, "normalised": total - place / 20}
                for place, name in enumerate(_METRICS)
            },
        }
        for side, total in (("candidate", 0.71), ("reference", 0.64))
    },
    "gates": [
        {
            "name": "lookahead",
            "passed": True,
            "blocking": True,
            "value": None,
            "threshold": None,
            "data_range": "",
            "explanation": "byte-identical",
        },
        {
            "name": "windows",
            "passed": True,
            "blocking": True,
            "value": 4.0,
            "threshold": 3.0,
            "data_range": "",
            "explanation": "better in 4 of 5",
        },
        {
            "name": "deflated_sharpe",
            "passed": False,
            "blocking": False,
            "value": 0.91,
            "threshold": 0.95,
            "data_range": "",
            "explanation": "shown only",
        },
    ],
}


def show(root: Path) -> None:
    """Open the app on a workspace whose engine beat just now."""
    from engine.kernel.clock import SystemClock
    from hydra_tui.app import HydraApp
    from hydra_tui.bridge import WorkspaceBridge

    HydraApp(WorkspaceBridge(WorkspacePaths(root), MARKET, SystemClock()), CONFIG).run(mouse=False)


def main() -> None:
    """Fill and perhaps show."""
    from engine.kernel.clock import SystemClock

    root = Path(sys.argv[1])
    scenario = sys.argv[2] if len(sys.argv) > 2 and not sys.argv[2].startswith("--") else "normal"
    if not WorkspacePaths(root).database.exists():
        fill_workspace(root, scenario, wall_ts=SystemClock().now_ts() + 3_600_000_000)
    if "--show" in sys.argv:
        show(root)


if __name__ == "__main__":
    main()
