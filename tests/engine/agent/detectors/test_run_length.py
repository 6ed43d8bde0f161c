"""The bound that messages quote: never infinite, whatever the threshold."""

from __future__ import annotations

import math

import pytest

from engine.agent.detectors.run_length import evidence_run_length


@pytest.mark.parametrize("bars", [1.0, 5000.0, 1e12])
def test_bound_is_the_exponential_of_the_threshold(bars: float) -> None:
    assert evidence_run_length(math.log(bars)) == pytest.approx(bars)


def test_bound_is_finite_for_any_threshold() -> None:
    assert math.isfinite(evidence_run_length(math.inf))
