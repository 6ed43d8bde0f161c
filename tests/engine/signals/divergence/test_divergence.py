"""Divergence rules: the table, one rule for every state, mirror symmetry, monotone confidence, no flicker."""

from __future__ import annotations

import dataclasses
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import ConfigError
from engine.signals.divergence import (
    Divergence,
    DivergenceInput,
    DivergenceThresholds,
    DivergenceType,
    Latches,
    SuggestedBias,
    detect,
)
from engine.signals.divergence.axes import Axes
from engine.signals.divergence.rules.registry import DIVERGENCE_RULES

THRESHOLDS = DivergenceThresholds(1.5, 1.0, 2.0, 1.5, 0.10, 0.05)
UNKNOWN = (math.nan, math.inf, -math.inf)

score = st.floats(-5.0, 5.0) | st.sampled_from([-2.0, -1.5, -1.0, 0.0, 1.0, 1.5, 2.0, *UNKNOWN])
share = st.floats(0.0, 1.0) | st.sampled_from([0.0, 0.05, 0.1, 1.0])
any_share = share | st.sampled_from([*UNKNOWN, -1.0, 7.0])
inputs = st.builds(DivergenceInput, score, any_share, score, any_share, score, any_share)
sign = st.sampled_from([-1, 0, 1])
latches = st.builds(Latches, sign, sign, sign, st.sampled_from([0, 1]), st.booleans(), st.booleans())

MIRRORED_TYPE = {
    DivergenceType.OPTIONS_BULLISH_SENTIMENT_BEARISH: DivergenceType.OPTIONS_BEARISH_SENTIMENT_BULLISH,
    DivergenceType.OPTIONS_BEARISH_SENTIMENT_BULLISH: DivergenceType.OPTIONS_BULLISH_SENTIMENT_BEARISH,
}
MIRRORED_BIAS = {
    one: other
    for pair in (
        (SuggestedBias.LONG, SuggestedBias.SHORT),
        (SuggestedBias.FADE_CROWD_LONG, SuggestedBias.FADE_CROWD_SHORT),
        (SuggestedBias.EARLY_LONG, SuggestedBias.EARLY_SHORT),
        (SuggestedBias.FOLLOW_LONG, SuggestedBias.FOLLOW_SHORT),
    )
    for one, other in (pair, pair[::-1])
}


def seen(options: float, crowd: float, tails: float, trust: float = 1.0) -> DivergenceInput:
    return DivergenceInput(options, trust, crowd, trust, tails, trust)


def mirrored(values: DivergenceInput) -> DivergenceInput:
    return dataclasses.replace(values, options=-values.options, crowd=-values.crowd)


def mirrored_latches(held: Latches) -> Latches:
    return dataclasses.replace(held, options=-held.options, crowd=-held.crowd, extreme=-held.extreme)


def without_sign(value: float) -> tuple[bool, float]:
    return math.isnan(value), 0.0 if math.isnan(value) else abs(value)


def run(series: list[DivergenceInput]) -> list[Divergence]:
    held, found = Latches(), []
    for values in series:
        found.append(detect(values, held, THRESHOLDS))
        held = found[-1].latches
    return found


@pytest.mark.parametrize(
    ("options", "crowd", "tails", "kind", "direction", "bias"),
    [
        (2.0, -2.0, 0.0, DivergenceType.OPTIONS_BULLISH_SENTIMENT_BEARISH, 1, "long"),
        (-2.0, 2.0, 0.0, DivergenceType.OPTIONS_BEARISH_SENTIMENT_BULLISH, -1, "short"),
        (2.0, -2.0, 4.0, DivergenceType.OPTIONS_BULLISH_SENTIMENT_BEARISH, 1, "long"),
        (0.0, 2.5, 0.0, DivergenceType.SENTIMENT_OVERREACTION, -1, "fade the crowd (short)"),
        (0.0, -2.5, math.nan, DivergenceType.SENTIMENT_OVERREACTION, 1, "fade the crowd (long)"),
        (2.0, 0.1, 0.0, DivergenceType.EARLY_SIGNAL, 1, "small early entry (long)"),
        (-2.0, 0.1, 0.0, DivergenceType.EARLY_SIGNAL, -1, "small early entry (short)"),
        (2.0, 2.0, 0.0, DivergenceType.TREND_FOLLOW, 1, "follow (long)"),
        (-2.0, -2.0, 0.0, DivergenceType.TREND_FOLLOW, -1, "follow (short)"),
        (0.0, 0.0, 3.0, DivergenceType.VOLATILITY_PLAY, 0, "no direction, size down"),
        (0.0, 3.0, 3.0, DivergenceType.VOLATILITY_PLAY, 0, "no direction, size down"),
        (0.0, math.nan, 3.0, DivergenceType.VOLATILITY_PLAY, 0, "no direction, size down"),
        (0.0, 1.7, 0.0, DivergenceType.NEUTRAL, 0, "none"),
        (0.0, 0.0, -3.0, DivergenceType.NEUTRAL, 0, "none"),
        (math.nan, 3.0, 3.0, DivergenceType.INSUFFICIENT, 0, "none"),
        (3.0, math.nan, 3.0, DivergenceType.INSUFFICIENT, 0, "none"),
        (0.0, math.nan, 0.0, DivergenceType.INSUFFICIENT, 0, "none"),
    ],
)
def test_the_table(options: float, crowd: float, tails: float, kind: DivergenceType, direction: int, bias: str) -> None:
    found = detect(seen(options, crowd, tails), Latches(), THRESHOLDS)
    assert (found.type, found.direction, found.suggested_bias) == (kind, direction, bias)


