"""The detector on readings: mirrored markets, worse quality, missing and late readings, what is said about the past."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_SECOND
from engine.signals.divergence import DivergenceType
from engine.signals.divergence.measures import LEAN_MEASURES, TAIL_MEASURES
from engine.signals.divergence_features import DivergenceFeatures
from engine.signals.feature_row import GOOD, Reading

BAR_US = 300 * MICROS_PER_SECOND
START_TS = 1_700_000_000 * MICROS_PER_SECOND
LEAN = tuple(measure.feature for measure in LEAN_MEASURES)
TAILS = tuple(measure.feature for measure in TAIL_MEASURES)
DIRECTED = (*LEAN, "composite_sentiment")
UNSIGNED = {"density_quality": 3.0, "sentiment_confidence": 0.8, "skew_slope_error": 0.1, "implied_skew_error": 0.2}

Step = Mapping[str, float]
Answer = dict[str, float]
Change = Callable[[str, float], float]


def bar_of(index: int) -> FuturesBar:
    start = START_TS + index * BAR_US
    prices = (80.0, 80.0, 80.0, 80.0, 100.0)
    return FuturesBar("simulated_hogs", "venue", "HEJ24", 1, 300, start, start + BAR_US, *prices)


def market(seed: int, bars: int = 60) -> list[dict[str, float]]:
    """Readings of every bar: one lean behind all measures with noise of their own, a crowd, tails."""
    rng = np.random.default_rng(seed)
    lean = 1.5 * rng.standard_normal(bars)
    crowd, tails = 0.5 * rng.standard_normal(bars), rng.standard_normal(bars)
    steps = []
    for index in range(bars):
        signs = {measure.feature: math.copysign(1.0, measure.weight) for measure in LEAN_MEASURES}
        step = {name: float(sign * lean[index] + 0.3 * rng.standard_normal()) for name, sign in signs.items()}
        step |= {"composite_sentiment": float(crowd[index]), "implied_kurt": float(tails[index])}
        step |= {"vol_term_spread": float(-0.3 * tails[index])}
        steps.append(step | UNSIGNED)
    return steps


def answers(steps: list[dict[str, float]], config: HydraConfig, late_us: int = 0) -> list[Answer]:
    """What the family says at each bar; option readings are `late_us` older than the bar's end."""
    family = DivergenceFeatures(config)
    latest: dict[str, Reading] = {}
    given_ = []
    for index, step in enumerate(steps):
        bar = bar_of(index)
        for name, value in step.items():
            age_us = late_us if name in (*LEAN, *TAILS) else 0
            latest[name] = Reading(name, bar.known_ts - age_us, value, GOOD, "test")
        given_.append({reading.feature: reading.value for reading in family.on_decision_bar(bar, latest)})
    return given_


def same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


@pytest.fixture(scope="module")
def config() -> HydraConfig:
    return load_config("simulated_hogs", environment={}).config


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_mirrored_market_gives_the_mirrored_features(config: HydraConfig, seed: int) -> None:
    steps = market(seed)
    mirrored = [{name: -value if name in DIRECTED else value for name, value in step.items()} for step in steps]
    for one, other in zip(answers(steps, config), answers(mirrored, config), strict=True):
        for name in ("divergence_direction", "divergence_options_lean", "divergence_crowd_lean"):
            assert same(one[name], -other[name])
        for name in ("divergence_magnitude", "divergence_confidence", "divergence_tails"):
            assert same(one[name], other[name])


WORSE: dict[str, Change] = {
    "wider errors": lambda name, value: 3.0 * value if name.endswith("_error") else value,
    "lower density quality": lambda name, value: value - 1.0 if name == "density_quality" else value,
    "less sentiment": lambda name, value: 0.3 * value if name == "sentiment_confidence" else value,
    "unknown errors": lambda name, value: math.nan if name.endswith("_error") else value,
    "unknown density quality": lambda name, value: math.nan if name == "density_quality" else value,
}


