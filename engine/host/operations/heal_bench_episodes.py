"""The worlds of one seed played and graded, in a worker: the healer, every baseline, and forced proposals.

Nothing is played after the last scored bar of a world: no score looks there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.agent.treatment.bench_player import AGENT, BenchEpisode
from engine.host.operations.heal_bench_gates import all_gates
from engine.host.operations.heal_bench_plan import WorldKey
from engine.kernel.config_models import HydraConfig
from engine.sandbox.healbench.baselines.blind_retrain import BlindRetrain
from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.baselines.oracle import Oracle
from engine.sandbox.healbench.baselines.registry import BASELINES
from engine.sandbox.healbench.bench_utility import scored_utility
from engine.sandbox.healbench.episode_record import EpisodeRecord
from engine.sandbox.healbench.episode_scores import EpisodeScore, ReferenceUtilities, score_episode
from engine.sandbox.healbench.forced_proposals import ForcedVerdicts, forced_candidates, forced_verdicts
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.ridge_champion import OVERFIT_BARS, train_champion
from engine.sandbox.healbench.world_generator import make_world

HEALER = AGENT
BLIND = BlindRetrain(250, 50).name
AGENTS = (HEALER, *(baseline.name for baseline in BASELINES))


@dataclass(frozen=True, slots=True)
class SeedPlayer:
    """Callable: the worlds of one seed to the scores of every agent in each, in the order of `AGENTS`. The seed is also
    the healer's."""

    config: HydraConfig

    def __call__(self, keys: Sequence[WorldKey]) -> list[tuple[EpisodeScore, ...]]:
        """Make, play and grade them. Worlds without a fault come last: they share most of what the others played."""
        healer = SharedPast(self.config)
        worlds = [make_world(key.family, key.seed, key.severity) for key in keys]
        order = sorted(range(len(worlds)), key=lambda place: worlds[place].fault_bar is None)
        scores = {place: _played_by_all(worlds[place], healer) for place in order}
        return [scores[place] for place in range(len(worlds))]


class SharedPast:
    """Plays the healer's episodes. What worlds have in common before their fault is played once: an episode goes on
    from where an earlier one, on the same bars so far, stood at the fault."""

    def __init__(self, config: HydraConfig) -> None:
        self._config = config
        self._pasts: list[tuple[MarketView, int | None, BenchEpisode]] = []

    def play(self, world: HealWorld) -> EpisodeRecord:
        """The healer's episode up to the last scored bar; nothing is held or forecast after it."""
        bars = int(np.flatnonzero(world.scored)[-1]) + 1
        view = MarketView.of(world)
        episode = self._past_of(world, view).branch()
        episode.play(view, bars)
        record, rest = episode.record(), world.bars - bars
        return replace(
            record,
            position=np.concatenate([record.position, np.zeros(rest)]),
            forecast=np.concatenate([record.forecast, np.full(rest, np.nan)]),
        )

    def _past_of(self, world: HealWorld, view: MarketView) -> BenchEpisode:
        squares = OVERFIT_BARS if world.family == "overfit" else None
        for seen, taught_by, past in self._pasts:
            if taught_by == squares and _is_alike(seen, view, past.bar):
                return past
        past = BenchEpisode(view, self._config, world.seed, least_squares_bars=squares)
        past.play(view, view.train_bars if world.fault_bar is None else max(view.train_bars, world.fault_bar))
        self._pasts.append((view, squares, past))
        return past


@dataclass(frozen=True, slots=True)
class ForcedProposer:
    """Callable: what each promotion gate does with the forced proposals of a seed."""

    discovery_alpha: float

    def __call__(self, seed: int) -> ForcedVerdicts:
        """Sixteen candidates before every gate."""
        return forced_verdicts(forced_candidates(seed), all_gates(self.discovery_alpha))


def _played_by_all(world: HealWorld, healer: SharedPast) -> tuple[EpisodeScore, ...]:
    champion = train_champion(world)
    played = {baseline.name: baseline.play(world, champion) for baseline in BASELINES}
    played[HEALER] = healer.play(world)
    earned = {name: scored_utility(world, record.position) for name, record in played.items()}
    reference = ReferenceUtilities(earned[Frozen.name], earned[Oracle.name], earned[BLIND])
    return tuple(score_episode(world, champion, played[name], reference) for name in AGENTS)


def _is_alike(one: MarketView, other: MarketView, bars: int) -> bool:
    """Whether two views show the same market before bar `bars`."""
    if one.train_bars != other.train_bars or one.x.shape[1] != other.x.shape[1]:
        return False
    pairs = ((one.x, other.x), (one.y, other.y), (one.spread, other.spread), (one.volume, other.volume))
    return all(np.array_equal(first[:bars], second[:bars], equal_nan=True) for first, second in pairs)
