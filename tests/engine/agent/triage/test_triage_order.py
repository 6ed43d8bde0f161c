"""The order of the triage: read from YAML, refused in one sentence, and obeyed bar by bar."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from world import World, make_world

from engine.agent.detectors.base import Reading
from engine.agent.diagnosis import Diagnosis
from engine.agent.diagnostician import Diagnostician
from engine.agent.healer import Healer
from engine.agent.observation import BarObservation
from engine.agent.observer import Observer, ObserverReport
from engine.agent.triage.registry import RULE_NAMES, TRIAGE_RULES, rules_in_order
from engine.kernel.configuration import load_config
from engine.kernel.errors import CalculationError, ConfigError

CONFIG = load_config("simulated_hogs", environment={}).config
ORDER = CONFIG.agent.triage_order


def _drought_with_a_loud_market(world: World) -> list[BarObservation]:
    """From bar 100 on spreads are wide, volume is thin and returns are three times as large."""
    return [
        replace(item, spread=item.spread * 6.0, volume=item.volume * 0.1, realised_return=item.realised_return * 3.0)
        if index >= 100
        else item
        for index, item in enumerate(world.observations)
    ]


def _first(order: tuple[str, ...], skip_bars: int) -> Diagnosis:
    world = make_world("none", 640, live=300)
    observer, diagnostician = Observer(world.reference, CONFIG.observer), Diagnostician(order)
    for index, bar in enumerate(_drought_with_a_loud_market(world)):
        report = observer.update(bar)
        found = diagnostician.diagnose(report, observer) if index >= skip_bars else None
        if found is not None:
            return found
    raise AssertionError("nothing was diagnosed")


def test_the_shipped_order_is_the_one_in_which_causes_imitate_each_other() -> None:
    assert rules_in_order(ORDER) == TRIAGE_RULES


def test_the_first_rule_in_order_names_the_cause() -> None:
    at = 130  # both detectors have breached
    regimes = ("volatility_regime", "liquidity_regime")
    swapped = tuple({regimes[0]: regimes[1], regimes[1]: regimes[0]}.get(name, name) for name in ORDER)
    assert _first(ORDER, at).cause == "regime_volatility"
    assert _first(swapped, at).cause == "regime_liquidity"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ((*RULE_NAMES, "gut_feeling"), "does not know gut_feeling; name every rule once"),
        (RULE_NAMES[1:], "lacks stale_feed; name every rule once"),
        ((*RULE_NAMES, "lost_edge"), "repeats lost_edge; name every rule once"),
        ((*RULE_NAMES[:-1], "lost_egde"), "does not know lost_egde and lacks lost_edge; name every rule once"),
        ((), "lacks stale_feed, bad_ticks, dying_feed"),
    ],
    ids=["unknown", "missing", "repeated", "misspelt", "empty"],
)
def test_an_order_that_does_not_name_every_rule_once_is_refused(order: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=f"agent.triage_order .*{said}") as refused:
        Diagnostician(order)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(", ".join(RULE_NAMES))


def test_a_setting_replaces_the_whole_order() -> None:
    turned = list(reversed(RULE_NAMES))
    config = load_config("simulated_hogs", environment={}, flags={"agent.triage_order": turned}).config
    assert [rule.name for rule in rules_in_order(config.agent.triage_order)] == turned


def test_waiting_survives_a_restart_on_every_bar() -> None:
    world = make_world("stale", 641)
    observer, straight, resumed = Observer(world.reference, CONFIG.observer), Diagnostician(ORDER), Diagnostician(ORDER)
    waited = []
    for bar in world.observations[: world.fault_bar + 60]:
        report = observer.update(bar)
        found = straight.diagnose(report, observer)
        again = Diagnostician(ORDER)
        again.restore(json.loads(json.dumps(resumed.state(), allow_nan=False)))
        resumed = again
        assert resumed.diagnose(report, observer) == found
        assert resumed.state() == straight.state()
        waited.append(straight.state()["rules"]["stale_feed"]["waited_bars"])
        if found is not None and found.cause == "data_feed":
            break
    else:
        raise AssertionError("the dead feed was not found")
    assert waited[-2:] == [1, 0]


def test_waiting_is_forgotten_where_nothing_is_breached_or_on_request() -> None:
    world = make_world("none", 642, live=60)
    observer, diagnostician = Observer(world.reference, CONFIG.observer), Diagnostician(ORDER)
    for bar in world.observations:
        report = observer.update(bar)
    nothing = diagnostician.state()
    name = world.reference.feature_names[0]
    since = world.observations[50].ts
    still = Reading("staleness", name, 12.0, 10.0, True, "CRITICAL", since, True, (("natural", 1.0), ("kind", 0.0)))
    waiting = ObserverReport((still,), (), ())
    assert diagnostician.diagnose(waiting, observer) is None
    assert diagnostician.state() != nothing
    assert diagnostician.diagnose(replace(report, readings=()), observer) is None
    assert diagnostician.state() == nothing
    assert diagnostician.diagnose(waiting, observer) is None
    diagnostician.reset()
    assert diagnostician.diagnose(waiting, observer) is None
    found = diagnostician.diagnose(waiting, observer)
    assert found is not None
    assert found.cause == "data_feed"
    assert diagnostician.state() == nothing


def test_a_decisive_reading_that_no_rule_takes_is_an_error() -> None:
    world = make_world("none", 642, live=60)
    observer = Observer(world.reference, CONFIG.observer)
    for bar in world.observations:
        observer.update(bar)
    stranger = Reading("tea_leaves", "market", 2.0, 1.0, True, "CRITICAL", world.observations[0].ts, True)
    with pytest.raises(CalculationError, match="tea_leaves:market"):
        Diagnostician(ORDER).diagnose(ObserverReport((stranger,), (), ()), observer)


def test_the_healer_obeys_the_order_of_its_settings() -> None:
    swapped = ("liquidity_regime", *(name for name in ORDER if name != "liquidity_regime"))
    causes = []
    for order in (ORDER, swapped):
        agent = CONFIG.agent.model_copy(update={"triage_order": order})
        world = make_world("none", 640, live=300)
        healer = Healer()
        healer.reset(CONFIG.model_copy(update={"agent": agent}), 0, world.reference)
        bars = _drought_with_a_loud_market(world)
        for bar in bars[:130]:
            healer.treat("regime_liquidity")
            healer.treat("regime_volatility")
            healer.step(bar)
        healer.untreat("regime_liquidity")
        healer.untreat("regime_volatility")
        found = healer.step(bars[130]).diagnosis
        causes.append(None if found is None else found.cause)
    assert causes == ["regime_volatility", "regime_liquidity"]


def test_a_bad_order_is_refused_when_a_healer_begins() -> None:
    agent = CONFIG.agent.model_copy(update={"triage_order": ("gut_feeling",)})
    with pytest.raises(ConfigError, match="gut_feeling"):
        Healer().reset(CONFIG.model_copy(update={"agent": agent}), 0, make_world("none", 640, live=10).reference)
