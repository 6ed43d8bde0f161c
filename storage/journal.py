"""The journal: every experiment, diagnosis, decision and approval with its full context, hash-chained.

`query` filters by kind, tag, mutation type, outcome, regime, words and time; `verify` names the first changed row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any, Final

from engine.kernel.canonical import canonical_json
from engine.kernel.errors import StoreError
from storage.database import Database
from storage.hash_chain import GENESIS_HASH, ChainReport, chained_hash

TRIAL_KIND: Final = "experiment"
_COLUMNS: Final = (
    "seq, ts, market, kind, subject, tags, mutation_type, outcome, regime, body, event_seq, prev_hash, hash"
)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry; `body` holds the whole context, `event_seq` the event it belongs to."""

    seq: int
    ts: int
    market: str
    kind: str
    subject: str
    tags: tuple[str, ...]
    mutation_type: str | None
    outcome: str | None
    regime: str | None
    body: Mapping[str, Any]
    event_seq: int | None
    prev_hash: str
    hash: str


class Journal:
    """Append and ask. Times are UTC microseconds. An entry of kind "experiment" counts as one trial."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write(
        self,
        kind: str,
        subject: str,
        body: Mapping[str, Any],
        *,
        ts: int,
        market: str,
        tags: Sequence[str] = (),
        mutation_type: str | None = None,
        outcome: str | None = None,
        regime: str | None = None,
        event_seq: int | None = None,
    ) -> JournalEntry:
        """Append an entry inside the current transaction. Raises StoreError if the body is not plain JSON."""
        try:
            body_text, tags_text = canonical_json(dict(body)), canonical_json(list(tags))
        except (TypeError, ValueError) as error:
            raise StoreError(f"the journal entry '{kind}' is not plain JSON ({error})") from error
        with self._db.transaction() as connection:
            last = self._db.query_one("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
            seq, prev_hash = (1, GENESIS_HASH) if last is None else (last["seq"] + 1, last["hash"])
            fields = (seq, ts, market, kind, subject, tags_text, mutation_type, outcome, regime, body_text, event_seq)
            row = (*fields, prev_hash, chained_hash(prev_hash, fields))
            connection.execute(f"INSERT INTO journal({_COLUMNS}) VALUES({','.join('?' * len(row))})", row)
        return JournalEntry(
            seq,
            ts,
            market,
            kind,
            subject,
            tuple(tags),
            mutation_type,
            outcome,
            regime,
            json.loads(body_text),
            event_seq,
            prev_hash,
            row[-1],
        )

    def query(
        self,
        *,
        market: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        tag: str | None = None,
        mutation_type: str | None = None,
        outcome: str | None = None,
        regime: str | None = None,
        text: str | None = None,
        from_ts: int | None = None,
        to_ts: int | None = None,
        limit: int | None = 200,
    ) -> list[JournalEntry]:
        """Entries that meet every given condition, newest first. `text` is looked for in subject and body; `from_ts`
        and `to_ts` are inclusive."""
        clauses, parameters = ["1"], []  # type: tuple[list[str], list[object]]
        for clause, value in (
            ("market = ?", market),
            ("kind = ?", kind),
            ("subject = ?", subject),
            ("EXISTS (SELECT 1 FROM json_each(journal.tags) WHERE json_each.value = ?)", tag),
            ("mutation_type = ?", mutation_type),
            ("outcome = ?", outcome),
            ("regime = ?", regime),
            ("instr(lower(subject || ' ' || body), lower(?)) > 0", text),
            ("ts >= ?", from_ts),
            ("ts <= ?", to_ts),
        ):
            if value is not None:
                clauses.append(clause)
                parameters.append(value)
        bound = "" if limit is None else f" LIMIT {int(limit)}"
        sql = f"SELECT {_COLUMNS} FROM journal WHERE {' AND '.join(clauses)} ORDER BY seq DESC{bound}"
        return [_entry(row) for row in self._db.query(sql, parameters)]

    def get(self, seq: int) -> JournalEntry | None:
        """One entry, or None."""
        row = self._db.query_one(f"SELECT {_COLUMNS} FROM journal WHERE seq = ?", (seq,))
        return None if row is None else _entry(row)

    def trial_count(self, market: str) -> int:
        """Number of trials ever made on a market: the N by which a Sharpe ratio is deflated."""
        row = self._db.query_one("SELECT count(*) FROM journal WHERE market = ? AND kind = ?", (market, TRIAL_KIND))
        return 0 if row is None else int(row[0])

    def verify(self) -> ChainReport:
        """Walk the chain; the report names the first entry that was changed, removed or put in between."""
        expected, previous = 1, GENESIS_HASH
        for row in self._db.query(f"SELECT {_COLUMNS} FROM journal ORDER BY seq"):
            *fields, prev_hash, row_hash = tuple(row)
            problem = ""
            if row["seq"] != expected:
                problem = f"journal entry {expected} is missing"
            elif prev_hash != previous:
                problem = f"journal entry {expected} does not follow from the entry before it"
            elif row_hash != chained_hash(previous, fields):
                problem = f"journal entry {expected} was changed after it was written"
            if problem:
                return ChainReport(False, expected - 1, expected - 1, previous, expected, problem)
            expected, previous = expected + 1, row_hash
        return ChainReport(True, expected - 1, expected - 1, previous)


def _entry(row: Row) -> JournalEntry:
    values: dict[str, Any] = dict(row)
    values["tags"] = tuple(json.loads(values["tags"]))
    values["body"] = json.loads(values["body"])
    return JournalEntry(**values)
