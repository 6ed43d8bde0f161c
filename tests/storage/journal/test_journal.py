"""The journal: structured query and a chain that names the first changed entry."""

from __future__ import annotations

import pytest

from engine.kernel.errors import StoreError
from storage.database import Database
from storage.journal import Journal


@pytest.fixture
def journal(db: Database) -> Journal:
    book = Journal(db)
    for number in range(10):
        book.write(
            "experiment" if number % 2 else "diagnosis",
            f"case-{number}",
            {"number": number, "note": "Carry FLIPPED" if number == 4 else "quiet"},
            ts=number,
            market="hogs" if number < 8 else "cattle",
            tags=("drift", f"n{number}"),
            mutation_type="retrain" if number % 2 else None,
            outcome="rejected" if number % 2 else None,
            regime="calm" if number < 5 else "wild",
            event_seq=number or None,
        )
    return book


def test_every_filter_narrows(journal: Journal) -> None:
    def found(**conditions: object) -> list[int]:
        return [entry.body["number"] for entry in journal.query(**conditions)]  # type: ignore[arg-type]

    assert found() == list(range(9, -1, -1))
    assert found(market="cattle") == [9, 8]
    assert found(kind="experiment", market="hogs") == [7, 5, 3, 1]
    assert found(tag="n3") == [3] and found(tag="n") == []
    assert found(mutation_type="retrain", regime="wild") == [9, 7, 5]
    assert found(outcome="rejected", limit=1) == [9]
    assert found(text="carry flipped") == [4]
    assert found(from_ts=2, to_ts=4) == [4, 3, 2]
    assert found(subject="case-6") == [6]
    assert journal.trial_count("hogs") == 4 and journal.trial_count("corn") == 0
    assert journal.get(5) == journal.query(subject="case-4")[0] and journal.get(99) is None


@pytest.mark.parametrize("column", ["ts", "market", "kind", "subject", "tags", "outcome", "body", "prev_hash", "hash"])
def test_changed_entry_is_named(journal: Journal, db: Database, column: str) -> None:
    assert journal.verify().ok and journal.verify().rows == 10
    db.execute(f"UPDATE journal SET {column} = 7777 WHERE seq = 6")
    report = journal.verify()
    assert (report.ok, report.first_broken_seq) == (False, 6)


def test_removed_entry_is_named(journal: Journal, db: Database) -> None:
    db.execute("DELETE FROM journal WHERE seq = 3")
    assert journal.verify().first_broken_seq == 3


def test_body_must_be_plain(journal: Journal) -> None:
    with pytest.raises(StoreError):
        journal.write("note", "x", {"bad": float("nan")}, ts=1, market="hogs")
    assert journal.verify().rows == 10
