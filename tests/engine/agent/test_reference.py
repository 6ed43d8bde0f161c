"""The yardstick: what it measures, that it survives JSON, and how repairs change it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from world import OBSERVER, make_world

from engine.agent.reference import ChampionReference, build_reference, log_volatility_sd
from engine.kernel.errors import CalculationError, StoreError


def test_json_round_trip_keeps_every_number() -> None:
    reference = make_world("none", 3, live=1).reference
    again = ChampionReference.from_json(json.loads(json.dumps(reference.to_json(), allow_nan=False)))
    assert again == reference
    assert again.content_hash() == reference.content_hash()


def test_world_facts_are_recovered() -> None:
    references = [make_world("none", seed, live=1).reference for seed in range(8)]
    assert np.mean([item.correlation for item in references]) == pytest.approx(0.38, abs=0.04)
    assert np.mean([item.feature_ar1 for item in references]) == pytest.approx(0.89, abs=0.02)
    assert all(item.has_edge for item in references)
    assert np.mean([item.log_volatility_sd for item in references]) == pytest.approx(0.22, abs=0.03)
    assert all(item.longest_repeat[0] == 1 and item.longest_repeat[5] > 2 for item in references)


def test_no_edge_is_seen_in_training() -> None:
    assert not any(make_world("no_edge", seed, live=1).reference.has_edge for seed in range(30))


def test_repairs_change_how_inputs_are_read() -> None:
    reference = make_world("none", 3, live=1).reference
    repaired = reference.with_adjustments(
        {"restandardise": {"carry": {"offset": 0.5, "scale": 2.0}}, "quarantine": ["nlp_score"], "volatility": "ewma"},
        "champion-2",
    )
    assert repaired.input_offset[3] == 0.5
    assert repaired.input_scale[3] == 2.0
    assert repaired.quarantined == (False, False, False, False, False, True)
    assert repaired.model_id == "champion-2"
    assert repaired.with_adjustments({}).input_scale == (1.0,) * 6


def test_too_little_training_is_refused() -> None:
    values = np.zeros((50, 2))
    with pytest.raises(CalculationError, match="50 scored"):
        build_reference("m", ["a", "b"], list(range(50)), values, np.ones(50), np.ones(50), observer=OBSERVER)


def test_constant_and_missing_columns_are_described() -> None:
    rng = np.random.default_rng(0)
    values = np.column_stack([np.full(200, 3.0), np.where(rng.random(200) < 0.1, np.nan, rng.standard_normal(200))])
    forecast = rng.standard_normal(200)
    reference = build_reference(
        "m", ["flat", "gappy"], list(range(200)), values, forecast, forecast + 1.0, observer=OBSERVER
    )
    assert reference.feature_sd[0] == 1.0
    assert reference.missing_share[1] == pytest.approx(0.1, abs=0.05)
    assert all(math.isfinite(item) for item in reference.innovation_sd)


def test_a_yardstick_of_another_version_is_refused_in_one_sentence() -> None:
    row = make_world("none", 1, live=10).reference.to_json()
    del row["largest_innovation"]
    with pytest.raises(StoreError, match=r"champion-1 lacks largest_innovation.*train the model again"):
        ChampionReference.from_json(row)


def test_the_spread_of_volatility_is_measured_alone_as_in_the_yardstick() -> None:
    returns = np.random.default_rng(4).standard_t(5, 300)
    reference = build_reference(
        "m", ("a",), np.arange(300), np.ones((300, 1)), np.zeros(300), returns, observer=OBSERVER
    )
    assert log_volatility_sd(returns) == reference.log_volatility_sd
    with pytest.raises(CalculationError, match="99 scored training bars"):
        log_volatility_sd(returns[:99])
