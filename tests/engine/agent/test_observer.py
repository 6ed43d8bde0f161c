"""What the observer carries: its history is stored as it is, whenever it is asked for."""

from __future__ import annotations

from dataclasses import replace

from world import make_world

from engine.agent.observer import Observer
from engine.kernel.configuration import load_config

CONFIG = load_config("simulated_hogs", environment={}).config.observer
WORLD = make_world("concept", 1)


def test_the_stored_history_is_the_one_at_hand() -> None:
    observer = Observer(WORLD.reference, CONFIG.model_copy(update={"history_bars": 20}))
    for place, observation in enumerate(WORLD.observations[:70]):
        observer.update(observation)
        if place in (0, 7, 8, 25, 69):
            assert observer.state()["history"] == [item.to_list() for item in observer.history]
            observer = Observer.from_state(observer.state(), observer.config)


def test_a_champion_with_other_inputs_stores_its_own_bars_alone() -> None:
    observer = Observer(WORLD.reference, CONFIG)
    for observation in WORLD.observations[:5]:
        observer.update(observation)
    renamed = tuple(f"{name}_other" for name in WORLD.reference.feature_names)
    observer.change_champion(replace(WORLD.reference, model_id="other", feature_names=renamed))
    observer.update(WORLD.observations[5])
    assert observer.state()["history"] == [WORLD.observations[5].to_list()]
