"""What options say: signs of the measures against densities of known skewness, trust that never rises, the past."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.divergence.measures import (
    LEAN_MEASURES,
    TAIL_MEASURES,
    MeasureReading,
    combine,
    reliability,
)
from engine.signals.past_standardiser import PastStandardiser

share = st.floats(0.0, 1.0)
score = st.floats(-10.0, 10.0) | st.just(math.nan)
timeliness = st.floats(1e-12, 1.0) | st.just(0.0)
readings = st.tuples(
    *(st.builds(MeasureReading, st.just(measure), score, share, timeliness) for measure in LEAN_MEASURES)
)


def test_every_measure_of_the_lean_has_the_sign_of_the_skewness() -> None:
    """A gamma density shifted to mean 0 and scaled to sd 1: everything but the slope of the smile in closed form or by
    its distribution function."""
    from scipy import stats

    for skewness in (0.1, 0.3, 0.8):
        shape = 4.0 / skewness**2
        density = stats.gamma(shape, scale=1.0 / math.sqrt(shape))
        mean = math.sqrt(shape)
        values = {
            "skew_slope": skewness,
            "implied_skew": float(density.stats("s")),
            "implied_tail_asymmetry": float(density.sf(mean + math.sqrt(3.0)) - density.cdf(mean - math.sqrt(3.0))),
            "implied_median_shift": float(density.median()) - mean,
            "implied_mode_shift": (shape - 1.0) / math.sqrt(shape) - mean,
        }
        assert all(measure.weight * values[measure.feature] > 0.0 for measure in LEAN_MEASURES)
        assert values["implied_median_shift"] == pytest.approx(-skewness / 6.0, rel=0.02)
        assert values["implied_mode_shift"] == pytest.approx(-skewness / 2.0, rel=1e-9)


def test_the_weights_of_a_group_add_up_to_one() -> None:
    for measures in (LEAN_MEASURES, TAIL_MEASURES):
        assert math.fsum(abs(measure.weight) for measure in measures) == pytest.approx(1.0)


@given(readings)
def test_the_score_is_known_where_a_measure_is_and_stays_among_them(given_: tuple[MeasureReading, ...]) -> None:
    found = combine(given_)
    signed = [math.copysign(1.0, r.measure.weight) * r.score for r in given_ if r.score == r.score and r.timeliness > 0]
    assert 0.0 <= found.confidence <= 1.0 + 1e-12
    assert math.isnan(found.score) == (not signed)
    if signed:
        assert min(signed) - 1e-9 <= found.score <= max(signed) + 1e-9
    else:
        assert found.confidence == 0.0


@given(readings)
def test_mirrored_measures_give_the_mirrored_score(given_: tuple[MeasureReading, ...]) -> None:
    found = combine(given_)
    other = combine([dataclasses.replace(reading, score=-reading.score) for reading in given_])
    assert other.confidence == found.confidence
    assert other.score == -found.score or (math.isnan(other.score) and math.isnan(found.score))


@given(readings, st.integers(0, len(LEAN_MEASURES) - 1), share)
def test_less_trust_never_raises_the_confidence_nor_moves_the_score(
    given_: tuple[MeasureReading, ...], place: int, factor: float
) -> None:
    found = combine(given_)
    changed = list(given_)
    changed[place] = dataclasses.replace(changed[place], trust=changed[place].trust * factor)
    other = combine(changed)
    assert other.confidence <= found.confidence
    assert other.score == found.score or (math.isnan(other.score) and math.isnan(found.score))


@given(readings, st.integers(0, len(LEAN_MEASURES) - 1))
def test_a_missing_measure_never_raises_the_confidence(given_: tuple[MeasureReading, ...], place: int) -> None:
    fewer = list(given_)
    fewer[place] = dataclasses.replace(fewer[place], score=math.nan)
    assert combine(fewer).confidence <= combine(given_).confidence


def test_measures_that_disagree_cancel() -> None:
    slope, skewness, *rest = (MeasureReading(measure, math.nan, 1.0, 1.0) for measure in LEAN_MEASURES)
    agreeing = combine([dataclasses.replace(slope, score=2.0), dataclasses.replace(skewness, score=2.0), *rest])
    disagreeing = combine([dataclasses.replace(slope, score=2.0), dataclasses.replace(skewness, score=-4.0), *rest])
    assert agreeing.score == pytest.approx(2.0) and disagreeing.score == pytest.approx(0.0)


def test_a_measure_that_lags_behind_the_newest_hardly_counts() -> None:
    slope, skewness, *rest = (MeasureReading(measure, math.nan, 1.0, 1.0) for measure in LEAN_MEASURES)
    late = dataclasses.replace(skewness, score=-4.0, timeliness=2.0**-10)
    assert combine([dataclasses.replace(slope, score=2.0), late, *rest]).score == pytest.approx(2.0, abs=0.01)


@given(st.floats(0.0, 10.0), st.floats(1.0, 5.0), st.floats(1e-6, 10.0))
def test_a_wider_error_is_never_more_reliable(error: float, factor: float, deviation: float) -> None:
    assert 0.0 <= reliability(deviation, error * factor) <= reliability(deviation, error) <= 1.0


def test_reliability_is_the_share_that_is_not_error() -> None:
    assert reliability(2.0, 0.0) == 1.0 and reliability(2.0, 2.0) == 0.5
    assert [reliability(*pair) for pair in ((math.nan, 1.0), (0.0, 1.0), (1.0, math.nan), (1.0, math.inf))] == [0.0] * 4


def test_the_standardiser_knows_only_the_past() -> None:
    first, second = PastStandardiser(50), PastStandardiser(50)
    series = [math.sin(index * 1.7) for index in range(80)]
    plain = [first.update(value) for value in series]
    mirrored = [second.update(-value) for value in series]
    assert all(math.isnan(value) for value in plain[:30]) and math.isfinite(plain[30])
    assert plain[30:] == [-value for value in mirrored[30:]]
    assert first.deviation == second.deviation == pytest.approx(float(np.std(series[29:79])))
    assert math.isnan(first.update(math.nan))
