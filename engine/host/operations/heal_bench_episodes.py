"""One world of HealBench played and graded, in a worker: the healer, every baseline, and forced proposals.

Nothing is played after the last scored bar of a world: no score looks there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.agent.treatment.bench_player import AGENT, play_episode
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
class EpisodePlayer:
    """Callable: the world of a key to the score of every agent, in the order of `AGENTS`. The key's seed is also the
    healer's."""

    config: HydraConfig

    def __call__(self, key: WorldKey) -> tuple[EpisodeScore, ...]:
        """Make, play and grade one world."""
        world = make_world(key.family, key.seed, key.severity)
        champion = train_champion(world)
        played = {baseline.name: baseline.play(world, champion) for baseline in BASELINES}
        played[HEALER] = played_by_healer(world, self.config)
        earned = {name: scored_utility(world, record.position) for name, record in played.items()}
        reference = ReferenceUtilities(earned[Frozen.name], earned[Oracle.name], earned[BLIND])
        return tuple(score_episode(world, champion, played[name], reference) for name in AGENTS)


@dataclass(frozen=True, slots=True)
class ForcedProposer:
    """Callable: what each promotion gate does with the forced proposals of a seed."""

    discovery_alpha: float

    def __call__(self, seed: int) -> ForcedVerdicts:
        """Sixteen candidates before every gate."""
        return forced_verdicts(forced_candidates(seed), all_gates(self.discovery_alpha))


def played_by_healer(world: HealWorld, config: HydraConfig) -> EpisodeRecord:
    """The healer's episode up to the last scored bar; nothing is held or forecast after it."""
    bars = int(np.flatnonzero(world.scored)[-1]) + 1
    seen = MarketView(world.x[:bars], world.y[:bars], world.spread[:bars], world.volume[:bars], world.train_bars)
    squares = OVERFIT_BARS if world.family == "overfit" else None
    record = play_episode(seen, config, world.seed, least_squares_bars=squares)
    rest = world.bars - bars
    return replace(
        record,
        position=np.concatenate([record.position, np.zeros(rest)]),
        forecast=np.concatenate([record.forecast, np.full(rest, np.nan)]),
    )