def test_every_state_of_the_axes_meets_exactly_one_rule_and_every_rule_is_met() -> None:
    met = set()
    states = itertools.product((-1, 0, 1), (-1, 0, 1), (-1, 0, 1), (0, 1), (False, True), (False, True))
    for state in states:
        now = Latches(*state)
        axes = Axes(0.0, 1.0, 0.0, 1.0, 0.0, 1.0, now, Latches(), THRESHOLDS)
        (rule,) = [rule for rule in DIVERGENCE_RULES if rule.applies(axes)]
        met.add(rule.type)
        assert rule.options_say and rule.crowd_says and rule.sentence(axes)
    assert met == set(DivergenceType)


@given(inputs, latches)
def test_every_input_has_one_type_and_a_sound_answer(values: DivergenceInput, held: Latches) -> None:
    found = detect(values, held, THRESHOLDS)
    assert found.type in DivergenceType and found.direction in (-1, 0, 1)
    assert 0.0 <= found.confidence <= 1.0
    assert math.isnan(found.gap) == (found.type is DivergenceType.INSUFFICIENT)
    assert (found.direction != 0) == (found.suggested_bias not in (SuggestedBias.NONE, SuggestedBias.SIZE_DOWN))
    assert found.rule and "nan" not in found.rule and "inf" not in found.rule
    numbers = {item.name: item for item in found.evidence}
    assert len(numbers) == len(found.evidence) and set(numbers) >= {"options_lean_sd", "crowd_lean_sd", "tails_sd"}
    assert numbers["options_lean_sd"].threshold in (1.5, 1.0)


@given(inputs, latches)
def test_the_same_input_gives_the_same_bytes(values: DivergenceInput, held: Latches) -> None:
    assert repr(detect(values, held, THRESHOLDS)) == repr(detect(values, held, THRESHOLDS))


@given(inputs, latches)
def test_swapping_signs_mirrors_the_answer(values: DivergenceInput, held: Latches) -> None:
    found = detect(values, held, THRESHOLDS)
    other = detect(mirrored(values), mirrored_latches(held), THRESHOLDS)
    assert other.type is MIRRORED_TYPE.get(found.type, found.type)
    assert other.suggested_bias is MIRRORED_BIAS.get(found.suggested_bias, found.suggested_bias)
    assert other.direction == -found.direction
    assert other.confidence == found.confidence
    assert without_sign(other.gap) == without_sign(found.gap)
    assert other.latches == mirrored_latches(found.latches)
    for one, two in zip(found.evidence, other.evidence, strict=True):
        assert (one.name, one.threshold) == (two.name, two.threshold)
        assert without_sign(one.value) == without_sign(two.value)


@given(inputs, latches, st.sampled_from(["options", "crowd"]), st.sampled_from(UNKNOWN))
def test_nothing_unknown_gives_a_direction(values: DivergenceInput, held: Latches, axis: str, unknown: float) -> None:
    blind = detect(dataclasses.replace(values, **{axis: unknown}), held, THRESHOLDS)
    assert blind.direction == 0
    assert blind.type in (DivergenceType.INSUFFICIENT, DivergenceType.VOLATILITY_PLAY)
    assert blind.type is DivergenceType.INSUFFICIENT or axis == "crowd"
    untrusted = detect(dataclasses.replace(values, **{f"{axis}_confidence": unknown}), held, THRESHOLDS)
    assert untrusted.direction == 0


@pytest.mark.parametrize("which", ["options_confidence", "crowd_confidence", "tails_confidence"])
@given(inputs, latches, share)
def test_confidence_never_rises_when_one_of_its_inputs_falls(
    which: str, values: DivergenceInput, held: Latches, factor: float
) -> None:
    before = getattr(values, which)
    lower = dataclasses.replace(values, **{which: before * factor if before > 0.0 else before})
    assert detect(lower, held, THRESHOLDS).confidence <= detect(values, held, THRESHOLDS).confidence


@given(st.lists(st.tuples(inputs, share, share, share), min_size=1, max_size=12))
def test_a_history_of_lower_quality_never_gives_more_confidence(
    series: list[tuple[DivergenceInput, float, float, float]],
) -> None:
    def clean(value: float) -> float:
        return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0

    full = [
        dataclasses.replace(
            values,
            options_confidence=clean(values.options_confidence),
            crowd_confidence=clean(values.crowd_confidence),
            tails_confidence=clean(values.tails_confidence),
        )
        for values, *_ in series
    ]
    less = [
        dataclasses.replace(
            values,
            options_confidence=values.options_confidence * a,
            crowd_confidence=values.crowd_confidence * b,
            tails_confidence=values.tails_confidence * c,
        )
        for values, (_, a, b, c) in zip(full, series, strict=True)
    ]
    for better, worse in zip(run(full), run(less), strict=True):
        assert worse.confidence <= better.confidence


