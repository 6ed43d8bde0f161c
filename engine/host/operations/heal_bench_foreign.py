"""The healer on worlds of other makers (`engine.sandbox.healbench.foreign_worlds`), one task per world."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.agent.treatment.bench_player import play_episode
from engine.host.operations.heal_bench import shipped_settings
from engine.host.operations.heal_bench_workers import Report, in_workers
from engine.kernel.config_models import HydraConfig
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.foreign_worlds import read_foreign_worlds, write_foreign_answers
from engine.sandbox.healbench.heal_world import FloatArray
from engine.sandbox.healbench.market_view import MarketView


@dataclass(frozen=True, slots=True)
class ForeignPlayer:
    """Callable: (seed, market) to the healer's episode."""

    config: HydraConfig

    def __call__(self, task: tuple[int, MarketView]) -> EpisodeRecord:
        """Play one world."""
        seed, view = task
        return play_episode(replace(view, x=_known_features(view)), self.config, seed)


def _known_features(view: MarketView) -> FloatArray:
    """x[T, D], where a feature that never had a value on the training bars stands still: no rule was taught to read
    it."""
    unknown = np.isnan(view.x[: view.train_bars]).all(axis=0)
    known: FloatArray = np.where(unknown, 0.0, view.x)
    return known


def play_foreign_worlds(worlds: Path, answers: Path, seed_base: int, jobs: int, report: Report) -> tuple[int, Path]:
    """Play every world of a file (world i with seed `seed_base` + i) and write the answers; how many there were, and
    the JSON beside the positions. InputError for a file that cannot be used or answers that cannot be written."""
    found = read_foreign_worlds(worlds)
    tasks = [(seed_base + index, found.view(index)) for index in range(len(found))]
    records = in_workers(ForeignPlayer(shipped_settings()), tasks, jobs, report, "worlds")
    return len(records), write_foreign_answers(answers, records)
