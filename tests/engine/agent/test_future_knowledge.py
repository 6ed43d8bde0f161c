"""A feed that tells the future is told from honest inputs soon, and honest ones are hardly ever accused."""

from __future__ import annotations

import numpy as np
import pytest

from engine.agent.future_knowledge import FutureKnowledge, future_knowledge
from engine.agent.observation import BarObservation


def history(inputs: np.ndarray, returns: np.ndarray) -> list[BarObservation]:
    """Row i holds the input known before return i + 1."""
    return [
        BarObservation(
            ts=index,
            event_ts_by_feature=(index,),
            values=(float(value),),
            stale=(False,),
            expected_return=0.0,
            return_sd=1.0,
            realised_return=float(told),
            spread=1.0,
            volume=1.0,
            position_lots=0,
            net_return=0.0,
            usable=True,
        )
        for index, (value, told) in enumerate(zip(inputs, returns, strict=True))
    ]


def drawn(seed: int, correlation: float, bars: int = 41) -> list[BarObservation]:
    rng = np.random.default_rng(seed)
    coming = rng.standard_normal(bars + 1)
    inputs = correlation * coming[1:] + np.sqrt(1.0 - correlation**2) * rng.standard_normal(bars)
    return history(inputs, coming[:-1])


@pytest.mark.parametrize(("bars", "least"), [(12, 0.7), (20, 0.95)])
def test_a_leak_is_sure_soon_after_its_start(bars: int, least: float) -> None:
    sure = 0
    for seed in range(200):
        rng = np.random.default_rng([7, seed])
        coming = rng.standard_normal(42)
        inputs = rng.standard_normal(41)
        told = slice(-bars - 1, None)
        inputs[told] = 0.9 * coming[told] + np.sqrt(0.19) * inputs[told]
        sure += future_knowledge(history(inputs, coming[:-1]), 0).is_sure
    assert sure >= least * 200


@pytest.mark.parametrize("correlation", [0.0, 0.25])
def test_an_honest_input_is_hardly_ever_accused(correlation: float) -> None:
    accused = sum(future_knowledge(drawn(seed, correlation), 0).is_sure for seed in range(400))
    assert accused <= 20  # .0107 at 2.3 errors, one side, over five windows that overlap, both signs


def test_the_cited_window_is_the_one_that_tells_most() -> None:
    rows = drawn(3, 0.95)
    found = future_knowledge(rows, 0)
    assert found.is_sure and found.from_ts in {rows[-pairs - 1].ts for pairs in (6, 8, 12, 20, 40)}
    assert found.correlation > 0.8


def test_too_few_bars_tell_nothing() -> None:
    assert future_knowledge([], 0) == FutureKnowledge(0, 0.0, 0.0, False)
    assert not future_knowledge(drawn(1, 0.99)[:6], 0).is_sure
