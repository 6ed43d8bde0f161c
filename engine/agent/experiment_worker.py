"""The process of one experiment: reads its snapshot, writes into its own directory, answers with one JSON file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.kernel.child_processes import adopt_parent
from engine.kernel.errors import HydraError
from engine.sandbox.experiment_spec import CANDIDATE_FILE, CHAMPION_FILE, RESULT_FILE, ExperimentSpec

FIRST_CHAMPION = "first_champion"


def main(arguments: Sequence[str]) -> int:
    """Entry of the hidden sub-command `__experiment`. Exit code 0 with `result.json`, or the error's code and
    sentence."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    adopt_parent(niceness=int(options.get("--niceness", "0")), memory_mib=int(options["--memory-mib"]))
    directory = Path(options["--directory"])
    try:
        result = run(directory)
    except HydraError as error:
        result = {"outcome": "not_possible", "reason": error.message, "verdict": None, "candidate": None, "metrics": {}}
    partial = directory / f"{RESULT_FILE}.partial"
    partial.write_text(json.dumps(result, allow_nan=False, sort_keys=True), encoding="utf-8")
    partial.rename(directory / RESULT_FILE)
    return 0


def run(directory: Path) -> dict[str, Any]:
    """Run what `spec.json` of the directory asks for."""
    import numpy as np

    from engine.ingestion.record_reader import records_from_tables
    from engine.kernel.config_models import HydraConfig
    from engine.sandbox.market_history import decision_bars, history_from_matrix
    from engine.signals.feature_registry import feature_names
    from storage.datasets import SNAPSHOT_DATASETS
    from storage.snapshots import Snapshot

    spec = ExperimentSpec.read(directory)
    config = HydraConfig.model_validate(spec.config)
    snapshot = Snapshot(Path(spec.snapshot))
    records = records_from_tables({dataset: snapshot.raw(dataset) for dataset in SNAPSHOT_DATASETS})
    bars = decision_bars(records, config)
    times = np.array([bar.known_ts for bar in bars], dtype=np.int64)
    history = history_from_matrix(bars, snapshot.matrix(times, feature_names(config)))
    if spec.mutation_type == FIRST_CHAMPION:
        return _first_champion(spec, history, config, directory)
    return _experiment(spec, records, history, config, directory)


def _first_champion(spec: ExperimentSpec, history: Any, config: Any, directory: Path) -> dict[str, Any]:
    from engine.agent.champion_reference import reference_of
    from engine.kernel.identifiers import derived_id
    from engine.sandbox.candidate import train_first

    kind = config.models.kind
    model_id = derived_id(kind, spec.market, spec.until_ts, spec.seed, length=6)
    champion, edge = train_first(model_id, kind, tuple(config.market.champion_features), history, config, spec.seed)
    (directory / CANDIDATE_FILE).write_bytes(champion.model.serialize())
    reference = reference_of(champion, history, config)
    return {
        "outcome": "passed",
        "reason": edge.reason,
        "verdict": None,
        "candidate": {"model_id": model_id, "spec": champion.spec.to_json(), "reference": reference.to_json()},
        "metrics": {
            "edge_lower_bound": edge.lower_bound,
            "information_coefficient": edge.information_coefficient,
            "training_bars": champion.spec.training.window_bars,
            "deployable": edge.deployable,
        },
    }


def _experiment(
    spec: ExperimentSpec, records: Sequence[Any], history: Any, config: Any, directory: Path
) -> dict[str, Any]:
    from engine.agent.champion_reference import candidate_reference
    from engine.agent.reference import ChampionReference
    from engine.sandbox.experiment import run_experiment
    from models.champion import Champion
    from models.spec import ModelSpec

    champion = Champion.load(
        spec.champion_id, ModelSpec.from_json(spec.champion_spec), (directory / CHAMPION_FILE).read_bytes()
    )
    outcome = run_experiment(spec, champion, records, config, history)
    candidate = outcome.candidate.champion
    (directory / CANDIDATE_FILE).write_bytes(candidate.model.serialize())
    reference = candidate_reference(
        ChampionReference.from_json(spec.champion_reference), outcome.candidate, outcome.history, config, spec.cause
    )
    return {
        "outcome": outcome.verdict.outcome,
        "reason": ", ".join(outcome.verdict.failed_gates) or "every blocking gate passed",
        "verdict": outcome.verdict.to_json(),
        "candidate": {
            "model_id": candidate.model_id,
            "spec": candidate.spec.to_json(),
            "reference": reference.to_json(),
        },
        "evidence": outcome.e_process.to_json() if outcome.candidate.refitted else None,
        "metrics": outcome.metrics,
    }
