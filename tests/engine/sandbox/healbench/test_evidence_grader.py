"""The grader agrees with the agent's own formulas on true claims and catches every falsified one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.agent.evidence import FORMULAS, compute
from engine.agent.observation import BarObservation
from engine.sandbox.healbench.baselines.frozen import Frozen
from engine.sandbox.healbench.bench_utility import net_pnl
from engine.sandbox.healbench.episode_record import (
    DiagnosisRecord,
    EpisodeRecord,
    EvidenceRecord,
    PromotionRecord,
    RepairRecord,
)
from engine.sandbox.healbench.evidence_formulas import EVIDENCE_FORMULAS
from engine.sandbox.healbench.evidence_grader import grounded_diagnoses, recomputed_value
from engine.sandbox.healbench.evidence_rows import evidence_rows
from engine.sandbox.healbench.heal_world import HealWorld
from engine.sandbox.healbench.ridge_champion import RidgeChampion, train_champion
from engine.sandbox.healbench.world_generator import make_world

FROM, TO = 1700, 1960
PLAIN = (0.0, 0.0, 0.88, 0.0, 1.0)
BOUNDED = (-2.0, 2.0, 0.88, 0.1, 0.9)
LOGARITHM = (1.0, 1.0, 0.88, 0.2, 0.7)


def column(scale: tuple[float, ...], index: int) -> dict[str, Any]:
    return {"index": index, "offset": 0.1, "scale": 1.3, "even_scale": scale, "ar1": 0.9, "innovation_sd": 0.45}


CLAIMS: dict[str, tuple[str, dict[str, Any]]] = {
    "bars": ("bars", {}),
    "slope": ("slope_of_return_on_forecast", {}),
    "edge loss": ("edge_loss_evidence", {"correlation": 0.33, "training_volatility": 1.02, "loss": 1.5}),
    "hit rate": ("hit_rate", {}),
    "net return": ("mean_net_return", {}),
    "innovations plain": ("innovation_sd_ratio", column(PLAIN, 0)),
    "innovations bounded": ("innovation_sd_ratio", column(BOUNDED, 1)),
    "innovations logarithm": ("innovation_sd_ratio", {**column(LOGARITHM, 2), "offset": -9.0}),
    "level": ("input_level", column(BOUNDED, 3)),
    "volatility": ("return_volatility_ratio", {"training_volatility": 0.97}),
    "equal values moving": ("equal_values_run", {"index": 1}),
    "event times": ("event_time_run", {"index": 1}),
    "missing": ("missing_run", {"index": 1}),
    "flagged": ("flagged_run", {"index": 1}),
    "spread": ("spread_ratio", {"training_log_mean": -3.0}),
    "volume": ("volume_ratio", {"training_log_mean": 0.1}),
    "far jumps": ("far_jumps", {**column(PLAIN, 1), "limit": 1.0}),
    "leak": ("input_return_correlation", {"index": 0}),
}


@pytest.fixture(scope="module")
def world() -> HealWorld:
    return make_world("stale", 21)


@pytest.fixture(scope="module")
def champion(world: HealWorld) -> RidgeChampion:
    return train_champion(world)


@pytest.fixture(scope="module")
def record(world: HealWorld, champion: RidgeChampion) -> EpisodeRecord:
    return Frozen().play(world, champion)


def observations(world: HealWorld, record: EpisodeRecord) -> list[BarObservation]:
    """What the live healer would have seen, with the bar as its timestamp."""
    net = net_pnl(record.position, world.y, world.spread, world.sigma, world.volume)
    return [
        BarObservation(
            ts=bar,
            event_ts_by_feature=(bar,) * world.features,
            values=tuple(world.x[bar].tolist()),
            stale=(False,) * world.features,
            expected_return=float(record.forecast[bar - 1]),
            return_sd=1.0,
            realised_return=float(world.y[bar - 1]),
            spread=float(world.spread[bar]),
            volume=float(world.volume[bar - 1]),
            position_lots=0,
            net_return=float(net[bar - 1]),
            usable=math.isfinite(record.forecast[bar - 1]),
        )
        for bar in range(1, world.bars)
    ]


def claims(world: HealWorld, champion: RidgeChampion) -> dict[str, tuple[str, Mapping[str, Any]]]:
    frozen = world.faulty_features[0]
    multiplier = {
        "coefficients": champion.weights.tolist(),
        "feature_mean": champion.mean.tolist(),
        "feature_sd": champion.scale.tolist(),
        "residual_sd": 0.93,
        "index": frozen,
    }
    return {
        **CLAIMS,
        "equal values frozen": ("equal_values_run", {"index": frozen}),
        "multiplier": ("input_multiplier", multiplier),
    }


def test_every_formula_of_the_agent_is_known_here_and_none_else() -> None:
    assert set(EVIDENCE_FORMULAS) == set(FORMULAS)


def test_values_agree_with_the_agents_own_formulas(
    world: HealWorld, champion: RidgeChampion, record: EpisodeRecord
) -> None:
    seen, rows = observations(world, record), evidence_rows(world, record)
    for name, (formula, inputs) in claims(world, champion).items():
        for start, end in ((FROM, TO), (990, 1400), (1203, 1203)):
            expected = compute(formula, inputs, start, end, seen)
            found = recomputed_value(EvidenceRecord(name, formula, start, end, inputs, 0.0), rows)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-11), (name, start)


def diagnosis(world: HealWorld, record: EpisodeRecord, champion: RidgeChampion) -> DiagnosisRecord:
    rows = evidence_rows(world, record)
    items = []
    for name, (formula, inputs) in claims(world, champion).items():
        value = recomputed_value(EvidenceRecord(name, formula, FROM, TO, inputs, 0.0), rows)
        assert value is not None
        items.append(EvidenceRecord(name, formula, FROM, TO, inputs, value))
    return DiagnosisRecord(TO, "data_feed", world.faulty_features, world.fault_bar or 0, tuple(items))


def is_grounded(world: HealWorld, record: EpisodeRecord, said: DiagnosisRecord) -> bool:
    (verdict,) = grounded_diagnoses(world, replace(record, diagnoses=(said,)))
    return verdict


def test_true_numbers_ground_a_diagnosis(world: HealWorld, champion: RidgeChampion, record: EpisodeRecord) -> None:
    assert is_grounded(world, record, diagnosis(world, record, champion))


@pytest.mark.parametrize("name", [*CLAIMS, "equal values frozen", "multiplier"])
def test_one_falsified_number_spoils_it(
    world: HealWorld, champion: RidgeChampion, record: EpisodeRecord, name: str
) -> None:
    said = diagnosis(world, record, champion)
    false = tuple(
        replace(item, value=item.value * (1.0 + 3e-6) + 1e-8) if item.name == name else item for item in said.evidence
    )
    assert not is_grounded(world, record, replace(said, evidence=false))


@pytest.mark.parametrize(
    "change",
    [
        {"formula": "gut_feeling"},
        {"from_bar": 0},
        {"from_bar": TO + 1},
        {"to_bar": TO + 1},
        {"to_bar": 10**9},
        {"inputs": {}},
        {"inputs": {"index": 99}},
        {"inputs": {"index": "all"}},
        {"inputs": {"index": -1}},
        {"value": math.nan},
    ],
    ids=lambda change: str(next(iter(change.items()))).replace(" ", ""),
)
def test_claims_that_cannot_be_recomputed_are_not_grounded(
    world: HealWorld, champion: RidgeChampion, record: EpisodeRecord, change: dict[str, Any]
) -> None:
    said = diagnosis(world, record, champion)
    (frozen,) = (item for item in said.evidence if item.name == "equal values frozen")
    assert is_grounded(world, record, replace(said, evidence=(frozen,)))
    assert not is_grounded(world, record, replace(said, evidence=(replace(frozen, **change),)))


def test_numbers_after_the_diagnosis_do_not_count(
    world: HealWorld, champion: RidgeChampion, record: EpisodeRecord
) -> None:
    said = diagnosis(world, record, champion)
    assert not is_grounded(world, record, replace(said, bar=TO - 1))


def test_a_diagnosis_needs_a_number_that_tells_something(
    world: HealWorld, champion: RidgeChampion, record: EpisodeRecord
) -> None:
    said = diagnosis(world, record, champion)
    counts = tuple(item for item in said.evidence if item.formula == "bars")
    assert not is_grounded(world, record, replace(said, evidence=counts))
    assert not is_grounded(world, record, replace(said, evidence=()))


def test_forged_forecasts_ground_nothing_before_a_change(
    world: HealWorld, champion: RidgeChampion, record: EpisodeRecord
) -> None:
    said = diagnosis(world, record, champion)
    forged = replace(record, forecast=record.forecast + np.where(np.arange(world.bars) == 1500, 1e-3, 0.0))
    assert not is_grounded(world, forged, diagnosis(world, forged, champion))
    own = tuple(item for item in said.evidence if item.name == "equal values frozen")
    said = replace(said, evidence=own)
    assert is_grounded(world, replace(forged, repairs=(RepairRecord(1400, "retrain"),)), said)
    promoted = replace(forged, promotions=(PromotionRecord(1600, None, 1),))
    assert not is_grounded(world, promoted, said)
