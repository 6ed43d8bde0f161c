"""Divergence rules: the table, mirror symmetry, monotone confidence, no flicker."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.divergence import DivergenceInput, DivergenceType, Latches, detect
from engine.signals.past_standardiser import PastStandardiser

score = st.floats(-5.0, 5.0) | st.just(math.nan)
share = st.floats(0.0, 1.0)
inputs = st.builds(DivergenceInput, score, share, score, share, score)
sign = st.sampled_from([-1, 0, 1])
latches = st.builds(Latches, sign, sign, sign, st.sampled_from([0, 1]))
MIRROR = {
    DivergenceType.OPTIONS_BULLISH_CROWD_BEARISH: DivergenceType.OPTIONS_BEARISH_CROWD_BULLISH,
    DivergenceType.OPTIONS_BEARISH_CROWD_BULLISH: DivergenceType.OPTIONS_BULLISH_CROWD_BEARISH,
}


@pytest.mark.parametrize(
    ("options", "crowd", "tails", "kind", "direction"),
    [
        (2.0, -2.0, 0.0, DivergenceType.OPTIONS_BULLISH_CROWD_BEARISH, 1),
        (-2.0, 2.0, 0.0, DivergenceType.OPTIONS_BEARISH_CROWD_BULLISH, -1),
        (0.0, 2.5, 0.0, DivergenceType.SENTIMENT_OVERREACTION, -1),
        (0.0, -2.5, 0.0, DivergenceType.SENTIMENT_OVERREACTION, 1),
        (2.0, 0.1, 0.0, DivergenceType.EARLY_SIGNAL, 1),
        (-2.0, -2.0, 0.0, DivergenceType.TREND_FOLLOW, -1),
        (0.0, 0.0, 3.0, DivergenceType.VOLATILITY_PLAY, 0),
        (0.0, 1.7, 0.0, DivergenceType.NEUTRAL, 0),
        (math.nan, 3.0, 3.0, DivergenceType.INSUFFICIENT, 0),
    ],
)
def test_the_table(options: float, crowd: float, tails: float, kind: DivergenceType, direction: int) -> None:
    found = detect(DivergenceInput(options, 1.0, crowd, 1.0, tails), Latches(), 1.5, 1.0)
    assert (found.type, found.direction) == (kind, direction)


@given(inputs, latches)
def test_every_input_has_one_type_and_a_sound_answer(values: DivergenceInput, held: Latches) -> None:
    found = detect(values, held, 1.5, 1.0)
    assert found.type in DivergenceType and found.direction in (-1, 0, 1)
    assert 0.0 <= found.confidence <= 1.0
    assert math.isnan(found.gap) == (found.type is DivergenceType.INSUFFICIENT)
    assert found.rule


@given(inputs, latches)
def test_swapping_signs_mirrors_the_answer(values: DivergenceInput, held: Latches) -> None:
    found = detect(values, held, 1.5, 1.0)
    other = detect(
        dataclasses.replace(values, options=-values.options, crowd=-values.crowd),
        Latches(-held.options, -held.crowd, -held.extreme, held.tails), 1.5, 1.0,
    )  # fmt: skip
    assert other.type is MIRROR.get(found.type, found.type)
    assert other.direction == -found.direction
    assert other.confidence == found.confidence
    assert other.gap == found.gap or (math.isnan(other.gap) and math.isnan(found.gap))


@given(inputs, latches, share, share)
def test_lower_quality_never_raises_confidence(values: DivergenceInput, held: Latches, a: float, b: float) -> None:
    lower = dataclasses.replace(
        values, options_confidence=values.options_confidence * a, crowd_confidence=values.crowd_confidence * b
    )
    assert detect(lower, held, 1.5, 1.0).confidence <= detect(values, held, 1.5, 1.0).confidence + 1e-12


def test_a_value_on_the_threshold_does_not_flicker() -> None:
    held = Latches()
    kinds = []
    for options in (1.4, 1.6, 1.4, 1.45, 1.55, 1.2, 0.9, 1.4):
        found = detect(DivergenceInput(options, 1.0, 0.0, 1.0, 0.0), held, 1.5, 1.0)
        held = found.latches
        kinds.append(found.type is DivergenceType.EARLY_SIGNAL)
    assert kinds == [False, True, True, True, True, True, False, False]


def test_the_standardiser_knows_only_the_past() -> None:
    first, second = PastStandardiser(50), PastStandardiser(50)
    series = [math.sin(index * 1.7) for index in range(80)]
    plain = [first.update(value) for value in series]
    mirrored = [second.update(-value) for value in series]
    assert all(math.isnan(value) for value in plain[:30]) and math.isfinite(plain[30])
    assert plain[30:] == [-value for value in mirrored[30:]]
    assert math.isnan(first.update(math.nan))
