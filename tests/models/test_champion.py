"""The champion: adjustments, usability, and equality of one-at-a-time and batched predictions."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.errors import CorruptStoreError, InputError
from models.champion import Champion
from models.factory import create_model
from models.interface import FloatArray, TrainingConfig
from models.spec import Adjustments, EdgeSummary, ModelSpec, PlattParameters, Restandardise, TrainingRange

FEATURES = ("skew_slope", "atm_iv", "carry")
EDGE = EdgeSummary(1e-4, 1e-5, 8e-5, 0.3, 0.9, 800)
GENERATOR = np.random.default_rng(1)
X = GENERATOR.standard_normal((500, 3))
Y = 0.002 * (X @ np.array([0.3, -0.2, 0.1]) + GENERATOR.standard_normal(500))


def champion(kind: str = "ridge", calibration: PlattParameters | None = None, **adjustments: object) -> Champion:
    spec = ModelSpec(
        kind, FEATURES, TrainingRange(0, 500, 500, volatility_ewma=0.002), edge=EDGE, calibration=calibration
    ).with_adjustments(**adjustments)
    return Champion("model-1", spec, create_model(kind).train(X, Y, TrainingConfig(), feature_names=FEATURES))


def one(subject: Champion, values: FloatArray, ewma: float = 0.002, stale: tuple[bool, ...] = (False,) * 3):  # type: ignore[no-untyped-def]
    return subject.predict_one(FEATURES, values, stale, ewma, ts=5)


@pytest.mark.parametrize("kind", ["ridge", "logistic", "lightgbm", "zero"])
@pytest.mark.parametrize("volatility", ["training", "ewma", "ewma_scaled"])
def test_batched_equals_one_at_a_time(kind: str, volatility: str) -> None:
    subject = champion(
        kind,
        PlattParameters(0.8, 0.05),
        volatility=volatility,
        restandardise={"atm_iv": Restandardise(1.5, 2.0)},
        quarantine=("carry",),
        size_multiplier=0.5,
        trading_rate=0.2,
    )
    values = np.random.default_rng(2).standard_normal((97, 5))
    values[3, 1] = np.nan
    names = ("other", "carry", "atm_iv", "another", "skew_slope")
    stale = np.random.default_rng(3).random((97, 5)) < 0.1
    ewma = np.random.default_rng(4).uniform(0.001, 0.004, 97)
    ewma[7] = np.nan
    batch = subject.predict_many(names, values, stale, ewma, ts=np.arange(97))
    for index in range(97):
        assert batch.row(index) == subject.predict_one(names, values[index], stale[index], ewma[index], ts=index)


def test_restandardise_undoes_a_change_of_units() -> None:
    moved = X[0].copy()
    moved[1] = 1.5 + 2.0 * moved[1]
    repaired = champion(restandardise={"atm_iv": Restandardise(1.5, 2.0)})
    assert one(repaired, moved).expected_return == pytest.approx(one(champion(), X[0]).expected_return, abs=1e-15)


def test_a_quarantined_feature_contributes_nothing_and_need_not_be_there() -> None:
    subject = champion(quarantine=("carry",))
    wild = X[0].copy()
    wild[2] = np.nan
    first = one(subject, X[0], stale=(False, False, True))
    assert first.usable
    assert one(subject, wild).usable
    assert one(subject, wild).expected_return == first.expected_return


def test_missing_stale_and_absent_inputs_make_a_prediction_unusable() -> None:
    missing = X[0].copy()
    missing[0] = np.nan
    said = one(champion(), missing, stale=(False, True, False))
    assert not said.usable
    assert said.unusable_reason == "skew_slope is missing; atm_iv is stale"
    absent = champion().predict_one(("skew_slope", "atm_iv"), X[0][:2], (False, False), 0.002)
    assert absent.unusable_reason == "carry is absent"


def test_volatility_modes_scale_noise_or_both() -> None:
    plain, noise, both = (one(champion(volatility=mode), X[0], 0.005) for mode in ("training", "ewma", "ewma_scaled"))
    assert noise.return_sd == pytest.approx(2.5 * plain.return_sd)
    assert noise.expected_return == plain.expected_return
    assert both.expected_return == pytest.approx(2.5 * plain.expected_return)
    assert both.confidence == plain.confidence > noise.confidence
    unknown = one(champion(volatility="ewma"), X[0], math.nan)
    assert not unknown.usable and "volatility_ewma" in unknown.unusable_reason


def test_size_multiplier_edge_and_rate_reach_the_trader() -> None:
    said = one(champion(size_multiplier=0.25, trading_rate=0.15), X[0])
    assert said.shrinkage == pytest.approx(0.225)
    assert (said.edge_lower_bound, said.trading_rate, said.ts, said.model_id) == (8e-5, 0.15, 5, "model-1")


def test_an_unknown_edge_trades_nothing() -> None:
    spec = ModelSpec("ridge", FEATURES, TrainingRange(0, 500, 500))
    model = create_model("ridge").train(X, Y, TrainingConfig(), feature_names=FEATURES)
    said = one(Champion("model-2", spec, model), X[0])
    assert said.edge_lower_bound == said.shrinkage == 0.0


def test_specification_and_model_must_agree() -> None:
    model = create_model("ridge").train(X, Y, TrainingConfig(), feature_names=FEATURES)
    with pytest.raises(InputError, match="its specification says"):
        Champion("m", ModelSpec("ridge", tuple(reversed(FEATURES)), TrainingRange(0, 1, 1)), model)
    with pytest.raises(InputError, match="volatility_ewma"):
        Champion("m", ModelSpec("ridge", FEATURES, TrainingRange(0, 1, 1), Adjustments(volatility="ewma")), model)


def test_load_refuses_a_corrupt_artifact() -> None:
    data = champion().model.serialize()
    assert Champion.load("m", champion().spec, data).predict_one(FEATURES, X[0], (False,) * 3).usable
    with pytest.raises(CorruptStoreError):
        Champion.load("m", champion().spec, data[:-3] + b"000")


bounded = st.floats(-1e6, 1e6)


@given(
    offset=bounded,
    scale=st.floats(1e-6, 1e6),
    multiplier=st.floats(0, 1),
    rate=st.floats(1e-3, 1),
    quarantine=st.lists(st.sampled_from(FEATURES), unique=True),
    mode=st.sampled_from(["training", "ewma", "ewma_scaled"]),
)
@settings(max_examples=50, deadline=None)
def test_specification_survives_json(
    offset: float, scale: float, multiplier: float, rate: float, quarantine: list[str], mode: str
) -> None:
    spec = ModelSpec(
        "lightgbm",
        FEATURES,
        TrainingRange(1, 2, 3, 0.1),
        params={"rounds": 40},
        edge=EDGE,
        calibration=PlattParameters(1.0, 0.0),
    ).with_adjustments(
        restandardise={"carry": Restandardise(offset, scale)},
        quarantine=tuple(quarantine),
        size_multiplier=multiplier,
        volatility=mode,
        trading_rate=rate,
    )
    assert ModelSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_specification_as_the_registry_documents_it_is_read() -> None:
    spec = ModelSpec.from_json(
        {
            "kind": "ridge",
            "features": ["carry"],
            "training": {"from_ts": 1, "to_ts": 2, "window_bars": 3},
            "adjustments": {
                "restandardise": {"carry": {"offset": 1.0, "scale": 2.0}},
                "quarantine": [],
                "size_multiplier": 1.0,
                "volatility": "training",
                "trading_rate": 1.0,
            },
            "params": {},
        }
    )
    assert spec.adjustments.restandardise["carry"] == Restandardise(1.0, 2.0)
    assert spec.edge is None


@pytest.mark.parametrize(
    "change",
    [
        {"adjustments": {"quarantine": ["unknown"]}},
        {"adjustments": {"size_multiplier": 1.5}},
        {"adjustments": {"trading_rate": 0.0}},
        {"adjustments": {"volatility": "guess"}},
        {"adjustments": {"restandardise": {"carry": {"offset": 0.0, "scale": 0.0}}}},
        {"adjustments": {"surprise": 1}},
        {"features": []},
        {"surprise": 1},
        {"training": {"from_ts": 1}},
    ],
)
def test_a_malformed_specification_is_refused(change: dict[str, object]) -> None:
    document = {"kind": "ridge", "features": ["carry"], "training": {"from_ts": 1, "to_ts": 2, "window_bars": 3}}
    with pytest.raises(InputError):
        ModelSpec.from_json({**document, **change})
