"""Preparing experiments: spec, snapshot and champion artifact in a directory of their own, and the record of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.agent.experiment_pool import ExperimentEnd, ExperimentPool
from engine.kernel.identifiers import derived_id
from engine.sandbox.experiment_spec import CANDIDATE_FILE, CHAMPION_FILE, ExperimentSpec

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


class ExperimentRunner:
    """Starts experiments in isolation and records how they end."""

    def __init__(self, stores: Stores, config: HydraConfig) -> None:
        self._stores = stores
        self._config = config
        self._market = config.market.market
        agent = config.agent
        self.pool = ExperimentPool(
            max_concurrent=agent.max_concurrent_experiments,
            timeout_s=agent.experiment_timeout_s,
            memory_mib=agent.experiment_memory_mib,
            niceness=config.host.worker_niceness,
        )

    def spec(
        self,
        *,
        case_id: str,
        cause: str,
        mutation_type: str,
        target: str,
        parameters: dict[str, Any],
        champion: Any,
        change_point_ts: int | None,
        until_ts: int,
    ) -> ExperimentSpec:
        """The specification of one experiment; its id derives from everything it depends on."""
        trials = self._stores.journal.trial_count(self._market)
        champion_id = "" if champion is None else champion.model_id
        experiment_id = derived_id(
            "exp", case_id, champion_id, mutation_type, target, sorted(parameters.items()), until_ts
        )
        return ExperimentSpec(
            experiment_id=experiment_id,
            case_id=case_id,
            market=self._market,
            cause=cause,
            mutation_type=mutation_type,
            target_component=target,
            parameters=parameters,
            champion_id=champion_id,
            champion_spec={} if champion is None else champion.champion.spec.to_json(),
            champion_reference={} if champion is None else champion.reference.to_json(),
            change_point_ts=change_point_ts,
            until_ts=until_ts,
            trial_count=trials,
            seed=int(derived_id("seed", experiment_id).removeprefix("seed-"), 16),
            config=self._config.model_dump(mode="json"),
            snapshot="",
        )

    def start(self, spec: ExperimentSpec, artifact: bytes | None, ts: int) -> int:
        """Write the directory, spawn the process, record both; returns the pid. Safe to repeat after a crash."""
        from storage.agent_records import ExperimentRecord
        from storage.snapshots import write_snapshot

        related = self._config.features.related_weights
        folder, snapshot_hash = write_snapshot(self._stores, spec.market, spec.until_ts, related=related)
        spec = replace(spec, snapshot=str(folder))
        directory = self._stores.paths.experiments / spec.experiment_id
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(parents=True)
        spec.write(directory)
        if artifact is not None:
            (directory / CHAMPION_FILE).write_bytes(artifact)
        pid = self.pool.start(spec.experiment_id, directory)
        short_spec = {
            "mutation_type": spec.mutation_type,
            "target_component": spec.target_component,
            "parameters": spec.parameters,
            "champion_id": spec.champion_id,
            "cause": spec.cause,
            "change_point_ts": spec.change_point_ts,
            "until_ts": spec.until_ts,
            "trial_count": spec.trial_count,
        }
        with self._stores.db.transaction():
            self._stores.agent.experiments.upsert(
                ExperimentRecord(
                    experiment_id=spec.experiment_id,
                    market=spec.market,
                    spec=short_spec,
                    status="running",
                    directory=str(directory.relative_to(self._stores.paths.root)),
                    snapshot_hash=snapshot_hash,
                    case_id=spec.case_id,
                    pid=pid,
                    started_ts=ts,
                )
            )
            self._stores.events.append(
                "experiment.started",
                spec.experiment_id,
                {
                    "experiment_id": spec.experiment_id,
                    "case_id": spec.case_id,
                    "pid": pid,
                    "snapshot_hash": snapshot_hash,
                    "mutation_type": spec.mutation_type,
                },
                ts=ts,
                market=spec.market,
            )
        return pid

    def finish(self, end: ExperimentEnd, ts: int) -> dict[str, Any]:
        """Record an ended experiment in the caller's transaction; returns its answer (outcome `failed` where none
        came)."""
        result = end.result or {
            "outcome": "failed",
            "reason": end.reason,
            "verdict": None,
            "candidate": None,
            "metrics": {},
        }
        record = self._stores.agent.experiments.require(end.experiment_id)
        shown = {key: value for key, value in result.items() if key != "candidate"}
        shown["candidate_id"] = (result["candidate"] or {}).get("model_id")
        self._stores.agent.experiments.change(end.experiment_id, status=end.status, finished_ts=ts, result=shown)
        gates = (result["verdict"] or {}).get("gates", [])
        event = self._stores.events.append(
            "experiment.finished",
            end.experiment_id,
            {
                "experiment_id": end.experiment_id,
                "case_id": record.case_id or "",
                "outcome": result["outcome"],
                "gates": gates,
                "candidate_id": shown["candidate_id"],
                "duration_s": end.duration_s,
                "reason": result["reason"],
                "metrics": result["metrics"],
            },
            ts=ts,
            market=self._market,
        )
        self._stores.journal.write(
            "experiment",
            end.experiment_id,
            {
                "sentence": f"{record.spec['mutation_type']} of {record.spec['target_component']}: {result['outcome']} "
                f"({result['reason']})",
                "spec": dict(record.spec),
                "gates": gates,
                "metrics": result["metrics"],
            },
            ts=ts,
            market=self._market,
            mutation_type=record.spec["mutation_type"],
            outcome=result["outcome"],
            tags=[record.spec["cause"]],
            event_seq=event.seq,
        )
        return result

    def record_lost(self, experiment_ids: Sequence[str], reason: str, ts: int) -> None:
        """Record experiments whose process ended with its engine; nothing of them took effect, so they are no
        trials."""
        for experiment_id in experiment_ids:
            with self._stores.db.transaction():
                record = self._stores.agent.experiments.require(experiment_id)
                result: dict[str, Any] = {
                    "outcome": "failed",
                    "reason": reason,
                    "verdict": None,
                    "candidate_id": None,
                    "metrics": {},
                }
                self._stores.agent.experiments.change(experiment_id, status="killed", finished_ts=ts, result=result)
                self._stores.events.append(
                    "experiment.finished",
                    experiment_id,
                    {
                        "experiment_id": experiment_id,
                        "case_id": record.case_id or "",
                        "outcome": "failed",
                        "gates": [],
                        "reason": reason,
                    },
                    ts=ts,
                    market=self._market,
                )

    def artifact(self, experiment_id: str) -> bytes:
        """The candidate's bytes as the experiment left them."""
        return (self._stores.paths.experiments / experiment_id / CANDIDATE_FILE).read_bytes()