def worsened(steps: list[dict[str, float]], how: str) -> list[dict[str, float]]:
    return [{name: WORSE[how](name, value) for name, value in step.items()} for step in steps]


@pytest.mark.parametrize("how", WORSE)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_worse_readings_never_raise_the_confidence(config: HydraConfig, how: str, seed: int) -> None:
    steps = market(seed)
    for good, bad in zip(answers(steps, config), answers(worsened(steps, how), config), strict=True):
        assert bad["divergence_confidence"] <= good["divergence_confidence"]


@pytest.mark.parametrize("how", WORSE)
def test_worse_readings_lower_the_confidence_of_what_fires(config: HydraConfig, how: str) -> None:
    steps = market(3, 500)
    pairs = list(zip(answers(steps, config), answers(worsened(steps, how), config), strict=True))
    fired = [pair for pair in pairs if pair[0]["divergence_direction"] != 0.0]
    assert len(fired) > 50
    assert all(bad["divergence_confidence"] < good["divergence_confidence"] for good, bad in fired)


@given(seed=st.integers(0, 10_000), late_bars=st.integers(1, 12))
@settings(max_examples=10, deadline=None)
def test_older_options_never_raise_the_confidence(config: HydraConfig, seed: int, late_bars: int) -> None:
    steps = market(seed)
    fresh, late = answers(steps, config), answers(steps, config, late_bars * BAR_US)
    for good, bad in zip(fresh, late, strict=True):
        assert bad["divergence_confidence"] <= good["divergence_confidence"]
        assert same(bad["divergence_options_lean"], good["divergence_options_lean"])


@given(seed=st.integers(0, 10_000), data=st.data())
@settings(max_examples=30, deadline=None)
def test_readings_that_are_no_numbers_never_raise_and_give_no_direction(
    config: HydraConfig, seed: int, data: st.DataObject
) -> None:
    steps = market(seed, 45)
    names = sorted(steps[0])
    for step in steps[35:]:
        for name in data.draw(st.sets(st.sampled_from(names), max_size=4)):
            step[name] = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    for step, answer in zip(steps, answers(steps, config), strict=True):
        options_known = any(math.isfinite(step[name]) for name in LEAN) and math.isfinite(step["density_quality"])
        crowd_known = math.isfinite(step["composite_sentiment"]) and math.isfinite(step["sentiment_confidence"])
        if not (options_known and crowd_known):
            assert answer["divergence_direction"] == 0.0
        assert answer["divergence_type_code"] in set(DivergenceType)
        assert 0.0 <= answer["divergence_confidence"] <= 1.0


def test_without_options_or_without_a_crowd_nothing_is_claimed(config: HydraConfig) -> None:
    steps = market(1)
    for kept in (DIRECTED[:-1], ("composite_sentiment", "sentiment_confidence")):
        partial = [{name: value for name, value in step.items() if name in kept} for step in steps]
        for answer in answers(partial, config):
            assert answer["divergence_type_code"] == DivergenceType.INSUFFICIENT
            assert math.isnan(answer["divergence_magnitude"]) and answer["divergence_confidence"] == 0.0


def test_the_past_must_be_long_enough(config: HydraConfig) -> None:
    given_ = answers(market(2, 100), config)
    assert all(answer["divergence_type_code"] == DivergenceType.INSUFFICIENT for answer in given_[:30])
    assert all(answer["divergence_type_code"] != DivergenceType.INSUFFICIENT for answer in given_[30:])
    assert all(math.isnan(answer["divergence_magnitude"]) for answer in given_[:60])
    assert all(math.isfinite(answer["divergence_magnitude"]) for answer in given_[60:])


