"""One table of plain records: a frozen dataclass whose fields are the table's columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from sqlite3 import Row
from typing import Any, Generic, TypeVar

from engine.kernel.canonical import canonical_json
from engine.kernel.errors import NotFoundError, StoreError
from storage.database import Database

Record = TypeVar("Record")


class RecordTable(Generic[Record]):
    """Insert, change and read records of one table. `json` columns hold JSON, `flags` hold booleans.

    Every write joins the current transaction. Conditions are column = value, or one of several for a list or tuple.
    """

    def __init__(
        self,
        db: Database,
        table: str,
        record_type: type[Record],
        *,
        key: Sequence[str],
        json: Sequence[str] = (),
        flags: Sequence[str] = (),
        order_by: str,
    ) -> None:
        self._db = db
        self._table = table
        self._type = record_type
        self._key = tuple(key)
        self._json = frozenset(json)
        self._flags = frozenset(flags)
        self._order_by = order_by
        self._columns = tuple(field.name for field in fields(record_type))  # type: ignore[arg-type]

    def upsert(self, record: Record) -> None:
        """Insert the record, or replace the one with its key."""
        kept = ", ".join(f"{name} = excluded.{name}" for name in self._columns if name not in self._key)
        self._insert(record, f"ON CONFLICT({', '.join(self._key)}) DO UPDATE SET {kept}")

    def add(self, record: Record) -> bool:
        """Insert the record; False, and nothing changes, if its key is there already (append-only tables)."""
        return bool(self._insert(record, f"ON CONFLICT({', '.join(self._key)}) DO NOTHING"))

    def get(self, *key: object) -> Record | None:
        """The record with this key, or None."""
        where = " AND ".join(f"{name} = ?" for name in self._key)
        row = self._db.query_one(f"SELECT {', '.join(self._columns)} FROM {self._table} WHERE {where}", key)
        return None if row is None else self.record(row)

    def require(self, *key: object) -> Record:
        """The record with this key. Raises NotFoundError if there is none."""
        record = self.get(*key)
        if record is None:
            raise NotFoundError(f"there is no entry {' '.join(map(str, key))} in {self._table}")
        return record

    def list(self, *, limit: int | None = None, newest_first: bool = False, **conditions: object) -> list[Record]:
        """Records that meet all conditions, in the table's order."""
        where, parameters = self._where(conditions)
        order = f"{self._order_by} {'DESC' if newest_first else 'ASC'}, rowid {'DESC' if newest_first else 'ASC'}"
        bound = "" if limit is None else f" LIMIT {int(limit)}"
        sql = f"SELECT {', '.join(self._columns)} FROM {self._table}{where} ORDER BY {order}{bound}"
        return [self.record(row) for row in self._db.query(sql, parameters)]

    def count(self, **conditions: object) -> int:
        """Number of records that meet all conditions."""
        where, parameters = self._where(conditions)
        row = self._db.query_one(f"SELECT count(*) FROM {self._table}{where}", parameters)
        return 0 if row is None else int(row[0])

    def change(self, *key: object, **values: object) -> bool:
        """Set some columns of one record; False if there is none with this key."""
        self._check_columns(values)
        assignments = ", ".join(f"{name} = ?" for name in values)
        where = " AND ".join(f"{name} = ?" for name in self._key)
        parameters = [*(self._encode(name, value) for name, value in values.items()), *key]
        return bool(self._db.execute(f"UPDATE {self._table} SET {assignments} WHERE {where}", parameters))

    def delete(self, *key: object) -> bool:
        """Remove one record; False if there is none with this key."""
        where = " AND ".join(f"{name} = ?" for name in self._key)
        return bool(self._db.execute(f"DELETE FROM {self._table} WHERE {where}", key))

    def _insert(self, record: Record, conflict: str) -> int:
        names = ", ".join(self._columns)
        marks = ", ".join("?" * len(self._columns))
        values = [self._encode(name, getattr(record, name)) for name in self._columns]
        return self._db.execute(f"INSERT INTO {self._table}({names}) VALUES({marks}) {conflict}", values)

    def _where(self, conditions: Mapping[str, object]) -> tuple[str, Sequence[object]]:
        self._check_columns(conditions)
        clauses, parameters = [], []  # type: tuple[list[str], list[object]]
        for name, value in conditions.items():
            if isinstance(value, (list, tuple)):
                clauses.append(f"{name} IN ({','.join('?' * len(value))})")
                parameters.extend(value)
            else:
                clauses.append(f"{name} IS ?")
                parameters.append(value)
        return (f" WHERE {' AND '.join(clauses)}" if clauses else ""), parameters

    def _check_columns(self, names: Mapping[str, object]) -> None:
        unknown = [name for name in names if name not in self._columns]
        if unknown:
            raise StoreError(f"table {self._table} has no column '{unknown[0]}'")

    def _encode(self, name: str, value: Any) -> object:
        if name in self._json and value is not None:
            try:
                return canonical_json(value)
            except (TypeError, ValueError) as error:
                raise StoreError(f"{self._table}.{name} is not plain JSON ({error})") from error
        if name in self._flags:
            return int(bool(value))
        return value

    def record(self, row: Row) -> Record:
        """The record of a row that was selected with all columns of the table's records."""
        values: dict[str, Any] = dict(row)
        for name in self._json:
            if values[name] is not None:
                values[name] = json.loads(values[name])
        for name in self._flags:
            values[name] = bool(values[name])
        return self._type(**values)