held_value = st.floats(1.0, 5.0)
resting_value = st.floats(-1.4999, 1.4999)


@given(
    st.sampled_from([-1, 0, 1]),
    st.sampled_from([-1, 0, 1]),
    st.sampled_from([0, 1]),
    st.lists(st.tuples(held_value, resting_value, held_value, resting_value, held_value), min_size=1, max_size=20),
    st.lists(st.tuples(st.floats(0.05, 1.0), st.floats(0.05, 1.0)), min_size=20, max_size=20),
)
def test_values_that_stay_within_their_dead_bands_change_nothing(
    options: int,
    crowd: int,
    tails: int,
    moves: list[tuple[float, float, float, float, float]],
    trust: list[tuple[float, float]],
) -> None:
    start = detect(seen(2.5 * options, 1.9 * crowd, 2.5 * tails), Latches(), THRESHOLDS)
    held = start.latches
    for (o, o_rest, c, c_rest, t), (own, other) in zip(moves, trust, strict=False):
        values = DivergenceInput(
            options * o if options else o_rest,
            own,
            crowd * min(c, 1.99) if crowd else c_rest,
            other,
            t if tails else min(o_rest, c_rest),
            1.0,
        )
        found = detect(values, held, THRESHOLDS)
        held = found.latches
        assert (found.type, found.direction, found.latches) == (start.type, start.direction, start.latches)


@pytest.mark.parametrize(
    ("resting", "field", "middle", "swing"),
    [
        (seen(0.0, 0.0, 0.0), "options", 1.5, 0.4),
        (seen(2.0, 0.0, 0.0), "crowd", -1.5, 0.4),
        (seen(0.0, 0.0, 0.0), "crowd", 2.0, 0.4),
        (seen(0.0, 0.0, 0.0), "tails", 1.5, 0.4),
        (seen(2.0, 0.0, 0.0), "options_confidence", 0.1, 0.04),
        (seen(2.0, -2.0, 0.0), "crowd_confidence", 0.1, 0.04),
    ],
)
def test_a_value_that_swings_about_a_threshold_changes_the_type_once(
    resting: DivergenceInput, field: str, middle: float, swing: float
) -> None:
    side = math.copysign(1.0, middle)
    series = [dataclasses.replace(resting, **{field: middle - side * swing * math.cos(k)}) for k in range(200)]
    kinds = [found.type for found in run(series)]
    assert sum(before is not after for before, after in itertools.pairwise(kinds)) == 1


def test_a_gap_in_the_readings_is_not_bridged() -> None:
    kinds = [found.type for found in run([seen(2.0, 0.0, 0.0), seen(math.nan, 0.0, 0.0), seen(1.2, 0.0, 0.0)])]
    assert kinds == [DivergenceType.EARLY_SIGNAL, DivergenceType.INSUFFICIENT, DivergenceType.NEUTRAL]


def test_the_sentence_and_the_evidence_name_what_fired() -> None:
    found = detect(seen(1.72, -2.03, 0.3, 0.8), Latches(), THRESHOLDS)
    assert found.rule == ("options lean up (+1.72 sd of their past) while the crowd is bearish (-2.03 sd of its past)")
    assert {item.name: (item.value, item.threshold) for item in found.evidence} == {
        "options_lean_sd": (1.72, 1.5),
        "crowd_lean_sd": (-2.03, 1.5),
        "crowd_extreme_sd": (-2.03, 2.0),
        "tails_sd": (0.3, 1.5),
        "options_confidence": (0.8, 0.10),
        "crowd_confidence": (0.8, 0.10),
        "tails_confidence": (0.8, None),
    }
    again = detect(seen(1.2, -1.2, 0.3, 0.08), found.latches, THRESHOLDS)
    assert again.type is found.type
    assert [item.threshold for item in again.evidence] == [1.0, 1.0, 1.5, 1.5, 0.05, 0.05, None]


def test_thresholds_come_from_the_configuration_and_must_make_sense(simulated: HydraConfig) -> None:
    assert DivergenceThresholds.of(simulated.features) == THRESHOLDS
    for wrong in ({"leave": 1.6}, {"extreme_leave": 2.1}, {"confidence_leave": 0.2}, {"extreme_enter": 1.5},
                  {"extreme_enter": 1.4, "extreme_leave": 1.2}, {"extreme_leave": 0.9}):  # fmt: skip
        values = dataclasses.asdict(THRESHOLDS) | wrong
        if wrong == {"extreme_enter": 1.5}:
            assert DivergenceThresholds(**values).extreme_enter == 1.5
            continue
        with pytest.raises(ConfigError, match="must not exceed"):
            DivergenceThresholds(**values)