def test_every_type_occurs_in_a_long_market_and_the_bias_follows_the_direction(config: HydraConfig) -> None:
    family, seen = DivergenceFeatures(config), set()
    for index, step in enumerate(market(3, 2000)):
        bar = bar_of(index)
        latest = {name: Reading(name, bar.known_ts, value, GOOD, "test") for name, value in step.items()}
        family.on_decision_bar(bar, latest)
        found = family.last
        assert found is not None
        seen.add(found.type)
        assert ("long" in found.suggested_bias) == (found.direction > 0)
        assert ("short" in found.suggested_bias) == (found.direction < 0)
    assert seen == set(DivergenceType)


def test_the_magnitude_is_the_gap_over_its_usual_size_before(config: HydraConfig) -> None:
    family, gaps = DivergenceFeatures(config), []
    for index, step in enumerate(market(4, 100)):
        bar = bar_of(index)
        latest = {name: Reading(name, bar.known_ts, value, GOOD, "test") for name, value in step.items()}
        family.on_decision_bar(bar, latest)
        found = family.last
        assert found is not None
        if len(gaps) >= 30:
            assert found.magnitude == pytest.approx(found.gap / math.sqrt(np.mean(np.square(gaps))))
        if math.isfinite(found.gap):
            gaps.append(found.gap)
    assert len(gaps) == 70


def test_the_evidence_names_every_measure_that_spoke(config: HydraConfig) -> None:
    family = DivergenceFeatures(config)
    for index, step in enumerate(market(5)):
        bar = bar_of(index)
        latest = {
            name: Reading(name, bar.known_ts, value, GOOD, "test")
            for name, value in step.items()
            if name not in ("implied_mode_shift", "vol_term_spread")
        }
        family.on_decision_bar(bar, latest)
    assert family.last is not None
    evidence = {item.name: item.value for item in family.last.evidence}
    spoken = [name for name in (*LEAN, *TAILS) if f"{name}_sd" in evidence]
    assert spoken == ["skew_slope", "implied_skew", "implied_tail_asymmetry", "implied_median_shift", "implied_kurt"]
    expected = sum(m.weight * evidence[f"{m.feature}_sd"] for m in LEAN_MEASURES if m.feature in spoken) / 0.9
    assert evidence["options_lean_sd"] == pytest.approx(expected)


def test_a_density_that_is_seldom_fitted_does_not_blur_a_fresh_skew(config: HydraConfig) -> None:
    family, latest = DivergenceFeatures(config), dict[str, Reading]()
    for index, step in enumerate(market(6, 1700)):
        bar = bar_of(index)
        for name, value in step.items():
            if not name.startswith("implied_") or index % 55 == 0:
                latest[name] = Reading(name, bar.known_ts, value, GOOD, "test")
        family.on_decision_bar(bar, latest)
        if index % 55 == 30 and family.last is not None:
            evidence = {item.name: item.value for item in family.last.evidence}
            if math.isfinite(evidence["options_lean_sd"]):
                assert evidence["options_lean_sd"] == pytest.approx(evidence["skew_slope_sd"], abs=0.05)


def test_the_moment_spoken_of_never_goes_back(config: HydraConfig) -> None:
    """A first chain that is older than the bar before it must not hide behind what was said about that bar."""
    family = DivergenceFeatures(config)
    moments = []
    for index, step in enumerate(market(7, 40)):
        bar = bar_of(index)
        latest = {name: Reading(name, bar.known_ts, value, GOOD, "test") for name, value in step.items()}
        if index < 20:
            latest = {name: reading for name, reading in latest.items() if name not in LEAN}
        elif index < 30:
            latest |= {name: Reading(name, bar_of(3).known_ts, 1.0, "repeated", "test") for name in LEAN}
        (moment,) = {reading.event_ts for reading in family.on_decision_bar(bar, latest)}
        assert moment <= bar.known_ts
        moments.append(moment)
    assert moments == sorted(moments)
    assert moments[19:30] == [bar_of(19).event_ts] * 11 and moments[30] == bar_of(30).event_ts
