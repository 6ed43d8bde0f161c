"""Champions stay loaded and verify; promotion and rollback move pointer, event, journal and state number together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.agent.champions import ChampionDesk
from engine.agent.promotion import promote, roll_back
from engine.kernel.errors import CorruptStoreError, NotFoundError, RefusedError
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import NEW, OLD


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


def test_before_the_first_champion_there_is_none(stores: Stores) -> None:
    assert ChampionDesk(stores, MARKET).champion() is None
    with pytest.raises(RefusedError, match="nothing to roll back"):
        roll_back(stores, MARKET, actor="me", reason="worse", ts=2)


def test_the_desk_follows_the_pointer_and_keeps_models_warm(stores: Stores) -> None:
    small_workspace.crown(stores, OLD)
    small_workspace.register(stores, NEW)
    desk = ChampionDesk(stores, MARKET)
    first = desk.champion()
    assert first is not None and first.model_id == OLD == first.reference.model_id
    promote(stores, MARKET, NEW, actor="me", reason="better", ts=5)
    after = desk.champion()
    assert after is not None and after.model_id == NEW
    assert desk.get(OLD) is first
    vector = small_market.vector_at(small_market.history(700), 650)
    said = first.champion.predict_vector(vector.names, vector.values, vector.stale)
    fitted = small_workspace.model(OLD).predict_vector(vector.names, vector.values, vector.stale)
    assert said.expected_return == fitted.expected_return


def test_an_unknown_a_damaged_and_an_unmeasured_model_are_refused(stores: Stores) -> None:
    desk = ChampionDesk(stores, MARKET)
    with pytest.raises(NotFoundError):
        desk.get("ridge-nobody")
    small_workspace.register(stores, OLD)
    record = stores.registry.get(OLD)
    stores.registry.register(
        market=MARKET, kind="ridge", config=record.config, artifact_hash=record.artifact_hash, metrics={},
        data_snapshot_hash="s", code_version="1", ts=1, model_id="ridge-unmeasured",
    )  # fmt: skip
    with pytest.raises(NotFoundError, match="yardstick"):
        desk.get("ridge-unmeasured")
    path = next(path for path in stores.paths.artifacts.rglob("*") if record.artifact_hash in path.name)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(CorruptStoreError):
        desk.get(OLD)


def test_a_promotion_and_its_rollback_are_each_one_event_one_journal_row_and_one_state(stores: Stores) -> None:
    small_workspace.crown(stores, OLD, ts=1)
    small_workspace.register(stores, NEW, ts=2)
    before = stores.state.state_seq()
    promote(stores, MARKET, NEW, actor="me", reason="better", ts=3, approval_id="apr-1", experiment_id="exp-1")
    assert stores.state.state_seq() == before + 1
    assert stores.state.get(f"champion:{MARKET}") == {"model_id": NEW, "since_ts": 3}
    event = stores.events.read(kinds=["model.promoted"])[-1]
    assert (event.payload["previous_model_id"], event.payload["approval_id"]) == (OLD, "apr-1")
    back = roll_back(stores, MARKET, actor="watch", reason="worse", ts=4, automatic=True)
    assert back.model_id == OLD == stores.registry.champion_id(MARKET)
    assert stores.registry.get(NEW).status == "graveyard"
    assert stores.state.get(f"champion:{MARKET}") == {"model_id": OLD, "since_ts": 4}
    assert stores.events.read(kinds=["model.rolled_back"])[-1].payload["automatic"] is True
    assert [entry.kind for entry in stores.journal.query(market=MARKET)].count("rollback") == 1


def test_a_refused_promotion_leaves_no_trace(stores: Stores) -> None:
    small_workspace.crown(stores, OLD)
    before = (stores.state.state_seq(), stores.events.head())
    with pytest.raises(NotFoundError):
        promote(stores, MARKET, "ridge-nobody", actor="me", reason="x", ts=2)
    with pytest.raises(RefusedError):
        roll_back(stores, MARKET, actor="me", reason="x", ts=2)
    assert (stores.state.state_seq(), stores.events.head()) == before
