"""The first champion of a market: trained in an experiment of its own as soon as there is enough to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from engine.agent.experiment_worker import FIRST_CHAMPION
from engine.agent.promotion import promote
from engine.host.stored_records import bars_stored, rows_stored
from engine.kernel.errors import HydraError

if TYPE_CHECKING:
    from engine.agent.alert_desk import AlertDesk
    from engine.agent.champions import ChampionDesk
    from engine.agent.experiment import ExperimentRunner
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores

BARS_NEEDED: Final = 300
_NO_CHAMPION: Final = "no_champion"


class FirstChampion:
    """Starts the training and crowns what comes of it. A training that failed is tried again once more is stored."""

    def __init__(
        self, stores: Stores, config: HydraConfig, desk: ChampionDesk, experiments: ExperimentRunner, alerts: AlertDesk
    ) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        self._desk = desk
        self._experiments = experiments
        self._alerts = alerts
        self._untrainable_rows: int | None = None
        self.training_experiment: str | None = None

    def train(self, now_ts: int) -> None:
        """Start the training where no model ever was champion, none is in training, and enough bars are stored."""
        if self.training_experiment is not None or self._stores.registry.champion_id(self._market) is not None:
            return
        if bars_stored(self._stores.db, self._market) < BARS_NEEDED:
            return
        if self._untrainable_rows == rows_stored(self._stores.db, self._market):
            return
        spec = self._experiments.spec(
            case_id="",
            cause="none",
            mutation_type=FIRST_CHAMPION,
            target="champion",
            parameters={},
            champion=None,
            change_point_ts=None,
            until_ts=now_ts,
        )
        self.training_experiment = spec.experiment_id
        self._experiments.start(spec, None, now_ts)

    def crown(self, experiment_id: str, result: dict[str, Any], ts: int) -> str | None:
        """Take the answer of the training: the id of the new champion, or None after an alert that says what is
        missing. Inside the caller's transaction; HydraError where a simulated market cannot be learnt."""
        if result["candidate"] is None:
            message = f"the first champion could not be trained: {result['reason']}"
            if self._config.market.simulated:
                raise HydraError(message, title="Training")
            self._untrainable_rows = rows_stored(self._stores.db, self._market)
            self._alerts.raise_now(_NO_CHAMPION, "CRITICAL", message, {"rows": self._untrainable_rows}, ts)
            return None
        record = self._stores.agent.experiments.require(experiment_id)
        model = self._desk.register(
            result,
            self._experiments.artifact(experiment_id),
            parent_id=None,
            snapshot_hash=record.snapshot_hash,
            ts=ts,
            reason=result["reason"],
        )
        promote(
            self._stores,
            self._market,
            model.model_id,
            actor="engine",
            ts=ts,
            experiment_id=experiment_id,
            reason="first champion of this market: " + result["reason"],
        )
        self._alerts.clear(_NO_CHAMPION, ts)
        return model.model_id
