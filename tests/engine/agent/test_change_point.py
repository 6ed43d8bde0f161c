"""Change points: near the truth for a lost edge and for volatility."""

from __future__ import annotations

import numpy as np
from world import make_world

from engine.agent.change_point import best_suffix, edge_change, volatility_change


def test_best_suffix_is_the_largest_sum() -> None:
    assert best_suffix(np.array([1.0, -3.0, 2.0, -1.0, 4.0])) == (2, 5.0)
    assert best_suffix(np.array([-1.0, -2.0])) == (1, -2.0)


def test_lost_edge_is_dated() -> None:
    errors = []
    for seed in range(500, 520):
        world = make_world("concept", seed)
        window = world.observations[max(0, world.fault_bar - 150) : world.fault_bar + 60]
        start, loss, doubt = edge_change(window, world.reference)
        errors.append(abs(start - (len(window) - 60)))
        assert loss >= 1.0
        assert doubt >= 0.0
    assert np.median(errors) <= 8


def test_volatility_jump_is_dated() -> None:
    errors = []
    for seed in range(500, 520):
        world = make_world("volatility", seed)
        window = world.observations[max(0, world.fault_bar - 150) : world.fault_bar + 40]
        errors.append(abs(volatility_change(window, world.reference) - (len(window) - 40)))
    assert np.median(errors) <= 5
