"""One look at a workspace for the operator: SQLite only, a few milliseconds, incremental for what only grows.

What the engine writes for it beside its ordinary tables:
- heartbeats row "engine": `ts` on the machine's clock; payload {"now_ts" (market clock), "bars_per_second", "market",
  "simulated", "session", "lag_us"}; row "startup": {"stage", "done", "total"};
- state (or heartbeats) row "limits_view": [{name, now, warn, trip, unit, as_of_ts}]; "signals_view":
  {feature: {value, as_of_ts, max_age_us, stale}};
- state rows "market_view" and "positioning_view": the documents of market_picture.py.
Routine events (every batch without a quarantined row, features, cycles, workers) are left out: at ten bars a second
they would push everything else out of sight.
Rows of `state` whose key ends in "_view" are pictures, not decisions: they do not move the state number.
"""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engine.agent.safe_act_words import SAFE_ACT_KEY, safe_act_words
from engine.host.operations import snapshot_rows as tables
from engine.host.operations import snapshot_types as view
from engine.host.operations.json_columns import EMPTY, as_list, as_object, json_object, number, parse, whole
from engine.host.operations.snapshot_rows import Query
from engine.kernel.timestamps import MICROS_PER_DAY

if TYPE_CHECKING:
    from engine.host.operations.market_picture import MarketPicture, Picture, PositioningPicture

_TAIL = 200
_ROUTINE = "('features.built', 'features.compacted', 'cycle.finished', 'worker.started', 'worker.ended')"
_EVENTS = (
    "SELECT * FROM (SELECT seq, ts, kind, subject, payload FROM events WHERE seq > ? AND market IN (?, '')"
    f" AND kind NOT IN {_ROUTINE} AND (kind <> 'ingest.batch' OR payload NOT LIKE '%\"rows_quarantined\":0%')"
    f" ORDER BY seq DESC LIMIT {_TAIL}) ORDER BY seq"
)
_BARS = 240


class RowSource(Protocol):
    """Anything that answers SQL: `storage.database.Database` does."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Rows of a SELECT."""
        ...


class GrowingTables:
    """What was already read of tables that only grow, so that the next look reads only what is new."""

    def __init__(self) -> None:
        self.start_over("")

    def start_over(self, market: str) -> None:
        """Forget everything and read `market` from the start."""
        self.market = market
        self.events: deque[view.EventRow] = deque(maxlen=_TAIL)
        self.journal: deque[view.JournalEntry] = deque(maxlen=_TAIL)
        self.quarantine: deque[view.QuarantineRow] = deque(maxlen=50)
        self.quarantine_counts: dict[tuple[str, str], int] = {}
        self.event_seq = 0
        self.journal_seq = 0
        self.quarantine_id = 0
        self.pictures: dict[str, tuple[view.Json, Any]] = {}
        self.texts: dict[str, tuple[str, Any]] = {}

    def parsed(self, key: str, text: str) -> Any:
        """The value of a JSON text that changes with every bar: only its newest form is kept, where the cache of
        `parse` would keep thousands. None where it is not JSON."""
        held = self.texts.get(key)
        if held is None or held[0] != text:
            try:
                held = (text, json.loads(text))
            except ValueError:
                held = (text, None)
            self.texts[key] = held
        return held[1]


def read_snapshot(
    source: Any, market: str, now_ts: int, *, halt_file: Path | None = None, grown: GrowingTables | None = None
) -> view.UiSnapshot:
    """The workspace as it is now.

    `source` is a Database or a Stores object (its `.db` is asked); `now_ts` is the machine's clock and dates only the
    heartbeat. Pass the same `grown` each time to read events, journal and quarantine incrementally. Raises
    sqlite3.Error where the file cannot be read.
    """
    rows: RowSource = source if hasattr(source, "query") else source.db
    if halt_file is None and hasattr(source, "paths"):
        halt_file = source.paths.halt_file
    return _assemble(rows.query, market, now_ts, halt_file, grown or GrowingTables())


def empty_snapshot(market: str, now_ts: int, *, halt_file: Path | None = None) -> view.UiSnapshot:
    """What there is to see before any engine made the workspace: nothing, said as UNKNOWN and None."""
    return _assemble(lambda sql, parameters: [], market, now_ts, halt_file, GrowingTables())


