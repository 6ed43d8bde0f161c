"""Scaled memory is a list whose front may be lost, never more than agreed."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.agent.treatment.scaled_memory import ScaledMemory


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 7), st.integers(0, 60), st.integers(0, 70), st.integers(0, 60))
def test_it_remembers_what_was_added(least: int, bars: int, place: int, cut: int) -> None:
    rng = np.random.default_rng(bars)
    rows, told = rng.standard_normal((bars, 2)), rng.standard_normal(bars)
    memory = ScaledMemory(2, least)
    for bar in range(bars):
        if bar == cut:
            memory = ScaledMemory.from_json(json.loads(json.dumps(memory.to_json(), allow_nan=False)))
        memory.add(rows[bar], float(told[bar]))
    assert memory.bars == bars
    kept = bars - memory.forgotten
    assert kept >= min(bars, least)
    start = max(place, memory.forgotten)
    inputs, returns = memory.since(place)
    assert inputs.tolist() == rows[start:].tolist()
    assert returns.tolist() == told[start:].tolist()
