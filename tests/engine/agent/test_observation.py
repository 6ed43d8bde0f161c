"""Observations survive JSON, missing numbers included."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from engine.agent.observation import BarObservation

_number = st.one_of(st.floats(-1e9, 1e9), st.just(math.nan))
_ts = st.integers(0, 2**53)


@given(
    st.lists(st.tuples(_ts, _number, st.booleans()), min_size=1, max_size=6),
    st.lists(_number, min_size=6, max_size=6),
    _ts,
    st.integers(-50, 50),
    st.booleans(),
)
def test_round_trip(
    inputs: list[tuple[int, float, bool]], numbers: list[float], ts: int, lots: int, usable: bool
) -> None:
    events, values, stale = zip(*inputs, strict=True)
    expected, sd, realised, spread, volume, net = numbers
    bar = BarObservation(ts, events, values, stale, expected, sd, realised, spread, volume, lots, net, usable)
    text = json.dumps(bar.to_list(), allow_nan=False)
    again = BarObservation.from_list(json.loads(text))
    assert json.dumps(again.to_list(), allow_nan=False) == text
    assert again.scored == bar.scored