class SnapshotReader:
    """Reads snapshots of one workspace over its own read-only connection, each inside one read transaction.

    Not thread-safe: make it and use it on the thread that polls.
    """

    def __init__(self, database: Path, market: str, *, halt_file: Path | None = None) -> None:
        self._database = database
        self._market = market
        self._halt_file = halt_file
        self._connection: sqlite3.Connection | None = None
        self._grown = GrowingTables()
        self._version: tuple[int, bool] | None = None

    def changed(self) -> bool:
        """True where another process committed since the last read (or the HALT file came or went)."""
        connection = self._connect()
        return connection is None or self._stamp(connection) != self._version

    def read(self, now_ts: int) -> view.UiSnapshot:
        """The workspace now; the empty snapshot while there is no database (or no tables in it) yet."""
        connection = self._connect()
        if connection is None:
            return empty_snapshot(self._market, now_ts, halt_file=self._halt_file)
        self._version = self._stamp(connection)
        connection.execute("BEGIN")
        try:
            return _assemble(
                lambda sql, parameters: connection.execute(sql, tuple(parameters)).fetchall(),
                self._market,
                now_ts,
                self._halt_file,
                self._grown,
            )
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return empty_snapshot(self._market, now_ts, halt_file=self._halt_file)
            raise
        finally:
            connection.execute("ROLLBACK")

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection | None:
        if self._connection is None and self._database.exists():
            uri = f"{self._database.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=0.5, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
        return self._connection

    def _stamp(self, connection: sqlite3.Connection) -> tuple[int, bool]:
        halted = self._halt_file is not None and self._halt_file.exists()
        return int(connection.execute("PRAGMA data_version").fetchone()[0]), halted


def _assemble(query: Query, market: str, now_ts: int, halt_file: Path | None, grown: GrowingTables) -> view.UiSnapshot:
    state = {row["key"]: row for row in query("SELECT key, value, state_seq, updated_ts FROM state", ())}
    beats = {row["name"]: row for row in query("SELECT name, ts, payload FROM heartbeats", ())}
    trader = _trader(query, market, grown)
    clock = _clock(beats, now_ts)
    models = tables.models(query, market)
    champion_id = next((model.model_id for model in models if model.status == "champion"), None)
    _read_growth(query, market, grown)
    picture, positioning = _pictures(state, market, grown)
    return view.UiSnapshot(
        market=market,
        engine=_engine(query, state, beats, now_ts, halt_file is not None and halt_file.exists()),
        clock=clock,
        startup=_startup(beats),
        account=_account(query, market, trader),
        position=_position(trader),
        limits=_limits(state, beats, grown),
        limit_overrides=_state_json(state, "limits"),
        models=models,
        champion_moves=tables.champion_moves(query, market),
        alerts=tables.alerts(query, market),
        approvals=tables.approvals(query, market),
        cases=tables.cases(query, market),
        experiments=tables.experiments(query, market),
        paper_tests=tables.paper_tests(query, market),
        orders=tables.orders(query, market),
        fills=tables.fills(query, market),
        signals=_signals(state, beats, grown),
        prediction=tables.prediction(query, market, champion_id),
        picture=picture,
        positioning=positioning,
        feeds=tables.feeds(query, market),
        source_runs=_source_runs(_picture(state, beats, f"source_runs:{market}", grown)),
        comparisons=_comparisons(_state_json(state, f"cross_source:{market}")),
        quarantine_counts=tuple(
            view.QuarantineCount(source, reason, count)
            for (source, reason), count in sorted(grown.quarantine_counts.items(), key=lambda item: -item[1])
        ),
        quarantine_rows=tuple(reversed(grown.quarantine)),
        journal=tuple(reversed(grown.journal)),
        events=tuple(reversed(grown.events)),
        bars=tables.bars(query, market),
        safe_act=_safe_act(_state_json(state, f"{SAFE_ACT_KEY}:{market}")),
    )


def _safe_act(act: view.Json) -> str:
    return safe_act_words(act) if act.get("active") else ""


def _pictures(
    state: dict[str, sqlite3.Row], market: str, grown: GrowingTables
) -> tuple[MarketPicture, PositioningPicture]:
    """The pictures of the market. Their module makes many classes, so it is loaded with the first look, not before."""
    from engine.host.operations import market_picture as drawn

    return (
        _drawn(drawn.MarketPicture, drawn.MARKET_VIEW, state, market, grown),
        _drawn(drawn.PositioningPicture, drawn.POSITIONING_VIEW, state, market, grown),
    )


def _drawn(kind: type[Picture], key: str, state: dict[str, sqlite3.Row], market: str, grown: GrowingTables) -> Picture:
    """One picture, read again only where its text changed."""
    from engine.host.operations.market_picture import picture_of

    document = as_object(grown.parsed(key, str(state[key]["value"])) if key in state else None)
    held = grown.pictures.get(key)
    if held is None or held[0] is not document:
        held = (document, picture_of(kind, document if document.get("market") == market else EMPTY))
        grown.pictures[key] = held
    picture: Picture = held[1]
    return picture


