"""Loaded models of one market: the champion, its predecessor and those on paper stay warm, so that a rollback is
instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.agent.reference import ChampionReference
from engine.kernel.errors import NotFoundError
from engine.kernel.version import VERSION

if TYPE_CHECKING:
    from models.champion import Champion
    from storage.stores import Stores

REFERENCE_KEY = "reference"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to predict, with the yardstick of its training."""

    model_id: str
    champion: Champion
    reference: ChampionReference


class ChampionDesk:
    """Loads models by id and keeps them."""

    def __init__(self, stores: Stores, market: str) -> None:
        self._stores = stores
        self._market = market
        self._loaded: dict[str, LoadedModel] = {}

    def champion(self) -> LoadedModel | None:
        """The champion in force, or None before the first."""
        model_id = self._stores.registry.champion_id(self._market)
        return None if model_id is None else self.get(model_id)

    def get(self, model_id: str) -> LoadedModel:
        """A model by id; NotFoundError for an unknown one, CorruptStoreError for a damaged artifact."""
        if model_id not in self._loaded:
            self._loaded[model_id] = self._load(model_id)
        return self._loaded[model_id]

    def register(
        self,
        result: dict[str, Any],
        artifact: bytes,
        *,
        parent_id: str | None,
        snapshot_hash: str,
        ts: int,
        reason: str,
    ) -> LoadedModel:
        """Put an experiment's candidate into the registry, inside the caller's transaction."""
        candidate = result["candidate"]
        artifact_hash = self._stores.registry.save_artifact(artifact)
        record = self._stores.registry.register(
            market=self._market,
            kind=candidate["spec"]["kind"],
            config=candidate["spec"],
            artifact_hash=artifact_hash,
            data_snapshot_hash=snapshot_hash,
            code_version=VERSION,
            metrics={**result["metrics"], REFERENCE_KEY: candidate["reference"]},
            ts=ts,
            parent_id=parent_id,
            reason=reason,
            model_id=candidate["model_id"],
        )
        return self.get(record.model_id)

    def _load(self, model_id: str) -> LoadedModel:
        from models.champion import Champion
        from models.spec import ModelSpec

        record = self._stores.registry.get(model_id)
        if REFERENCE_KEY not in record.metrics:
            raise NotFoundError(f"model {model_id} carries no training yardstick; it cannot be watched")
        champion = Champion.load(
            model_id, ModelSpec.from_json(record.config), self._stores.registry.load_artifact(record.artifact_hash)
        )
        return LoadedModel(model_id, champion, ChampionReference.from_json(record.metrics[REFERENCE_KEY]))
