"""What every registered repair must do: answer, work bar by bar, keep sizes within bounds, survive JSON and end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from engine.agent.diagnosis import Cause, Diagnosis
from engine.agent.treatment.bench_player import market_bar, teach
from engine.agent.treatment.healing_trader import HealingTrader
from engine.agent.treatment.repairs.interface import FULL_SIZE, Repair
from engine.agent.treatment.repairs.registry import REPAIRS
from engine.kernel.configuration import load_config
from engine.sandbox.healbench.market_view import MarketView
from engine.sandbox.healbench.world_generator import make_world

CONFIG = load_config("simulated_hogs", environment={}).config
SEED, BEGUN_AFTER, MOST_BARS = 4, 120, 700
TWICE = {"restandardise": {"x1": {"offset": 0.8, "scale": 2.0}}}
# what begins each repair; a repair of none of these begins by itself
CALLS: Mapping[str, tuple[Cause, Mapping[str, Any]]] = {
    "reject_value": ("data_feed", {"feed": "ticks"}),
    "quarantine_feature": ("data_feed", {"feed": "stale"}),
    "restandardise_feature": ("feature_drift", TWICE),
    "resize_volatility": ("regime_volatility", {"volatility_multiple": 2.5}),
    "trade_slower": ("regime_liquidity", {}),
    "hyperparameter": ("overfit", {}),
    "retrain": ("concept_drift", {}),
}
SETTLES = "restandardise_feature"  # ends when its units go back; on a sound feed it becomes no repair at all
BEGINNERS = tuple(kind for kind in REPAIRS if kind.kind in CALLS)
ENDS = ("ended", "promoted")


def diagnosis(cause: Cause, estimates: Mapping[str, Any], ts: int) -> Diagnosis:
    return Diagnosis(
        ts=ts,
        model_id="champion",
        cause=cause,
        severity="CRITICAL",
        affected=("x1",),
        recommended="",
        change_ts=ts - 40 * 300_000_000,
        bars_since_change=40,
        confidence=0.9,
        summary="as the test says",
        evidence=(),
        rejected=(),
        estimates=estimates,
    )


def sound_trader() -> tuple[HealingTrader, MarketView, int]:
    """A trader on a market without a fault, some bars in, and the next bar."""
    view = MarketView.of(make_world("null", SEED))
    trader = teach(view, CONFIG, 0)
    start = view.train_bars + BEGUN_AFTER
    for bar in range(view.train_bars, start):
        trader.step(market_bar(view, bar))
    assert trader.is_deployed
    return trader, view, start


def repair_of(trader: HealingTrader, kind: type[Repair]) -> Repair:
    return next(item for item in trader._repairs if type(item) is kind)


def test_kinds_are_unique_and_every_cause_that_can_be_treated_is_answered() -> None:
    assert max(Counter(kind.kind for kind in REPAIRS).values()) == 1
    answered = {cause for kind in REPAIRS for cause in kind.answers}
    assert answered == set(get_args(Cause)) - {"none", "external_event"}


@pytest.mark.parametrize("kind", REPAIRS, ids=lambda kind: kind.kind)
def test_a_new_one_asks_nothing_and_survives_json(kind: type[Repair]) -> None:
    repair = kind()
    assert repair.size_rule() == FULL_SIZE
    state = json.loads(json.dumps(repair.state(), allow_nan=False))
    twin = kind()
    twin.restore(state)
    assert twin.state() == state


@pytest.mark.parametrize("kind", BEGINNERS, ids=lambda kind: kind.kind)
def test_the_first_that_wants_a_diagnosis_is_the_one_it_is_made_for(kind: type[Repair]) -> None:
    found = diagnosis(*CALLS[kind.kind], 0)
    assert next(other for other in REPAIRS if other().wants(found)) is kind


@pytest.mark.parametrize("kind", BEGINNERS, ids=lambda kind: kind.kind)
def test_one_that_was_begun_by_mistake_ends_and_leaves_nothing_behind(kind: type[Repair]) -> None:
    """On a market without a fault: sizes within bounds all the time, state plain JSON, and in the end all as before."""
    most = CONFIG.treatment.settling_bars if kind.kind == SETTLES else MOST_BARS
    trader, view, start = sound_trader()
    desk, repair = trader.desk, repair_of(trader, kind)
    repair.begin(diagnosis(*CALLS[kind.kind], market_bar(view, start - 1).ts), desk)
    begun = [note for note in desk.notes if note.step == "begun"]
    assert len(begun) == 1
    ended = None
    for bar in range(start, start + most):
        decision = trader.step(market_bar(view, bar))
        rule = repair.size_rule()
        assert 0.0 <= rule.share <= 1.0
        assert 0.0 < rule.trading_rate <= 1.0
        assert decision.trading_rate <= rule.trading_rate
        assert abs(decision.target) <= rule.share * CONFIG.treatment.largest_position + 1e-12
        state = json.loads(json.dumps(repair.state(), allow_nan=False))
        twin = kind()
        twin.restore(state)
        assert twin.state() == repair.state()
        assert twin.size_rule() == rule
        if any(note.step in ENDS and note.kind in (kind.kind, "stand_aside") for note in decision.repairs):
            ended = bar
            break
    assert repair.size_rule() == FULL_SIZE
    assert not desk.muted.any()
    if kind.kind == SETTLES and ended is None:
        assert desk.offset == pytest.approx([0.0] * 6, abs=0.5)
        assert desk.scale == pytest.approx([1.0] * 6, abs=0.15)
        return
    assert ended is not None
    assert desk.offset.tolist() == [0.0] * 6
    assert desk.scale.tolist() == [1.0] * 6


@pytest.mark.parametrize("kind", BEGINNERS, ids=lambda kind: kind.kind)
def test_a_begun_one_that_is_restored_goes_on_to_the_last_bit(kind: type[Repair]) -> None:
    trader, view, start = sound_trader()
    repair_of(trader, kind).begin(diagnosis(*CALLS[kind.kind], market_bar(view, start - 1).ts), trader.desk)
    for bar in range(start, start + 7):
        trader.step(market_bar(view, bar))
    resumed = HealingTrader.from_json(json.loads(json.dumps(trader.to_json(), allow_nan=False)), CONFIG)
    for bar in range(start + 7, start + 80):
        assert resumed.step(market_bar(view, bar)) == trader.step(market_bar(view, bar))
    assert resumed.to_json() == trader.to_json()


def test_a_leak_is_taken_back_when_the_input_is_sound() -> None:
    kind = next(item for item in REPAIRS if item.kind == "quarantine_feature")
    trader, view, start = sound_trader()
    found = diagnosis("data_feed", {"feed": "leak"}, market_bar(view, start - 1).ts)
    repair_of(trader, kind).begin(found, trader.desk)
    muted = []
    for bar in range(start, start + 200):
        trader.step(market_bar(view, bar))
        muted.append(bool(trader.desk.muted[1]))
    assert all(muted[: CONFIG.treatment.sound_bars - 1])
    assert not muted[-1]


@pytest.mark.parametrize(("shift", "scale"), [(3.0, 3.0), (-1.5, 2.0), (0.0, 2.0)])
def test_a_change_of_units_that_goes_back_ends_its_repair(shift: float, scale: float) -> None:
    """A feed in other units for 150 bars: the repair begins within it and ends soon after."""
    view = MarketView.of(make_world("null", SEED))
    x = view.x.copy()
    x[1200:1350, 1] = shift + scale * x[1200:1350, 1]
    view = MarketView(x, view.y, view.spread, view.volume, view.train_bars)
    trader = teach(view, CONFIG, 0)
    notes = []
    for bar in range(view.train_bars, 1500):
        notes += [(bar, note.kind, note.step) for note in trader.step(market_bar(view, bar)).repairs]
    steps = [(bar, step) for bar, kind, step in notes if kind == "restandardise_feature"]
    assert [step for _, step in steps] == ["begun", "ended"]
    assert 1200 < steps[0][0] < 1250
    assert 1350 < steps[1][0] < 1400
    assert trader.desk.scale.tolist() == [1.0] * 6
