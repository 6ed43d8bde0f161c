"""Slow decay is named for what it is by the comparison on schedule, more often than not, and repaired."""

from __future__ import annotations

from engine.agent.treatment.bench_player import play_episode
from engine.kernel.configuration import load_config
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.world_generator import make_world

CONFIG = load_config("simulated_hogs", environment={}).config
SEEDS = range(5000, 5010)


def test_a_fading_edge_is_called_decay_and_another_rule_takes_over() -> None:
    first, repaired = [], 0
    for seed in SEEDS:
        world = make_world("decay", seed)
        record = play_episode(MarketView.of(world), CONFIG, seed)
        assert world.fault_bar is not None
        later = [item for item in record.diagnoses if item.bar >= world.fault_bar]
        first.append(next((item.cause for item in later if item.cause in ("decay", "concept_drift")), "none"))
        repaired += any(item.bar >= world.fault_bar for item in record.promotions)
    assert first.count("decay") >= 6
    assert repaired >= 9