def _source_runs(picture: Any) -> tuple[view.SourceRun, ...]:
    entries = [as_object(item) for item in as_list(picture)]
    return tuple(
        view.SourceRun(
            source=str(entry.get("source") or ""),
            off=bool(entry.get("off")),
            plan=str(entry.get("plan") or ""),
            next_run_ts=whole(entry.get("next_run_ts")) or 0,
            last_success=str(entry.get("last_success") or "never"),
            failures=whole(entry.get("failures")) or 0,
            reason=str(entry.get("reason") or ""),
        )
        for entry in entries
    )


def _comparisons(document: view.Json) -> tuple[view.SeriesPair, ...]:
    pairs = document.get("pairs")
    return tuple(
        view.SeriesPair(
            first=str(pair.get("first") or ""),
            second=str(pair.get("second") or ""),
            common_sessions=whole(pair.get("common_sessions")) or 0,
            agreement=number(pair.get("agreement")),
            recent_agreement=number(pair.get("recent_agreement")),
            differences=tuple(_difference(as_object(one)) for one in as_list(pair.get("disagreements"))),
        )
        for pair in (as_object(item) for item in as_list(pairs))
    )


def _difference(one: view.Json) -> str:
    what = "other contract" if one.get("other_contract") else f"{number(one.get('ticks')) or 0.0:.1f} ticks"
    return f"{one.get('day')} {what}"


def _state_json(state: dict[str, sqlite3.Row], key: str) -> view.Json:
    return as_object(parse(state[key]["value"])) if key in state else EMPTY


def _picture(state: dict[str, sqlite3.Row], beats: dict[str, sqlite3.Row], key: str, grown: GrowingTables) -> Any:
    if key in state:
        return grown.parsed(key, str(state[key]["value"]))
    return grown.parsed(key, str(beats[key]["payload"])) if key in beats else None


def _trader(query: Query, market: str, grown: GrowingTables) -> view.Json:
    rows = query("SELECT value, last_bar_ts FROM trader_state WHERE market = ?", (market,))
    if not rows:
        return EMPTY
    trader = as_object(grown.parsed("trader_state", str(rows[0]["value"])))
    return {"last_bar_ts": rows[0]["last_bar_ts"], **as_object(trader.get("memory")), **trader}


def _engine(
    query: Query, state: dict[str, sqlite3.Row], beats: dict[str, sqlite3.Row], now_ts: int, halt_file: bool
) -> view.EngineStatus:
    operational = _state_json(state, "operational_state")
    halt = _state_json(state, "halt")
    leases = query("SELECT owner, pid, epoch, host_kind, heartbeat_ts, released FROM lease WHERE id = 1", ())
    lease = leases[0] if leases else None
    beat = int(beats["engine"]["ts"]) if "engine" in beats else None
    payload = json_object(beats["engine"]["payload"]) if "engine" in beats else EMPTY
    return view.EngineStatus(
        state=str(operational.get("state") or "UNKNOWN"),
        since_ts=whole(operational.get("since_ts")),
        reason=str(operational.get("reason") or ""),
        trigger=str(operational.get("trigger") or ""),
        evidence=as_object(operational.get("evidence")),
        halted=bool(halt.get("halted", False)),
        halt_reason=str(halt.get("reason") or ""),
        halt_file=halt_file,
        autonomy=str(_state_json(state, "autonomy").get("level") or ""),
        agent_paused=bool(_state_json(state, "agent_paused").get("paused", False)),
        state_seq=max((int(row["state_seq"]) for key, row in state.items() if not key.endswith("_view")), default=0),
        epoch=int(lease["epoch"]) if lease else None,
        owner=str(lease["owner"]) if lease else "",
        host_kind=str(lease["host_kind"]) if lease else "",
        pid=int(lease["pid"]) if lease else None,
        heartbeat_wall_ts=beat,
        heartbeat_age_us=None if beat is None else max(0, now_ts - beat),
        released=bool(lease["released"]) if lease else False,
        lag_us=whole(payload.get("lag_us")),
    )


def _clock(beats: dict[str, sqlite3.Row], now_ts: int) -> view.MarketClock:
    payload = json_object(beats["engine"]["payload"]) if "engine" in beats else EMPTY
    simulated = bool(payload.get("simulated", False))
    market_now = whole(payload.get("now_ts"))
    if market_now is not None and not simulated:
        market_now = max(market_now, now_ts)
    return view.MarketClock(
        now_ts=market_now,
        wall_now_ts=now_ts,
        simulated=simulated,
        bars_per_second=number(payload.get("bars_per_second")),
        session=str(payload.get("session") or ""),
        detail=payload,
    )


def _startup(beats: dict[str, sqlite3.Row]) -> view.Startup | None:
    payload = json_object(beats["startup"]["payload"]) if "startup" in beats else EMPTY
    if not payload:
        return None
    return view.Startup(
        stage=str(payload.get("stage", "")),
        done=whole(payload.get("done")) or 0,
        total=whole(payload.get("total")) or 0,
        wall_ts=int(beats["startup"]["ts"]),
    )


