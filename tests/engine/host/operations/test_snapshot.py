"""One look at a workspace: complete, incremental, and never an error for what is missing or corrupt."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine.host.operations.snapshot import GrowingTables, SnapshotReader, empty_snapshot, read_snapshot
from engine.kernel.timestamps import MICROS_PER_SECOND
from storage.database import Database
from tests.hydra_tui.fixture_workspace import MARKET, NOW, WALL, fill_workspace


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return fill_workspace(tmp_path_factory.mktemp("workspace"))


def test_everything_is_there(paths):
    db = Database(paths.database, read_only=True)
    look = read_snapshot(db, MARKET, WALL, halt_file=paths.halt_file)
    db.close()
    assert look.engine.effective_state == "RUNNING" and look.engine.autonomy == "semi-auto"
    assert look.engine.heartbeat_age_us == 400_000 and not look.engine.silent
    assert look.engine.state_seq == 8_844, "views do not move the state number"
    assert look.clock.now_ts == NOW and look.clock.simulated and look.clock.session == "OPEN"
    assert look.position.lots == 2 and look.position.last_price == 81.275 and look.position.contract == "HEZ6"
    assert look.account.day_pnl_usd == 412.0 and len(look.account.series) == 240
    assert look.account.week_pnl_usd is not None
    assert look.champion.model_id == "ridge-41c2d9" and len(look.champion.series["sharpe"]) == 60
    assert [limit.name for limit in look.limits][:2] == ["daily_loss", "drawdown"]
    assert {signal.name for signal in look.signals} >= {"skew_slope", "carry"}
    assert look.open_approvals[0].evidence["verdict"]["outcome"] == "passed"
    assert look.current_case.cause == "concept_drift" and look.paper_tests[0].hours == 31.5
    assert {count.reason: count.rows for count in look.quarantine_counts} == {
        "price x100 implausible": 2,
        "duplicate bar": 1,
    }
    assert look.events[0].kind == "order.filled" and look.journal[0].seq == 9_119
    assert len(look.bars["venue"]) == 240 and look.bars["venue"][0].event_ts < look.bars["venue"][-1].event_ts


def test_growth_is_read_once(paths):
    db = Database(paths.database)
    grown = GrowingTables()
    first = read_snapshot(db, MARKET, WALL, grown=grown)
    with db.transaction() as connection:
        connection.execute(
            "INSERT INTO events VALUES (90, ?, 'halt.set', 's', ?, '{}', NULL, 'x', 'h90')",
            (NOW, MARKET),
        )
    second = read_snapshot(db, MARKET, WALL, grown=grown)
    assert [event.seq for event in second.events] == [90, *(event.seq for event in first.events)]
    assert second.quarantine_counts == first.quarantine_counts
    with db.transaction() as connection:
        connection.execute("DELETE FROM events WHERE seq = 90")
    db.close()


def test_the_reader_notices_commits_and_the_halt_file(paths):
    reader = SnapshotReader(paths.database, MARKET, halt_file=paths.halt_file)
    assert reader.changed()
    reader.read(WALL)
    assert not reader.changed()
    db = Database(paths.database)
    with db.transaction() as connection:
        connection.execute("UPDATE heartbeats SET ts = ts + 1 WHERE name = 'engine'")
    assert reader.changed()
    reader.read(WALL)
    paths.halt_file.write_text("x")
    assert reader.changed()
    assert reader.read(WALL).engine.effective_state == "HALTED", "the file halts whatever the row says"
    paths.halt_file.unlink()
    db.close()
    reader.close()


def test_before_any_engine_there_is_an_empty_look(tmp_path):
    reader = SnapshotReader(tmp_path / "none.db", MARKET)
    look = reader.read(WALL)
    assert look == empty_snapshot(MARKET, WALL)
    assert look.engine.state == "UNKNOWN" and look.engine.heartbeat_age_us is None and look.champion is None


@pytest.mark.parametrize("key", ["operational_state", "limits_view", "signals_view", "halt", "market_view"])
def test_corrupt_rows_are_unknown_not_errors(tmp_path, key):
    paths = fill_workspace(tmp_path)
    db = Database(paths.database)
    with db.transaction() as connection:
        connection.execute("UPDATE state SET value = '{broken' WHERE key = ?", (key,))
        connection.execute("UPDATE models SET metrics = '[1, NaN'")
        connection.execute("UPDATE trader_state SET value = ?", (json.dumps({"memory": {"last_price": float("nan")}}),))
    look = read_snapshot(db, MARKET, WALL)
    db.close()
    assert look.position.last_price is None
    if key == "operational_state":
        assert look.engine.state == "UNKNOWN"
    assert (look.picture.written_ts is None) == (key == "market_view")


def test_silence_is_measured_on_the_machines_clock(paths):
    db = Database(paths.database, read_only=True)
    look = read_snapshot(db, MARKET, WALL + 20 * MICROS_PER_SECOND)
    db.close()
    assert look.engine.silent and look.engine.down and look.clock.now_ts == NOW


def test_reading_imports_nothing_heavy():
    code = (
        "import sys, engine.host.operations.snapshot, engine.host.operations.commands,"
        " engine.host.operations.action_registry; "
        "heavy = ('numpy', 'pyarrow', 'duckdb', 'pandas', 'pydantic', 'textual', 'rich'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
