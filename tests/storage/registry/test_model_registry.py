"""The registry: one champion per market held by the database, moves that are whole or absent, verified artifacts."""

from __future__ import annotations

import pytest

from engine.kernel.errors import CorruptStoreError, NotFoundError, RefusedError, StoreError
from engine.kernel.workspace_paths import WorkspacePaths
from storage.database import Database
from storage.event_log import EventLog
from storage.journal import Journal
from storage.model_registry import ModelRecord, ModelRegistry


@pytest.fixture
def registry(db: Database, paths: WorkspacePaths) -> ModelRegistry:
    return ModelRegistry(db, paths)


def add(registry: ModelRegistry, name: str, market: str = "hogs", ts: int = 1) -> ModelRecord:
    return registry.register(
        market=market,
        kind="ridge",
        config={"name": name},
        artifact_hash=registry.save_artifact(name.encode()),
        data_snapshot_hash="data",
        code_version="1",
        metrics={"sharpe": 1.0},
        ts=ts,
    )


def promote(registry: ModelRegistry, model: ModelRecord, ts: int, market: str = "hogs") -> ModelRecord:
    return registry.promote(market, model.model_id, actor="operator", reason="better", ts=ts)


def test_same_version_is_registered_once(registry: ModelRegistry, db: Database) -> None:
    first = add(registry, "a")
    assert add(registry, "a", ts=9) == first
    assert registry.list("hogs") == [first] and registry.list("hogs", "paper") == []
    assert db.query("SELECT count(*) FROM events")[0][0] == 1
    assert registry.get(first.model_id) == first
    with pytest.raises(NotFoundError):
        registry.get("none")
    with pytest.raises(RefusedError):
        registry.register(
            market="hogs",
            kind="gbm",
            config={},
            artifact_hash=first.artifact_hash,
            data_snapshot_hash="",
            code_version="1",
            metrics={},
            ts=1,
            model_id=first.model_id,
        )


def test_promotion_and_rollback_walk_the_history(registry: ModelRegistry, db: Database, paths: WorkspacePaths) -> None:
    assert registry.champion("hogs") is None and registry.champion_at("hogs", 99) is None
    a, b, c = (add(registry, name) for name in "abc")
    other = add(registry, "x", market="cattle")
    promote(registry, a, 10)
    promote(registry, other, 11, market="cattle")
    promote(registry, b, 20)
    promote(registry, c, 30)
    assert promote(registry, c, 31).updated_ts == 30
    assert registry.predecessor("hogs") == b.model_id
    assert registry.rollback("hogs", actor="agent", reason="worse", ts=40, automatic=True).model_id == b.model_id
    assert registry.rollback("hogs", actor="operator", reason="worse", ts=50).model_id == a.model_id
    with pytest.raises(RefusedError):
        registry.rollback("hogs", actor="operator", reason="again", ts=60)
    assert [registry.champion_at("hogs", ts) for ts in (9, 10, 29, 30, 45, 50)] == [
        None,
        a.model_id,
        b.model_id,
        c.model_id,
        b.model_id,
        a.model_id,
    ]
    assert registry.champion_id("cattle") == other.model_id
    assert [(move.kind, move.actor) for move in registry.history("hogs", 2)] == [
        ("rollback", "operator"),
        ("rollback", "agent"),
    ]
    kinds = [event.kind for event in EventLog(db, paths).read(market="hogs")]
    assert kinds == ["model.registered"] * 3 + ["model.promoted"] * 3 + ["model.rolled_back"] * 2
    entries = Journal(db).query(market="hogs")
    assert [entry.kind for entry in entries] == ["rollback"] * 2 + ["promotion"] * 3
    assert all(entry.event_seq is not None for entry in entries)


def test_database_holds_one_champion_per_market(registry: ModelRegistry, db: Database) -> None:
    a, b = add(registry, "a"), add(registry, "b")
    promote(registry, a, 1)
    with pytest.raises(StoreError, match="UNIQUE"):
        db.execute("UPDATE models SET status = 'champion' WHERE model_id = ?", (b.model_id,))
    assert registry.champion_id("hogs") == a.model_id


def test_refusals(registry: ModelRegistry) -> None:
    a, b = add(registry, "a"), add(registry, "b")
    with pytest.raises(RefusedError, match="belongs to"):
        registry.promote("cattle", a.model_id, actor="x", reason="", ts=1)
    promote(registry, a, 1)
    with pytest.raises(RefusedError, match="champion"):
        registry.retire(a.model_id, actor="x", reason="", ts=2)
    with pytest.raises(RefusedError, match="candidate"):
        registry.set_paper(a.model_id, reason="", ts=2)
    assert registry.set_paper(b.model_id, reason="compare", ts=2).status == "paper"
    assert registry.retire(b.model_id, actor="x", reason="no edge", ts=3).status == "graveyard"
    assert registry.retire(b.model_id, actor="x", reason="again", ts=4).reason == "no edge"
    with pytest.raises(RefusedError, match="graveyard"):
        promote(registry, b, 5)
    assert registry.promote("hogs", b.model_id, actor="x", reason="yet", ts=6, from_graveyard=True).status == "champion"


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_damaged_artifact_is_refused_and_the_champion_stays(
    registry: ModelRegistry, paths: WorkspacePaths, damage: str
) -> None:
    a, b = add(registry, "a"), add(registry, "b")
    promote(registry, a, 1)
    promote(registry, b, 2)
    path = paths.artifacts / a.artifact_hash[:2] / a.artifact_hash
    path.write_bytes(b"other") if damage == "changed" else path.unlink()
    with pytest.raises(CorruptStoreError):
        registry.load_artifact(a.artifact_hash)
    with pytest.raises(CorruptStoreError):
        registry.rollback("hogs", actor="x", reason="", ts=3)
    assert registry.champion_id("hogs") == b.model_id
    assert registry.save_artifact(b"a") == a.artifact_hash
    assert registry.rollback("hogs", actor="x", reason="", ts=4).model_id == a.model_id


def test_failed_move_leaves_no_trace(
    registry: ModelRegistry, db: Database, paths: WorkspacePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = add(registry, "a"), add(registry, "b")
    promote(registry, a, 1)

    def fail(*_: object, **__: object) -> None:
        raise StoreError("no room")

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="no room"):
        patch.setattr(Journal, "write", fail)
        promote(registry, b, 2)
    assert registry.champion_id("hogs") == a.model_id and registry.get(b.model_id).status == "candidate"
    assert len(registry.history("hogs")) == 1
    assert EventLog(db, paths).tail(1)[0].subject == a.model_id and EventLog(db, paths).verify().ok
