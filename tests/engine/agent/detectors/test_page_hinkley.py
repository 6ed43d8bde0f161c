"""Page-Hinkley against the published stream, and why its copied defaults are not used."""

from __future__ import annotations

import random

from engine.agent.detectors.page_hinkley import PageHinkleyTest


def test_published_stream() -> None:
    rng = random.Random(12345)
    stream = rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)
    test = PageHinkleyTest(delta=0.005, threshold=50.0)
    assert next(index for index, value in enumerate(stream) if test.update(value)) == 1006


def test_copied_defaults_alarm_on_noise_and_ours_do_not() -> None:
    copied = ours = 0
    for seed in range(20):
        rng = random.Random(seed)
        noise = [rng.gauss(0.0, 1.0) for _ in range(3000)]
        first, second = PageHinkleyTest(0.005, 50.0), PageHinkleyTest(0.25, 100.0)
        copied += any(first.update(value) for value in noise)
        ours += any(second.update(value) for value in noise)
    assert copied >= 10
    assert ours == 0
