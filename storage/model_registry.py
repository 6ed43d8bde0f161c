"""The model registry: versions, their lineage, and one champion per market.

The database itself allows one champion per market. Promotion, rollback and retirement are one transaction each: status,
champion history, event and journal entry. A model leaves the championship for the graveyard, from where a rollback
brings it back. Statuses: candidate, paper, champion, graveyard.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any, Final, Literal

from engine.kernel.canonical import canonical_json
from engine.kernel.crashpoints import crashpoint
from engine.kernel.errors import NotFoundError, RefusedError
from engine.kernel.identifiers import derived_id
from engine.kernel.workspace_paths import WorkspacePaths
from storage.artifacts import ArtifactStore
from storage.database import Database
from storage.event_log import EventLog
from storage.journal import Journal

ModelStatus = Literal["candidate", "paper", "champion", "graveyard"]
_COLUMNS: Final = (
    "model_id, market, parent_id, kind, config, data_snapshot_hash, code_version, metrics, status, reason, "
    "artifact_hash, created_ts, updated_ts"
)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One version of a model. `config` is its whole specification, `data_snapshot_hash` what it was trained on,
    `artifact_hash` its bytes, `reason` why it has its status."""

    model_id: str
    market: str
    parent_id: str | None
    kind: str
    config: Mapping[str, Any]
    data_snapshot_hash: str
    code_version: str
    metrics: Mapping[str, Any]
    status: ModelStatus
    reason: str
    artifact_hash: str
    created_ts: int
    updated_ts: int


@dataclass(frozen=True, slots=True)
class ChampionMove:
    """One move of the champion pointer: who came, who went, when, by whom and why ("promotion" or "rollback")."""

    market: str
    model_id: str
    previous_model_id: str | None
    from_ts: int
    reason: str
    actor: str
    kind: str


