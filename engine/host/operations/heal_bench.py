"""`hydra bench heal`: the healer on HealBench, beside frozen, blind and alarmed retraining and an oracle.

Everything is computed anew from seeds in worker processes; the same seeds give the same document, whatever the number
of workers. The settings are the shipped ones of the simulated market.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.host.operations.heal_bench_episodes import AGENTS, HEALER, ForcedProposer, SeedPlayer
from engine.host.operations.heal_bench_gates import LIVE_GATE, all_gates
from engine.host.operations.heal_bench_plan import PUBLISHED_SEVERITY, HealBenchPlan
from engine.host.operations.heal_bench_workers import Report, in_workers
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.sandbox.healbench.episode_scores import EpisodeScore
from engine.sandbox.healbench.families.registry import CONTROL_FAMILIES
from engine.sandbox.healbench.forced_proposals import (
    CANDIDATES,
    ForcedProposalResult,
    ForcedVerdicts,
    false_promotion_share,
    gate_power,
)
from engine.sandbox.healbench.heal_scores import HealScores, heal_composite, scores_by_severity

MARKET: Final = "simulated_hogs"
POWER_DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class GateRow:
    """One promotion gate before the forced proposals: `power` is the chance that a candidate better by .3 standard
    deviations passes within 250 bars as the last of an episode's candidates."""

    gate: str
    result: ForcedProposalResult
    power: float


@dataclass(frozen=True, slots=True)
class HealBenchResult:
    """A run. `episodes` holds the scores of every agent (`AGENTS`, in that order) for each world of the plan; `scores`
    those of each agent by severity; `gates` is empty where null worlds were not asked for. `heal_forced` is the
    healer's composite with the false promotions of its own gate under forced proposals in place of its own ones, which
    are rarer."""

    label: str
    plan: HealBenchPlan
    episodes: tuple[tuple[EpisodeScore, ...], ...]
    scores: Mapping[str, Mapping[float, HealScores]]
    gates: tuple[GateRow, ...]
    heal_forced: float | None

    def published(self, agent: str = HEALER) -> HealScores:
        """Scores at severity 1, or at the one nearest to it that was run."""
        by_severity = self.scores[agent]
        return by_severity[min(by_severity, key=lambda value: (abs(value - PUBLISHED_SEVERITY), value))]

    def document(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "label": self.label,
            "seeds": self.plan.seeds,
            "seed_base": self.plan.seed_base,
            "families": list(self.plan.families),
            "severities": sorted({row[0].severity for row in self.episodes}),
            "agents": {
                name: [scores.to_json() for scores in by_severity.values()] for name, by_severity in self.scores.items()
            },
            "forced_proposals": [
                {"gate": row.gate, "candidates": CANDIDATES, "power": row.power, **asdict(row.result)}
                for row in self.gates
            ],
            "heal_forced": self.heal_forced,
            "episodes": [_episode(row) for row in self.episodes],
        }


def shipped_settings() -> HydraConfig:
    """The settings that the benchmark is played with."""
    return load_config(MARKET, environment={}).config


def bench_heal(
    plan: HealBenchPlan, jobs: int, report: Report, *, label: str = "", config: HydraConfig | None = None
) -> HealBenchResult:
    """Play and grade the plan in `jobs` worker processes. CalculationError where a worker dies."""
    settings = config or shipped_settings()
    played = in_workers(SeedPlayer(settings), plan.worlds_by_seed(), jobs, report, "markets")
    episodes = [episode for seed in played for episode in seed]
    alpha = settings.treatment.discovery_alpha
    verdicts: list[ForcedVerdicts] = []
    if "null" in plan.families:
        seeds = range(plan.seed_base, plan.seed_base + plan.seeds)
        verdicts = in_workers(ForcedProposer(alpha), seeds, jobs, report, "forced proposals")
    return _result(plan, label, episodes, verdicts, alpha)


def _result(
    plan: HealBenchPlan,
    label: str,
    episodes: Sequence[tuple[EpisodeScore, ...]],
    verdicts: Sequence[ForcedVerdicts],
    alpha: float,
) -> HealBenchResult:
    scores = {
        name: scores_by_severity([row[place] for row in episodes], plan.seed_base) for place, name in enumerate(AGENTS)
    }
    gates = tuple(
        GateRow(name, false_promotion_share(verdicts, name), gate_power(gate, CANDIDATES, POWER_DRAWS, plan.seed_base))
        for name, gate in all_gates(alpha).items()
        if verdicts
    )
    result = HealBenchResult(label, plan, tuple(episodes), scores, gates, None)
    if not gates:
        return result
    own = result.published()
    forced = {row.gate: row.result.share for row in gates}[LIVE_GATE]
    composite = heal_composite(own.macro_recovery, own.grounded, own.delay_score, forced, own.null_utility_kept)
    return HealBenchResult(label, plan, tuple(episodes), scores, gates, composite)


def _episode(row: Sequence[EpisodeScore]) -> dict[str, Any]:
    """The healer's grades of one world, and what every agent earned."""
    own = asdict(row[AGENTS.index(HEALER)])
    del own["agent"], own["reference"]
    if own["family"] in CONTROL_FAMILIES:
        own["severity"] = None
    return {**own, "utilities": {item.agent: item.utility for item in row}}
