"""What every registered detector must do, whatever it watches."""

from __future__ import annotations

import doctest
import importlib
import json
import math
from dataclasses import replace

import pytest
from world import make_world

from engine.agent.detectors.base import Detector, Reading
from engine.agent.detectors.registry import DETECTORS
from engine.agent.observation import BarObservation
from engine.agent.observer import Observer
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config.observer
WORLD = make_world("concept", 1)
BARS = WORLD.observations[:160]


def _run(observer: Observer, bars: tuple[BarObservation, ...]) -> list[tuple[Reading, ...]]:
    return [observer.update(bar).readings for bar in bars]


def test_names_are_unique() -> None:
    assert len({kind.name for kind in DETECTORS}) == len(DETECTORS)


@pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.name)
def test_documented_example_runs(kind: type[Detector]) -> None:
    module = importlib.import_module(kind.__module__)
    result = doctest.testmod(module)
    assert result.attempted >= 1
    assert result.failed == 0


def test_every_reading_can_be_described_and_is_finite() -> None:
    observer = Observer(WORLD.reference, CONFIG)
    owners = {detector.name: detector for detector in observer.detectors}
    for readings in _run(observer, BARS):
        for reading in readings:
            assert math.isfinite(reading.value)
            assert math.isfinite(reading.threshold)
            assert reading.since_ts > 0
    for reading in readings:
        sentence = owners[reading.detector].describe(reading)
        assert sentence.endswith(".")
        assert len(sentence) > 20


def test_only_what_may_open_a_case_or_counts_the_account_is_an_alarm() -> None:
    """Everything else informs: chance breaches it too often to be counted as a claim that something is wrong."""
    observer = Observer(WORLD.reference, CONFIG)
    levels = {(item.detector, item.level) for readings in _run(observer, WORLD.observations) for item in readings
              if not item.decisive}  # fmt: skip
    assert {detector for detector, level in levels if level != "INFO"} <= {"sharpe", "drawdown", "bad_ticks"}


def test_state_survives_json_to_the_last_bit() -> None:
    straight, broken = Observer(WORLD.reference, CONFIG), Observer(WORLD.reference, CONFIG)
    _run(straight, BARS[:90])
    _run(broken, BARS[:90])
    resumed = Observer.from_state(json.loads(json.dumps(broken.state())), CONFIG)
    assert _run(straight, BARS[90:]) == _run(resumed, BARS[90:])
    assert straight.state() == resumed.state()


def test_a_bar_without_numbers_breaks_nothing() -> None:
    observer = Observer(WORLD.reference, CONFIG)
    _run(observer, BARS[:50])
    nothing = float("nan")
    empty = replace(
        BARS[50],
        values=(nothing,) * 6,
        expected_return=nothing,
        return_sd=nothing,
        realised_return=nothing,
        spread=nothing,
        volume=nothing,
        net_return=nothing,
        usable=False,
    )
    before = {r.code: r.value for r in observer.update(empty).readings if r.detector in ("edge_evidence", "volatility")}
    after = {r.code: r.value for r in observer.update(replace(empty, ts=BARS[51].ts)).readings if r.code in before}
    assert before == after
    json.dumps(observer.state(), allow_nan=False)


def test_wrong_width_is_refused() -> None:
    with pytest.raises(ValueError, match="6 features"):
        Observer(WORLD.reference, CONFIG).update(replace(BARS[0], values=(1.0,)))


def test_false_alarm_rates_are_computed_from_the_configured_thresholds() -> None:
    rates = Observer(WORLD.reference, CONFIG).false_alarm_bars()
    assert rates["edge_evidence"] == pytest.approx(math.exp(CONFIG.edge_evidence_h))
    assert rates["edge_cusum"] > 10_000
    assert rates["volatility"] == pytest.approx(math.exp(CONFIG.volatility_evidence_h))