class ModelRegistry:
    """Register and move models. All times are UTC microseconds."""

    def __init__(
        self, db: Database, paths: WorkspacePaths, events: EventLog | None = None, journal: Journal | None = None
    ) -> None:
        self._db = db
        self._artifacts = ArtifactStore(paths.artifacts)
        self._events = events or EventLog(db, paths)
        self._journal = journal or Journal(db)

    def save_artifact(self, data: bytes) -> str:
        """Store a model's bytes durably; returns their hash."""
        return self._artifacts.save(data)

    def load_artifact(self, artifact_hash: str) -> bytes:
        """A model's bytes. Raises CorruptStoreError if they are missing or changed."""
        return self._artifacts.load(artifact_hash)

    def register(
        self,
        *,
        market: str,
        kind: str,
        config: Mapping[str, Any],
        artifact_hash: str,
        data_snapshot_hash: str,
        code_version: str,
        metrics: Mapping[str, Any],
        ts: int,
        parent_id: str | None = None,
        status: ModelStatus = "candidate",
        reason: str = "",
        model_id: str | None = None,
    ) -> ModelRecord:
        """Add a version as candidate, paper or graveyard; its id derives from content unless given.

        The same version again returns the record that is there. Raises CorruptStoreError for an unreadable artifact.
        """
        if status == "champion":
            raise RefusedError("a model becomes champion by promotion only")
        self._artifacts.load(artifact_hash)
        name = model_id or derived_id(
            "model", market, kind, canonical_json(dict(config)), data_snapshot_hash, artifact_hash, parent_id, length=10
        )
        with self._db.transaction("registry") as connection:
            known = self._find(name)
            if known is not None:
                if (known.market, known.kind, known.artifact_hash) != (market, kind, artifact_hash):
                    raise RefusedError(f"the model id {name} is already used by another model")
                return known
            connection.execute(
                f"INSERT INTO models({_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    name,
                    market,
                    parent_id,
                    kind,
                    canonical_json(dict(config)),
                    data_snapshot_hash,
                    code_version,
                    canonical_json(dict(metrics)),
                    status,
                    reason,
                    artifact_hash,
                    ts,
                    ts,
                ),
            )
            payload = {"model_id": name, "kind": kind, "status": status, "parent_id": parent_id, "reason": reason}
            self._events.append("model.registered", name, payload, ts=ts, market=market)
            crashpoint("registry.before_commit")
        return self.get(name)

    def get(self, model_id: str) -> ModelRecord:
        """One version. Raises NotFoundError."""
        record = self._find(model_id)
        if record is None:
            raise NotFoundError(f"there is no model {model_id}; see `hydra model list`")
        return record

    def list(self, market: str, status: ModelStatus | None = None) -> list[ModelRecord]:
        """Versions of a market, newest first."""
        clause, parameters = ("", [market]) if status is None else (" AND status = ?", [market, status])
        sql = f"SELECT {_COLUMNS} FROM models WHERE market = ?{clause} ORDER BY created_ts DESC, rowid DESC"
        return [_record(row) for row in self._db.query(sql, parameters)]

    def champion_id(self, market: str) -> str | None:
        """Id of the champion: one look at a unique index, cheap enough for every bar."""
        row = self._db.query_one("SELECT model_id FROM models WHERE market = ? AND status = 'champion'", (market,))
        return None if row is None else str(row[0])

    def champion(self, market: str) -> ModelRecord | None:
        """The champion of a market, or None before the first."""
        model_id = self.champion_id(market)
        return None if model_id is None else self.get(model_id)

    def champion_at(self, market: str, ts: int) -> str | None:
        """Id of the model that was champion at a moment, or None."""
        row = self._db.query_one(
            "SELECT model_id FROM champion_history WHERE market = ? AND from_ts <= ? ORDER BY id DESC LIMIT 1",
            (market, ts),
        )
        return None if row is None else str(row[0])

    def history(self, market: str, limit: int = 100) -> tuple[ChampionMove, ...]:
        """Moves of the champion pointer, newest first."""
        rows = self._db.query(
            "SELECT market, model_id, previous_model_id, from_ts, reason, actor, kind FROM champion_history "
            "WHERE market = ? ORDER BY id DESC LIMIT ?",
            (market, limit),
        )
        return tuple(ChampionMove(**dict(row)) for row in rows)

    def predecessor(self, market: str) -> str | None:
        """Id of the model that a rollback would bring back: the one that the champion replaced when it was promoted."""
        row = self._db.query_one(
            "SELECT previous_model_id FROM champion_history WHERE market = ? AND kind = 'promotion' AND model_id = "
            "(SELECT model_id FROM models WHERE market = ? AND status = 'champion') ORDER BY id DESC LIMIT 1",
            (market, market),
        )
        return None if row is None else row[0]

    def promote(
        self,
        market: str,
        model_id: str,
        *,
        actor: str,
        reason: str,
        ts: int,
        approval_id: str | None = None,
        experiment_id: str | None = None,
        from_graveyard: bool = False,
    ) -> ModelRecord:
        """Make a candidate or paper model the champion. The champion itself again changes nothing. A model in the
        graveyard is refused unless the operator asks for it by `from_graveyard`.

        Raises NotFoundError, RefusedError (another market's model, graveyard), CorruptStoreError (its artifact).
        """
        with self._db.transaction("registry") as connection:
            record = self.get(model_id)
            if record.market != market:
                raise RefusedError(f"model {model_id} belongs to {record.market}, not to {market}")
            if record.status == "champion":
                return record
            if record.status == "graveyard" and not from_graveyard:
                raise RefusedError(f"model {model_id} lies in the graveyard ({record.reason}); roll back to a champion")
            self._artifacts.load(record.artifact_hash)
            previous = self.champion_id(market)
            self._move(connection, market, model_id, previous, actor, reason, ts, "promotion")
            payload = {
                "model_id": model_id,
                "previous_model_id": previous,
                "reason": reason,
                "actor": actor,
                "approval_id": approval_id,
                "experiment_id": experiment_id,
            }
            event = self._events.append("model.promoted", model_id, payload, ts=ts, market=market)
            self._journal.write(
                "promotion", model_id, payload, ts=ts, market=market, outcome="promoted", event_seq=event.seq
            )
            crashpoint("registry.before_commit")
        return self.get(model_id)

    def rollback(self, market: str, *, actor: str, reason: str, ts: int, automatic: bool = False) -> ModelRecord:
        """Bring back the model that the champion replaced; the champion goes to the graveyard.

        Raises RefusedError if there was none, CorruptStoreError if its artifact is damaged (the champion then stays).
        """
        with self._db.transaction("registry") as connection:
            current, previous = self.champion_id(market), self.predecessor(market)
            if current is None or previous is None:
                raise RefusedError(f"{market} has no earlier champion to roll back to")
            self._artifacts.load(self.get(previous).artifact_hash)
            self._move(connection, market, previous, current, actor, reason, ts, "rollback")
            payload = {
                "model_id": previous,
                "previous_model_id": current,
                "reason": reason,
                "actor": actor,
                "automatic": automatic,
            }
            event = self._events.append("model.rolled_back", previous, payload, ts=ts, market=market)
            self._journal.write(
                "rollback", previous, payload, ts=ts, market=market, outcome="rolled_back", event_seq=event.seq
            )
            crashpoint("registry.before_commit")
        return self.get(previous)

    def retire(self, model_id: str, *, actor: str, reason: str, ts: int) -> ModelRecord:
        """Send a candidate or paper model to the graveyard. Raises RefusedError for a champion."""
        with self._db.transaction("registry") as connection:
            record = self.get(model_id)
            if record.status == "champion":
                raise RefusedError(f"model {model_id} is the champion; promote another or roll back")
            if record.status == "graveyard":
                return record
            self._set(connection, model_id, "graveyard", reason, ts)
            payload = {"model_id": model_id, "reason": reason, "actor": actor}
            event = self._events.append("model.retired", model_id, payload, ts=ts, market=record.market)
            self._journal.write(
                "retirement", model_id, payload, ts=ts, market=record.market, outcome="graveyard", event_seq=event.seq
            )
            crashpoint("registry.before_commit")
        return self.get(model_id)

    def set_paper(self, model_id: str, *, reason: str, ts: int) -> ModelRecord:
        """Note that a candidate trades on paper beside the champion. Raises RefusedError for other statuses."""
        with self._db.transaction("registry") as connection:
            record = self.get(model_id)
            if record.status not in ("candidate", "paper"):
                raise RefusedError(f"model {model_id} is {record.status}; only a candidate goes to paper")
            self._set(connection, model_id, "paper", reason, ts)
        return self.get(model_id)

    def _move(
        self,
        connection: Connection,
        market: str,
        model_id: str,
        previous: str | None,
        actor: str,
        reason: str,
        ts: int,
        kind: str,
    ) -> None:
        if previous is not None:
            verb = "replaced by" if kind == "promotion" else "rolled back to"
            self._set(connection, previous, "graveyard", f"{verb} {model_id}: {reason}", ts)
        self._set(connection, model_id, "champion", reason, ts)
        connection.execute(
            "INSERT INTO champion_history(market, model_id, previous_model_id, from_ts, reason, actor, kind) "
            "VALUES(?,?,?,?,?,?,?)",
            (market, model_id, previous, ts, reason, actor, kind),
        )

    def _set(self, connection: Connection, model_id: str, status: ModelStatus, reason: str, ts: int) -> None:
        connection.execute(
            "UPDATE models SET status = ?, reason = ?, updated_ts = ? WHERE model_id = ?",
            (status, reason, ts, model_id),
        )

    def _find(self, model_id: str) -> ModelRecord | None:
        row = self._db.query_one(f"SELECT {_COLUMNS} FROM models WHERE model_id = ?", (model_id,))
        return None if row is None else _record(row)


def _record(row: Row) -> ModelRecord:
    values: dict[str, Any] = dict(row)
    values["config"], values["metrics"] = json.loads(values["config"]), json.loads(values["metrics"])
    return ModelRecord(**values)