def _account(query: Query, market: str, trader: view.Json) -> view.Account:
    sql = "SELECT ts, equity_usd, day_pnl_usd, drawdown, position_lots FROM equity WHERE market = ?"
    rows = query(f"{sql} ORDER BY ts DESC LIMIT {_BARS}", (market,))
    series = tuple(
        view.EquityPoint(
            int(row["ts"]), row["equity_usd"], row["day_pnl_usd"], row["drawdown"], int(row["position_lots"])
        )
        for row in reversed(rows)
    )
    last = series[-1] if series else None
    week = None
    if last is not None:
        before = query(f"{sql} AND ts <= ? ORDER BY ts DESC LIMIT 1", (market, last.ts - 7 * MICROS_PER_DAY))
        week = last.equity_usd - before[0]["equity_usd"] if before else None
    lots, average, price = (number(trader.get(key)) for key in ("position_lots", "average_price", "last_price"))
    open_points = lots * (price - average) if lots and average is not None and price is not None else None
    return view.Account(
        equity_usd=last.equity_usd if last else number(trader.get("equity_usd")),
        peak_equity_usd=number(trader.get("peak_equity_usd")),
        day_pnl_usd=last.day_pnl_usd if last else None,
        week_pnl_usd=week,
        open_pnl_points=open_points,
        drawdown=last.drawdown if last else None,
        as_of_ts=last.ts if last else whole(trader.get("last_bar_ts")) or None,
        series=series,
    )


def _position(trader: view.Json) -> view.Position:
    working = trader.get("working_orders")
    return view.Position(
        contract=str(trader.get("contract") or ""),
        lots=whole(trader.get("position_lots")),
        average_price=number(trader.get("average_price")),
        last_price=number(trader.get("last_price")),
        working_orders=len(working) if isinstance(working, list) else 0,
        orders_today=whole(trader.get("orders_today")),
        as_of_ts=whole(trader.get("last_bar_ts")) or None,
    )


def _limits(
    state: dict[str, sqlite3.Row], beats: dict[str, sqlite3.Row], grown: GrowingTables
) -> tuple[view.Limit, ...]:
    rows = _picture(state, beats, "limits_view", grown)
    rows = rows.get("limits", []) if isinstance(rows, dict) else rows
    return tuple(
        view.Limit(
            str(row.get("name", "")),
            number(row.get("now")),
            number(row.get("warn")),
            number(row.get("trip")),
            str(row.get("unit") or ""),
            whole(row.get("as_of_ts")),
        )
        for row in rows or ()
        if isinstance(row, dict)
    )


def _signals(
    state: dict[str, sqlite3.Row], beats: dict[str, sqlite3.Row], grown: GrowingTables
) -> tuple[view.Signal, ...]:
    rows = _picture(state, beats, "signals_view", grown)
    if not isinstance(rows, dict):
        return ()
    return tuple(
        view.Signal(
            str(name),
            number(row.get("value")),
            whole(row.get("as_of_ts")),
            whole(row.get("max_age_us")),
            bool(row.get("stale", False)),
        )
        for name, row in rows.items()
        if isinstance(row, dict)
    )


def _read_growth(query: Query, market: str, grown: GrowingTables) -> None:
    if grown.market != market:
        grown.start_over(market)
    newest = (
        "SELECT * FROM (SELECT {0} FROM {1} WHERE {2} > ? AND market IN (?, '') ORDER BY {2} DESC LIMIT {3})"
        " ORDER BY {2}"
    )
    last = max((int(row[0] or 0) for row in query("SELECT MAX(seq) FROM events", ())), default=0)
    if last > grown.event_seq:
        for row in query(_EVENTS, (grown.event_seq, market)):
            grown.events.append(view.EventRow(row[0], row[1], row[2], row[3], json_object(row[4])))
        grown.event_seq = last
    columns = "seq, ts, kind, subject, tags, COALESCE(outcome, ''), COALESCE(mutation_type, ''), body"
    for row in query(newest.format(columns, "journal", "seq", _TAIL), (grown.journal_seq, market)):
        grown.journal.append(view.JournalEntry(*row))
        grown.journal_seq = row["seq"]
    for row in query(
        "SELECT source, reason, COUNT(*) FROM quarantine WHERE id > ? AND market IN (?, '') GROUP BY source, reason",
        (grown.quarantine_id, market),
    ):
        key = (row["source"], row["reason"])
        grown.quarantine_counts[key] = grown.quarantine_counts.get(key, 0) + int(row[2])
    columns = "id, source, input_name, row_number, field, reason, raw_text, ts"
    for row in query(newest.format(columns, "quarantine", "id", 50), (grown.quarantine_id, market)):
        grown.quarantine.append(view.QuarantineRow(*tuple(row)[1:]))
        grown.quarantine_id = row["id"]
