"""The tables of a workspace as the operator's values, newest first: one function for each table."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from engine.host.operations import snapshot_types as view
from engine.host.operations.diagnose_horizon import YARDSTICK
from engine.host.operations.json_columns import json_object, parse

Query = Callable[[str, Sequence[object]], list[sqlite3.Row]]
_BARS = 240
_NUMBERS = ", ".join(f"'{name}', json_extract(metrics, '$.reference.{name}')" for name in YARDSTICK)
_YARDSTICK = f"CASE WHEN status = 'champion' AND json_valid(metrics) THEN json_object({_NUMBERS}) END"


def models(query: Query, market: str) -> tuple[view.Model, ...]:
    """The registry: champion, paper, candidates, graveyard; the first four with their recent metrics."""
    rows = query(
        "SELECT model_id, parent_id, kind, status, reason, config, CASE WHEN json_valid(metrics)"
        " THEN json_remove(metrics, '$.reference') ELSE metrics END AS metrics,"
        f" {_YARDSTICK} AS yardstick, created_ts, updated_ts FROM models"
        " WHERE market = ? ORDER BY CASE status WHEN 'champion' THEN 0 WHEN 'paper' THEN 1 WHEN 'candidate' THEN 2"
        " ELSE 3 END, updated_ts DESC, model_id LIMIT 60",
        (market,),
    )
    return tuple(
        view.Model(
            model_id=row["model_id"],
            parent_id=row["parent_id"],
            kind=row["kind"],
            status=row["status"],
            reason=row["reason"],
            config=json_object(row["config"]),
            metrics=json_object(row["metrics"]),
            created_ts=row["created_ts"],
            updated_ts=row["updated_ts"],
            series=_metric_series(query, market, row["model_id"]) if place < 4 else {},
            yardstick=json_object(row["yardstick"]),
        )
        for place, row in enumerate(rows)
    )


def _metric_series(query: Query, market: str, model_id: str) -> dict[str, tuple[tuple[int, float], ...]]:
    names = query(
        "WITH RECURSIVE found(name) AS (SELECT MIN(name) FROM metrics WHERE market = ?1 AND model_id = ?2 UNION ALL"
        " SELECT (SELECT MIN(name) FROM metrics WHERE market = ?1 AND model_id = ?2 AND name > found.name) FROM found"
        " WHERE found.name IS NOT NULL) SELECT name FROM found WHERE name IS NOT NULL LIMIT 12",
        (market, model_id),
    )
    tails: dict[str, tuple[tuple[int, float], ...]] = {}
    for (name,) in names:
        rows = query(
            "SELECT ts, value FROM metrics WHERE market = ? AND model_id = ? AND name = ? ORDER BY ts DESC LIMIT 60",
            (market, model_id, name),
        )
        tails[str(name)] = tuple((int(row["ts"]), float(row["value"])) for row in reversed(rows))
    return tails


def champion_moves(query: Query, market: str) -> tuple[view.ChampionMove, ...]:
    """Moves of the champion pointer."""
    rows = query(
        "SELECT from_ts, model_id, previous_model_id, kind, actor, reason FROM champion_history WHERE market = ?"
        " ORDER BY id DESC LIMIT 20",
        (market,),
    )
    return tuple(view.ChampionMove(*row) for row in rows)


def alerts(query: Query, market: str) -> tuple[view.Alert, ...]:
    """Open alerts first, then the newest."""
    columns = "alert_id, code, level, subject, message, evidence, status, first_ts, last_ts"
    rows = query(
        f"SELECT {columns} FROM alerts WHERE market = ? ORDER BY status = 'open' DESC, last_ts DESC LIMIT 100",
        (market,),
    )
    return tuple(
        view.Alert(
            alert_id=row["alert_id"],
            code=row["code"],
            level=row["level"],
            subject=row["subject"],
            message=row["message"],
            evidence=json_object(row["evidence"]),
            status=row["status"],
            first_ts=row["first_ts"],
            last_ts=row["last_ts"],
        )
        for row in rows
    )


def approvals(query: Query, market: str) -> tuple[view.Approval, ...]:
    """Open approvals first, then the newest."""
    rows = query(
        "SELECT * FROM approvals WHERE market = ? ORDER BY status = 'open' DESC, created_ts DESC LIMIT 40", (market,)
    )
    return tuple(
        view.Approval(
            approval_id=row["approval_id"],
            kind=row["kind"],
            subject=row["subject"],
            case_id=row["case_id"],
            state_seq=row["state_seq"],
            created_ts=row["created_ts"],
            expires_ts=row["expires_ts"],
            evidence=json_object(row["evidence"]),
            consequences=json_object(row["consequences"]),
            status=row["status"],
            decided_ts=row["decided_ts"],
            actor=row["actor"] or "",
            reason=row["reason"] or "",
        )
        for row in rows
    )


def cases(query: Query, market: str) -> tuple[view.Case, ...]:
    """The newest cases."""
    rows = query("SELECT * FROM cases WHERE market = ? ORDER BY opened_ts DESC LIMIT 12", (market,))
    return tuple(
        view.Case(
            case_id=row["case_id"],
            opened_ts=row["opened_ts"],
            updated_ts=row["updated_ts"],
            stage=row["stage"],
            cause=row["cause"] or "",
            alert_id=row["alert_id"],
            diagnosis=json_object(row["diagnosis"]),
            proposal=json_object(row["proposal"]),
            experiment_id=row["experiment_id"],
            candidate_id=row["candidate_id"],
            verdict=json_object(row["verdict"]),
            approval_id=row["approval_id"],
            outcome=row["outcome"] or "",
            data=json_object(row["data"]),
        )
        for row in rows
    )


def experiments(query: Query, market: str) -> tuple[view.Experiment, ...]:
    """The newest experiments."""
    rows = query(
        "SELECT experiment_id, case_id, status, pid, started_ts, finished_ts, spec, result FROM experiments"
        " WHERE market = ? ORDER BY COALESCE(started_ts, 0) DESC, rowid DESC LIMIT 20",
        (market,),
    )
    return tuple(
        view.Experiment(
            experiment_id=row["experiment_id"],
            case_id=row["case_id"],
            status=row["status"],
            pid=row["pid"],
            started_ts=row["started_ts"],
            finished_ts=row["finished_ts"],
            spec=json_object(row["spec"]),
            result=json_object(row["result"]),
        )
        for row in rows
    )


def paper_tests(query: Query, market: str) -> tuple[view.PaperTest, ...]:
    """Paper comparisons, running ones first."""
    rows = query(
        "SELECT candidate_id, champion_id, case_id, started_ts, required_hours, hours, bars, e_value, status,"
        " CASE WHEN json_valid(statistics) THEN"
        " json_remove(statistics, '$.trial') ELSE statistics END AS statistics FROM ab_tests WHERE market = ?"
        " ORDER BY status = 'running' DESC, updated_ts DESC LIMIT 10",
        (market,),
    )
    return tuple(
        view.PaperTest(
            candidate_id=row["candidate_id"],
            champion_id=row["champion_id"],
            case_id=row["case_id"],
            started_ts=row["started_ts"],
            required_hours=row["required_hours"],
            hours=row["hours"],
            bars=row["bars"],
            e_value=row["e_value"],
            statistics=json_object(row["statistics"]),
            status=row["status"],
        )
        for row in rows
    )


def orders(query: Query, market: str) -> tuple[view.OrderRow, ...]:
    """The newest orders."""
    rows = query(
        "SELECT order_ref, contract, side, quantity_lots, filled_lots, order_type, limit_price, average_fill_price,"
        " status, decision_ts, model_id, COALESCE(reason, '') FROM orders WHERE market = ?"
        " ORDER BY rowid DESC LIMIT 60",
        (market,),
    )
    return tuple(view.OrderRow(*row) for row in rows)


def fills(query: Query, market: str) -> tuple[view.FillRow, ...]:
    """The newest fills."""
    rows = query(
        "SELECT fill_id, order_ref, contract, ts, lots, price, spread_usd + impact_usd + fees_usd + roll_usd FROM fills"
        " WHERE market = ? ORDER BY rowid DESC LIMIT 60",
        (market,),
    )
    return tuple(view.FillRow(*row) for row in rows)


def prediction(query: Query, market: str, champion_id: str | None) -> view.PredictionRow | None:
    """The newest prediction of the champion."""
    rows = query(
        "SELECT ts, model_id, expected_return, return_sd, confidence, target_lots, usable FROM predictions"
        " WHERE market = ? AND model_id = ? ORDER BY ts DESC LIMIT 1",
        (market, champion_id),
    )
    if not rows:
        return None
    row = rows[0]
    return view.PredictionRow(
        ts=row["ts"],
        model_id=row["model_id"],
        expected_return=row["expected_return"],
        return_sd=row["return_sd"],
        confidence=row["confidence"],
        target_lots=row["target_lots"],
        usable=bool(row["usable"]),
    )


def feeds(query: Query, market: str) -> tuple[view.Feed, ...]:
    """Every source with its health."""
    rows = query(
        "SELECT source, status, reasons, last_event_ts, last_known_ts, rows, max_age_us FROM feeds WHERE market = ?"
        " ORDER BY source",
        (market,),
    )
    return tuple(view.Feed(row[0], row[1], _reasons(row[2]), *tuple(row)[3:]) for row in rows)


def _reasons(text: str) -> str:
    value = parse(text) if text else None
    return ", ".join(str(item) for item in value) if isinstance(value, list) else (text or "")


def bars(query: Query, market: str) -> dict[str, tuple[view.BarRow, ...]]:
    """Recent bars of each series, oldest first."""
    series = query("SELECT DISTINCT series FROM recent_bars WHERE market = ? LIMIT 4", (market,))
    return {
        str(name): tuple(
            view.BarRow(*row)
            for row in reversed(
                query(
                    "SELECT event_ts, known_ts, open, high, low, close, volume FROM recent_bars"
                    f" WHERE market = ? AND series = ? ORDER BY event_ts DESC LIMIT {_BARS}",
                    (market, name),
                )
            )
        )
        for (name,) in series
    }
