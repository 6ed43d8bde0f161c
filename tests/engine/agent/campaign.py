"""Drives one healer through one episode, and a table over many: `python tests/engine/agent/campaign.py 5000 300`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from statistics import median, quantiles

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import Healer
from engine.kernel.configuration import load_config

sys.path.insert(0, str(Path(__file__).parent))

from world import FAMILIES, FEATURES, World, make_world

RIGHT = {
    "concept": ("concept_drift",),
    "feature": ("feature_drift",),
    "volatility": ("regime_volatility",),
    "stale": ("data_feed",),
}
WATCH_BARS = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """First diagnosis of an episode: bars after the fault (negative = before it), cause, affected inputs."""

    family: str
    seed: int
    bars_before: int
    delay: int | None
    cause: str
    affected_right: bool
    change_error: int
    proposals: int
    summary: str


def drive(world: World, seed: int = 0) -> tuple[int | None, Diagnosis | None, Healer, int]:
    """Step a healer until it diagnoses; (delay, diagnosis, healer, bars seen before the fault)."""
    config = load_config("simulated_hogs", environment={}).config
    healer = Healer()
    healer.reset(config, seed, world.reference)
    last = min(len(world.observations), world.fault_bar + WATCH_BARS)
    for bar, observation in enumerate(world.observations[:last]):
        decision = healer.step(observation)
        if decision.diagnosis is not None:
            return bar - world.fault_bar, decision.diagnosis, healer, min(bar + 1, world.fault_bar)
    return None, None, healer, min(last, world.fault_bar)


def play(case: tuple[str, int]) -> list[Outcome]:
    """All diagnoses of one episode: after one before the fault, the case is closed and the episode goes on."""
    family, seed = case
    world = make_world(family, seed)
    config = load_config("simulated_hogs", environment={}).config
    healer = Healer()
    healer.reset(config, seed, world.reference)
    found: list[Outcome] = []
    last = min(len(world.observations), world.fault_bar + WATCH_BARS)
    for bar, observation in enumerate(world.observations[:last]):
        decision = healer.step(observation)
        if decision.diagnosis is None:
            continue
        case_ = decision.diagnosis
        names = {FEATURES[index] for index in world.broken_features}
        change = next(i for i, item in enumerate(world.observations) if item.ts >= case_.change_ts)
        found.append(
            Outcome(
                family,
                seed,
                min(bar + 1, world.fault_bar),
                bar - world.fault_bar,
                case_.cause,
                names <= set(case_.affected) if family in ("stale", "feature") else True,
                change - world.fault_bar,
                len(decision.proposals),
                case_.summary,
            )
        )
        if bar >= world.fault_bar:
            break
        healer.close_case("cleared")
    if not found or (found[-1].delay or 0) < 0:
        found.append(Outcome(family, seed, world.fault_bar, None, "", False, 0, 0, ""))
    return found


def main() -> None:
    """Print the table."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    families = sys.argv[3].split(",") if len(sys.argv) > 3 else list(FAMILIES)
    with Pool(2) as pool:
        for family in families:
            rows = pool.map(play, [(family, seed) for seed in range(first, first + count)], chunksize=5)
            report(family, rows)


def report(family: str, rows: list[list[Outcome]]) -> None:
    """One family's line and its failures."""
    bars = sum(episode[-1].bars_before for episode in rows)
    early = [item for episode in rows for item in episode if item.delay is not None and item.delay < 0]
    line = f"{family:10s} false diagnoses {len(early)} in {bars} bars = {1000 * len(early) / bars:.3f} per 1000"
    causes: dict[str, int] = {}
    for item in early:
        causes[item.cause] = causes.get(item.cause, 0) + 1
    line += f" {causes}"
    if family in RIGHT:
        clean = [episode[-1] for episode in rows if len(episode) == 1]
        detected = [item for item in clean if item.delay is not None]
        right = [item for item in detected if item.cause in RIGHT[family]]
        delays = [item.delay if item.delay is not None else WATCH_BARS for item in clean]
        errors = [abs(item.change_error) for item in right]
        line += (
            f" | clean {len(clean)}, detected {len(detected) / len(clean):.3f}, right cause "
            f"{len(right) / len(clean):.3f} of clean, "
            f"{sum(episode[-1].cause in RIGHT[family] for episode in rows) / len(rows):.3f} of all,"
            f" affected listed {sum(item.affected_right for item in right) / max(len(right), 1):.3f},"
            f" delay median {median(delays):.0f} p90 {quantiles(delays, n=10)[-1]:.0f},"
            f" change point error median {median(errors):.0f}"
        )
    sys.stdout.write(line + "\n")
    for episode in rows:
        item = episode[-1]
        if family in RIGHT and item.cause not in RIGHT[family] and len(episode) == 1:
            sys.stdout.write(f"    seed {item.seed} delay {item.delay} {item.cause} {item.summary}\n")
    if family in ("none", "no_edge"):
        for item in early:
            sys.stdout.write(f"    seed {item.seed} {item.delay} proposals {item.proposals} {item.summary}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
