"""The registry: every feature once, described, with sound bounds; the champions' features exist."""

from __future__ import annotations

import pytest

from engine.kernel.configuration import known_markets, load_config
from engine.signals.feature_registry import build_families, feature_definitions, feature_names


@pytest.mark.parametrize("market", known_markets())
def test_definitions_are_complete(market: str) -> None:
    config = load_config(market, environment={}).config
    definitions = feature_definitions(config)
    names = [item.name for item in definitions]
    assert len(set(names)) == len(names)
    assert tuple(names) == feature_names(config)
    assert set(config.market.champion_features) <= set(names)
    for item in definitions:
        assert item.unit and item.description and item.owner and item.max_age_us > 0 and item.version >= 1
        assert item.range_low is None or item.range_high is None or item.range_low < item.range_high


def test_families_do_not_share_state() -> None:
    config = load_config("simulated_hogs", environment={}).config
    first, second = build_families(config), build_families(config)
    assert all(one is not other for one, other in zip(first, second, strict=True))
