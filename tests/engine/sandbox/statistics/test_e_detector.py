"""E-detectors: the sums of the definition, exact martingale identities, and the bound on false alarms by simulation."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.errors import CalculationError
from engine.sandbox.statistics.e_detector import (
    EDetector,
    Recursion,
    e_cusum_step,
    e_detector_path,
    least_run_length,
    log_mixture,
    shiryaev_roberts_step,
)

RECURSIONS: tuple[Recursion, ...] = ("shiryaev_roberts", "cusum")
INCREMENTS = st.lists(st.floats(-4, 4), min_size=1, max_size=40)
SHIFT, BARS, STREAMS = 0.6, 4000, 1200


def likelihood_ratios(kind: str, seed: int) -> np.ndarray:
    """Log increments under the null: independent normals, or normals whose scale their own past sets."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((BARS, STREAMS))
    if kind == "independent":
        return SHIFT * noise - 0.5 * SHIFT**2
    scale = np.ones(STREAMS)
    increments = np.empty_like(noise)
    for bar, row in enumerate(noise):  # a shift proportional to a scale that depends on the past: e-values all the same
        increments[bar] = SHIFT * scale * row - 0.5 * (SHIFT * scale) ** 2
        scale = np.clip(0.3 + 0.5 * np.abs(row) + 0.3 * scale, 0.2, 2.0)
    return increments


def first_passage(path: np.ndarray, threshold: float) -> np.ndarray:
    reached = path >= threshold
    assert reached.any(axis=0).all()
    return np.argmax(reached, axis=0)


@given(INCREMENTS)
def test_sums_are_those_of_the_definition(increments: list[float]) -> None:
    """e-SR adds up, e-CUSUM takes the largest of, the products that began at each bar."""
    products = [math.fsum(increments[start:]) for start in range(len(increments))]
    expected = {"shiryaev_roberts": math.log(math.fsum(map(math.exp, products))), "cusum": max(products)}
    for recursion in RECURSIONS:
        path = e_detector_path(np.array(increments), recursion)
        assert path[-1] == pytest.approx(expected[recursion], abs=1e-9)


@given(INCREMENTS, st.sampled_from(RECURSIONS))
def test_state_follows_the_path_bar_by_bar(increments: list[float], recursion: Recursion) -> None:
    detector = EDetector(0.01, recursion)
    path = e_detector_path(np.array(increments), recursion)
    for bar, increment in enumerate(increments):
        detector = detector.updated([increment])
        assert detector.log_evidence == pytest.approx(path[bar], abs=1e-9)
        assert detector.alarmed == (detector.log_evidence >= math.log(100.0))


@given(INCREMENTS)
def test_change_bar_is_the_start_of_the_best_suffix(increments: list[float]) -> None:
    detector = EDetector(0.01, "cusum")
    for increment in increments:
        detector = detector.updated([increment])
    suffix = math.fsum(increments[detector.change_bar :])
    assert suffix == pytest.approx(max([0.0] + [math.fsum(increments[start:]) for start in range(len(increments))]))


@pytest.mark.parametrize("kind", ["independent", "dependent"])
def test_shiryaev_roberts_sum_is_its_time_on_average(kind: str) -> None:
    """R_t - t is a martingale under the null, so the mean of both agrees at any bounded stopping time."""
    path = e_detector_path(likelihood_ratios(kind, 1)[:400], "shiryaev_roberts")
    reached = path >= math.log(50.0)
    stop = np.where(reached.any(axis=0), np.argmax(reached, axis=0), len(path) - 1)
    excess = np.exp(path[stop, np.arange(STREAMS)]) - (stop + 1)
    assert abs(np.mean(excess)) <= 3.0 * np.std(excess) / math.sqrt(STREAMS)


@pytest.mark.parametrize("kind", ["independent", "dependent"])
@pytest.mark.parametrize("recursion", RECURSIONS)
def test_mean_time_to_a_false_alarm_is_one_over_alpha_at_least(recursion: Recursion, kind: str) -> None:
    bars = 100.0 if recursion == "shiryaev_roberts" else 20.0
    times = first_passage(e_detector_path(likelihood_ratios(kind, 2), recursion), math.log(bars)) + 1
    error = float(np.std(times)) / math.sqrt(STREAMS)
    assert np.mean(times) + 3.0 * error >= bars
    assert np.mean(times) - 3.0 * error >= bars  # the overshoot leaves room: even the lower end is above


