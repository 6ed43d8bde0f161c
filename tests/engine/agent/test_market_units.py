"""Inputs made of the market's own moves: they are told from others in training, and judged by the market's loudness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from world import BAR_US, OBSERVER, START_TS

from engine.agent.diagnosis import Diagnosis
from engine.agent.diagnostician import Diagnostician
from engine.agent.evidence import recompute
from engine.agent.input_repair import estimate_rescaling
from engine.agent.market_units import known_volatilities, volatility_power
from engine.agent.observation import BarObservation
from engine.agent.observer import Observer
from engine.agent.reference import ChampionReference, build_reference

FloatArray = NDArray[np.float64]
NAMES = ("own", "return", "momentum", "size", "oscillator")
POWERS = {"own": 0.0, "return": 1.0, "momentum": 1.0, "oscillator": 0.0}  # that of a size hangs on its even scale
TRAINING, LIVE = 1000, 400
WILD_FROM = TRAINING + 100


@dataclass(frozen=True, slots=True)
class Market:
    """A market with inputs made of its returns and one of its own; `values[n, d]`, `returns[n]`, both known at the
    close of bar n."""

    values: FloatArray
    returns: FloatArray

    def reference(self) -> ChampionReference:
        """The yardstick of its first bars."""
        rng = np.random.default_rng(1)
        return build_reference(
            "m",
            NAMES,
            (START_TS + BAR_US * np.arange(TRAINING)).tolist(),
            self.values[:TRAINING],
            0.001 * rng.standard_normal(TRAINING),
            self.returns[:TRAINING],
            observer=OBSERVER,
        )

    def observations(self) -> Iterator[BarObservation]:
        """What comes after training; nothing is forecast."""
        for place in range(TRAINING, len(self.returns)):
            ts = START_TS + BAR_US * place
            width = len(NAMES)
            yield BarObservation(
                ts=ts,
                event_ts_by_feature=(ts,) * width,
                values=tuple(self.values[place].tolist()),
                stale=(False,) * width,
                expected_return=0.0,
                return_sd=0.01,
                realised_return=float(self.returns[place]),
                spread=0.01,
                volume=100.0,
                position_lots=0,
                net_return=0.0,
                usable=False,
            )


def market(seed: int, *, wild: float = 1.0, rescaled: str | None = None) -> Market:
    """Returns whose volatility wanders, and is `wild` times as large from `WILD_FROM` on; there the vendor multiplies
    one input by 3."""
    rng = np.random.default_rng(seed)
    count = TRAINING + LIVE
    log_volatility, own = np.zeros(count), np.zeros(count)
    for bar in range(1, count):
        log_volatility[bar] = 0.98 * log_volatility[bar - 1] + 0.25 * np.sqrt(1 - 0.98**2) * rng.standard_normal()
        own[bar] = 0.9 * own[bar - 1] + rng.standard_normal()
    log_volatility[WILD_FROM:] += np.log(wild)
    returns = 0.01 * np.exp(log_volatility) * rng.standard_t(6, count) / np.sqrt(1.5)
    sums = np.cumsum(returns)
    momentum = sums - np.concatenate([np.zeros(5), sums[:-5]])
    squares = np.cumsum(returns**2)
    size = np.sqrt(squares - np.concatenate([np.zeros(20), squares[:-20]]) + 1e-8)
    oscillator = np.tanh(returns / np.exp(log_volatility) / 0.01)
    values = np.column_stack([own, returns, momentum, size, oscillator])
    if rescaled is not None:
        values[WILD_FROM:, NAMES.index(rescaled)] *= 3.0
    return Market(values, returns)


def first_input_fault(bars: Market) -> tuple[int, Diagnosis, Observer] | None:
    """Bars from `WILD_FROM` on to the first diagnosis of an input, the diagnosis and its observer."""
    observer, doctor = Observer(bars.reference(), OBSERVER), Diagnostician()
    for place, observation in enumerate(bars.observations(), start=TRAINING):
        found = doctor.diagnose(observer.update(observation), observer, held=("regime_volatility",))
        if found is not None and found.cause == "feature_drift":
            return place - WILD_FROM, found, observer
    return None


def test_units_are_measured_in_training() -> None:
    found = [dict(zip(NAMES, market(seed).reference().volatility_power, strict=True)) for seed in range(20)]
    for name, power in POWERS.items():
        assert np.mean([item[name] == power for item in found]) >= 0.95
    assert all(item["own"] == 0.0 for item in found)


def test_what_only_shares_the_clustering_of_volatility_by_chance_has_no_unit() -> None:
    rng = np.random.default_rng(3)
    powers = [
        volatility_power(rng.standard_normal(1000), rng.standard_t(5, 1000), rng.standard_normal(1000) * 0.2)
        for _ in range(300)
    ]
    assert set(powers) == {0.0}


def test_missing_bars_do_not_count() -> None:
    bars = market(4)
    holes = np.random.default_rng(0).random(bars.values.shape) < 0.05
    values, returns = np.where(holes, np.nan, bars.values), np.where(holes[:, 0], np.nan, bars.returns)
    assert Market(values, returns).reference().volatility_power[1] == 1.0


def test_a_missing_return_teaches_nothing() -> None:
    settings = {"level": 0.01, "log_sd": 0.2, "persistence": 0.98, "jump_bars": 500.0}
    known = known_volatilities([0.05, float("nan"), 0.01], **settings)
    assert known[1] == known[2] > known[0]
    assert known.tolist()[:2] == known_volatilities([0.05, 9.0], **settings).tolist()  # nothing of its own bar or later


@pytest.mark.parametrize("wild", [2.0, 3.0])
def test_a_wild_market_is_no_input_fault(wild: float) -> None:
    assert [seed for seed in range(8) if first_input_fault(market(seed, wild=wild)) is not None] == []


@pytest.mark.parametrize("name", ["own", "return", "momentum"])
@pytest.mark.parametrize("wild", [1.0, 2.5])
def test_changed_units_are_still_found(name: str, wild: float) -> None:
    delays = []
    for seed in range(6):
        found = first_input_fault(market(seed, wild=wild, rescaled=name))
        assert found is not None
        delay, diagnosis, observer = found
        assert delay >= 0
        assert diagnosis.affected == (name,)
        for evidence in diagnosis.evidence:
            assert recompute(evidence, list(observer.history)) == evidence.value
        cited = {evidence.formula for evidence in diagnosis.evidence}
        assert ("return_volatility_ratio" in cited) == (name != "own")
        delays.append(delay)
    assert np.median(delays) <= 30


def test_the_scale_of_changed_units_is_told_from_a_wild_market() -> None:
    scales = []
    for seed in range(8):
        bars = market(seed, wild=2.5, rescaled="momentum")
        window = list(bars.observations())[:160]
        change = START_TS + BAR_US * WILD_FROM
        scales.append(estimate_rescaling(window, change, bars.reference(), NAMES.index("momentum"))[1])
    assert np.median(scales) == pytest.approx(3.0, rel=0.2)


def test_the_tick_guard_lets_a_wild_market_pass() -> None:
    for seed in range(6):
        bars = market(seed, wild=4.0)
        observer = Observer(bars.reference(), OBSERVER)
        refused = 0
        for observation in bars.observations():
            observer.update(observation)
            assert observer.last_context is not None
            refused += sum(index in observer.last_context.refused for index in (1, 2))
        assert refused <= 2


def test_a_restored_observer_judges_as_before() -> None:
    bars = list(market(2, wild=3.0).observations())
    observer = Observer(market(2).reference(), OBSERVER)
    for observation in bars[:150]:
        observer.update(observation)
    again = Observer.from_state(observer.state(), OBSERVER)
    for observation in bars[150:170]:
        assert again.update(observation) == observer.update(observation)
