"""Every kind of model keeps the contract, and the skilled ones find a planted signal."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from engine.kernel.errors import InputError
from models.factory import MODEL_KINDS, create_model
from models.interface import TradingModel, TrainingConfig


def _load_contract() -> ModuleType:
    path = Path(__file__).with_name("check_trading_model.py")
    spec = importlib.util.spec_from_file_location("check_trading_model", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONTRACT = _load_contract()


@pytest.mark.parametrize("kind", MODEL_KINDS)
@pytest.mark.parametrize("check", CONTRACT.CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Callable[[], TradingModel]], None], kind: str) -> None:
    check(lambda: create_model(kind))


@pytest.mark.parametrize("kind", ["ridge", "logistic", "lightgbm"])
def test_planted_signal_is_found_out_of_sample(kind: str) -> None:
    X, y = CONTRACT.market(rows=3000, seed=11)
    model = create_model(kind).train(X[:2000], y[:2000], TrainingConfig(), feature_names=CONTRACT.NAMES)
    scores = model.evaluate(X[2000:], y[2000:])
    assert scores["information_coefficient"] > 0.25
    assert scores["hit_rate"] > 0.55
    assert scores["brier"] < 0.25
    importance = model.feature_importance()
    assert max(importance, key=lambda name: importance[name]) in ("momentum_5", "carry")
    assert importance["momentum_5"] > importance["atm_iv"]
    assert sum(importance.values()) == pytest.approx(1.0)


def test_linear_kinds_import_no_heavy_library() -> None:
    code = (
        "import sys, numpy as np; from models.factory import create_model, load_model; "
        "from models.interface import TrainingConfig; import models.champion, models.edge, models.calibration\n"
        "X = np.eye(3)\n"
        "for kind in ('ridge', 'logistic', 'zero', 'momentum'):\n"
        "    m = create_model(kind).train(X, X[0], TrainingConfig(), feature_names=('return', 'b', 'c'))\n"
        "    load_model(m.serialize()).predict(X)\n"
        "print(sorted({'scipy', 'sklearn', 'lightgbm', 'torch', 'pandas', 'pyarrow', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(InputError, match="unknown model kind 'lstm'"):
        create_model("lstm")


def test_momentum_needs_a_momentum_feature() -> None:
    X, y = CONTRACT.market()
    with pytest.raises(InputError, match="momentum"):
        create_model("momentum").train(X[:, 1:], y, TrainingConfig(), feature_names=CONTRACT.NAMES[1:])
    config = TrainingConfig(parameters={"momentum_feature": "carry"})
    model = create_model("momentum").train(X, y, config, feature_names=CONTRACT.NAMES)
    assert model.feature_importance() == {"momentum_5": 0.0, "carry": 1.0, "skew_slope": 0.0, "atm_iv": 0.0}


def test_ridge_solves_the_normal_equations_and_covers_its_noise() -> None:
    X, y = CONTRACT.market(rows=1500, seed=12)
    model = create_model("ridge").train(X, y, TrainingConfig(ridge_prior_r2=0.15), feature_names=CONTRACT.NAMES)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = np.linalg.solve(Z.T @ Z + np.eye(4) * 4 / 0.15, Z.T @ y)
    np.testing.assert_allclose(model.coefficients, expected, rtol=1e-10)  # type: ignore[attr-defined]
    variance = model.residual_sd**2 * np.linalg.inv(Z.T @ Z + np.eye(4) * 4 / 0.15)  # type: ignore[attr-defined]
    np.testing.assert_allclose(model.coefficient_covariance, variance, rtol=1e-9)  # type: ignore[attr-defined]
    assert model.predict(X).return_sd.mean() == pytest.approx(float(np.std(y - Z @ expected)), rel=0.02)
