"""What an experiment is told and what it answers: plain JSON, so that it can run in any process on any machine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SPEC_FILE = "spec.json"
RESULT_FILE = "result.json"
CANDIDATE_FILE = "candidate.model"
CHAMPION_FILE = "champion.model"


@dataclass(frozen=True, slots=True)
class ExperimentSpec:
    """One experiment.

    `parameters` is the proposal's change of the champion's specification. `change_point_ts` is when the fault began by
    the diagnosis (None on the discovery track); `until_ts` the last moment the snapshot knows. `trial_count` is the
    number of all trials in the journal so far, for deflation. `config` is the full merged configuration, `snapshot`
    the folder of
    the immutable snapshot it reads.
    """

    experiment_id: str
    case_id: str
    market: str
    cause: str
    mutation_type: str
    target_component: str
    parameters: dict[str, Any]
    champion_id: str
    champion_spec: dict[str, Any]
    champion_reference: dict[str, Any]
    change_point_ts: int | None
    until_ts: int
    trial_count: int
    seed: int
    config: dict[str, Any]
    snapshot: str

    def write(self, directory: Path) -> None:
        """Write into the experiment's directory."""
        (directory / SPEC_FILE).write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")

    @staticmethod
    def read(directory: Path) -> ExperimentSpec:
        """Read back from the experiment's directory."""
        return ExperimentSpec(**json.loads((directory / SPEC_FILE).read_text(encoding="utf-8")))