def test_bound_is_nearly_attained_where_steps_are_small() -> None:
    """With a slight shift the sum hardly overshoots, and e-SR alarms about once in 1 / alpha bars."""
    rng = np.random.default_rng(3)
    increments = 0.1 * rng.standard_normal((2500, STREAMS)) - 0.005
    times = first_passage(e_detector_path(increments, "shiryaev_roberts"), math.log(100.0)) + 1
    error = float(np.std(times)) / math.sqrt(STREAMS)
    assert 100.0 - 3.0 * error <= np.mean(times) <= 1.1 * 100.0


def test_mixtures_keep_the_bound_and_react_to_either_size() -> None:
    rng = np.random.default_rng(4)
    scores = rng.standard_normal((3000, STREAMS))
    paths = [e_detector_path(size * scores - 0.5 * size**2, "shiryaev_roberts") for size in (0.3, 1.0)]
    mixed = np.logaddexp(*paths) - math.log(2.0)
    times = first_passage(mixed, math.log(100.0)) + 1
    assert np.mean(times) >= 100.0
    detector = EDetector(0.01, weights=(0.5, 0.5))
    for score in scores[:50, 0].tolist():
        detector = detector.updated([0.3 * score - 0.045, score - 0.5])
    assert detector.log_evidence == pytest.approx(mixed[49, 0], abs=1e-9)


def test_a_change_is_found_soon_after_lordens_bound() -> None:
    """Under the alternative the delay is about ln(1 / alpha) / KL and the change is dated."""
    rng = np.random.default_rng(5)
    delays, dates = [], []
    for _ in range(200):
        scores = rng.standard_normal(400)
        scores[200:] += 1.0
        detector = EDetector(1.0 / 500.0)
        for bar, score in enumerate(scores.tolist()):
            detector = detector.updated([score - 0.5])
            if detector.alarmed and bar >= 200:
                delays.append(bar - 199)
                dates.append(detector.change_bar - 200)
                break
    bound = math.log(500.0) / 0.5
    assert 0.6 * bound < np.mean(delays) < 1.3 * bound
    assert abs(np.median(dates)) <= 2


def test_no_sum_overflows() -> None:
    assert shiryaev_roberts_step(1e6, 1.0) == 1e6 + 1.0
    assert shiryaev_roberts_step(-math.inf, 0.5) == 0.5
    assert e_cusum_step(-math.inf, -0.5) == -0.5
    assert log_mixture([1e6, -math.inf], [0.5, 0.5]) == pytest.approx(1e6 - math.log(2.0))
    assert log_mixture([-math.inf, -math.inf], [0.5, 0.5]) == -math.inf
    assert least_run_length(1e6) == math.inf


@given(INCREMENTS, st.sampled_from(RECURSIONS))
def test_state_survives_json_to_the_last_bit(increments: list[float], recursion: Recursion) -> None:
    detector = EDetector(0.01, recursion, (0.25, 0.75))
    assert EDetector.from_json(json.loads(json.dumps(detector.to_json(), allow_nan=False))) == detector
    for increment in increments:
        detector = detector.updated([increment, -increment])
    assert EDetector.from_json(json.loads(json.dumps(detector.to_json(), allow_nan=False))) == detector


@pytest.mark.parametrize("alpha", [0.0, 1.0, math.nan])
def test_alpha_outside_its_range_is_refused(alpha: float) -> None:
    with pytest.raises(CalculationError):
        EDetector(alpha)


@pytest.mark.parametrize("weights", [(), (0.5, 0.4), (1.5, -0.5)], ids=str)
def test_weights_that_are_no_mixture_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(CalculationError):
        EDetector(0.01, weights=weights)


@pytest.mark.parametrize("increments", [[0.1, 0.2], [math.nan]], ids=str)
def test_increments_of_another_kind_are_refused(increments: list[float]) -> None:
    with pytest.raises(CalculationError):
        EDetector(0.01).updated(increments)
