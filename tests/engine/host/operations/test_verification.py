"""Verification finds every kind of damage, and names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.host.operations.verification import verify_workspace
from storage.stores import Stores
from storage.trading_records import PaperPositionRecord, PositionRecord
from tests.engine import small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import OLD


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        small_workspace.crown(opened, OLD)
        small_workspace.store_bars(opened, 130)
        opened.features.compact(MARKET, ts=9)
        fill_lots(opened, 3)
        yield opened


def fill_lots(stores: Stores, lots: int) -> None:
    """Bought `lots`, with the journal's and the broker's position."""
    stores.db.execute(
        "INSERT INTO orders(order_ref, market, contract, side, quantity_lots, order_type, status, decision_ts, "
        "decision_price, model_id, reduce_only, epoch, updated_ts) "
        "VALUES ('ord-1', ?, 'HEZ24', 'BUY', 3, 'market', 'filled', 1, 80.0, 'm', 0, 1, 1)",
        (MARKET,),
    )
    stores.db.execute(
        "INSERT INTO fills VALUES ('fill-1', 'ord-1', ?, 'HEZ24', 1, ?, 80, 80, 0, 0, 0, 0)", (MARKET, lots)
    )
    stores.trading.positions.upsert(PositionRecord(MARKET, "HEZ24", lots, 80.0, 1))
    stores.trading.paper_positions.upsert(PaperPositionRecord(MARKET, "HEZ24", lots))


def failed(stores: Stores) -> dict[str, str]:
    report = verify_workspace(stores)
    wrong = {check["check"]: check["detail"] for check in report["checks"] if not check["ok"]}
    assert report["ok"] is not bool(wrong)
    return wrong


def change_a_byte(path: Path) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def test_a_sound_workspace_passes_every_check(stores: Stores) -> None:
    assert failed(stores) == {}
    names = [check["check"] for check in verify_workspace(stores)["checks"]]
    assert names == [
        "event chain",
        "journal chain",
        "model artifacts",
        "raw lake",
        "feature segments",
        "positions",
    ]


def test_an_empty_workspace_is_sound(tmp_path: Path) -> None:
    with Stores.open(tmp_path / "empty") as empty:
        assert failed(empty) == {}


FILES = {
    "model artifacts": lambda stores: stores.paths.artifacts,
    "raw lake": lambda stores: stores.paths.raw,
    "feature segments": lambda stores: stores.paths.features,
}


@pytest.mark.parametrize("check", FILES)
@pytest.mark.parametrize("damage", [change_a_byte, Path.unlink])
def test_a_changed_or_missing_file_is_found(stores: Stores, check: str, damage: Callable[[Path], None]) -> None:
    path = sorted(path for path in FILES[check](stores).rglob("*") if path.is_file())[0]
    damage(path)
    wrong = failed(stores)
    assert set(wrong) == {check}
    assert path.name[:12] in wrong[check], "the operator has to know which file to bring back"


@pytest.mark.parametrize("content", [b"", b"PAR1 is not enough", bytes(2000)])
def test_a_file_of_the_lake_that_is_no_parquet_is_named(stores: Stores, content: bytes) -> None:
    path = sorted(path for path in stores.paths.raw.rglob("*") if path.is_file())[-1]
    path.chmod(0o600)
    path.write_bytes(content)
    assert str(path) in failed(stores)["raw lake"]


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("event chain", "UPDATE events SET payload = '{}' WHERE seq = 2"),
        ("event chain", "DELETE FROM events WHERE seq = 2"),
        ("journal chain", "UPDATE journal SET outcome = 'healed' WHERE seq = 1"),
    ],
)
def test_a_changed_or_missing_row_of_a_chain_is_found(stores: Stores, check: str, statement: str) -> None:
    for row in stores.db.query("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        stores.db.execute(f"DROP TRIGGER {row['name']}")
    stores.db.execute(statement)
    assert check in failed(stores)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE positions SET lots = 4",
        "DELETE FROM positions",
        "UPDATE paper_positions SET lots = -3",
        "DELETE FROM paper_positions",
        "INSERT INTO positions VALUES ('simulated_hogs', 'HEG25', 1, 80.0, 1)",
        "DELETE FROM fills",
    ],
)
def test_a_position_that_is_not_what_was_filled_is_found(stores: Stores, statement: str) -> None:
    stores.db.execute(statement)
    wrong = failed(stores)
    assert set(wrong) == {"positions"} and "lots" in wrong["positions"]
