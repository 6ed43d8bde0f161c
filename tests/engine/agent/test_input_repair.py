"""Re-scaling estimates: how close they come to the truth."""

from __future__ import annotations

import numpy as np
from world import BOUNDED, make_world

from engine.agent.change_point import input_change
from engine.agent.input_repair import estimate_rescaling


def test_scale_and_offset_are_found_within_thirty_bars() -> None:
    scale_errors, offset_errors, change_errors = [], [], []
    for seed in range(400, 440):
        world = make_world("feature", seed)
        index = world.broken_features[0]
        if index in BOUNDED:
            continue
        reference = world.reference
        window = world.observations[max(0, world.fault_bar - 200) : world.fault_bar + 30]
        change = input_change(window, reference, index)
        offset, scale = estimate_rescaling(window, window[change].ts, reference, index)
        true_offset, true_scale = world.true_offset_scale
        # the fault acts on the standardised latent input
        mean, sd = reference.feature_mean[index], reference.feature_sd[index]
        found_offset = (offset - mean + scale * mean) / sd
        scale_errors.append(abs(np.log(scale / true_scale)))
        offset_errors.append(abs(found_offset - true_offset) / true_scale)
        change_errors.append(abs(change - (len(window) - 30)))
    assert np.median(scale_errors) < 0.15
    assert np.median(offset_errors) < 0.45
    assert np.median(change_errors) <= 2


def test_a_sound_input_is_left_nearly_alone() -> None:
    scales = []
    for seed in range(400, 412):
        world = make_world("none", seed, live=120)
        _, scale = estimate_rescaling(world.observations, world.observations[60].ts, world.reference, 0)
        scales.append(scale)
    assert 0.85 < float(np.median(scales)) < 1.15


def test_an_input_that_never_came_back_is_left_alone() -> None:
    world = make_world("none", 400, live=50)
    last = world.observations[-1].ts
    assert estimate_rescaling(world.observations, last + 1, world.reference, 0) == (0.0, 1.0)
