"""The contract that every `TradingModel` must keep; run over each kind by `test_trading_models.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.kernel.errors import CalculationError, CorruptStoreError, InputError
from models.factory import load_model
from models.interface import FloatArray, TradingModel, TrainingConfig

NAMES = ("momentum_5", "carry", "skew_slope", "atm_iv")
CONFIG = TrainingConfig(seed=7)


def market(rows: int = 400, seed: int = 3, strength: float = 0.4) -> tuple[FloatArray, FloatArray]:
    """A planted linear market: X[rows, 4] and next-bar log returns."""
    generator = np.random.default_rng(seed)
    X = generator.standard_normal((rows, len(NAMES))) * [1.0, 0.01, 5.0, 0.2] + [0.0, 0.5, -3.0, 0.3]
    signal = ((X - X.mean(0)) / X.std(0)) @ np.array([0.7, -0.5, 0.4, 0.2])
    noise = np.sqrt(1 - strength**2) * generator.standard_t(5, rows)
    return X, 0.002 * (strength * signal + noise)


def fitted(make: Callable[[], TradingModel]) -> TradingModel:
    X, y = market()
    return make().train(X, y, CONFIG, feature_names=NAMES)


def check_same_seed_gives_same_bytes(make: Callable[[], TradingModel]) -> None:
    assert fitted(make).serialize() == fitted(make).serialize()


def check_clone_is_equal_and_independent(make: Callable[[], TradingModel]) -> None:
    model = fitted(make)
    twin = model.clone()
    before = model.serialize()
    X, y = market(seed=4)
    twin.train(X, -y, CONFIG, feature_names=NAMES)
    assert model.serialize() == before


def check_round_trip(make: Callable[[], TradingModel]) -> None:
    model = fitted(make)
    X, _ = market(seed=5)
    restored = load_model(model.serialize())
    assert type(restored) is type(model)
    assert restored.serialize() == model.serialize()
    for name in ("expected_return", "return_sd", "direction", "confidence", "suggested_size", "missing_count"):
        np.testing.assert_array_equal(getattr(restored.predict(X), name), getattr(model.predict(X), name))


def check_corrupt_bytes_are_refused(make: Callable[[], TradingModel]) -> None:
    data = fitted(make).serialize()
    for place in (0, 20, 80, len(data) // 2, len(data) - 1):
        broken = bytearray(data)
        broken[place] ^= 0x01
        with pytest.raises(CorruptStoreError):
            load_model(bytes(broken))
    for broken_bytes in (b"", data[:-1], data + b" ", b"not a model"):
        with pytest.raises(CorruptStoreError):
            load_model(broken_bytes)


def check_missing_values(make: Callable[[], TradingModel]) -> None:
    X, y = market()
    X[::3, 1] = np.nan
    X[5, :] = np.inf
    model = make().train(X, y, CONFIG, feature_names=NAMES)
    forecast = model.predict(X)
    assert forecast.missing_count[0] == 1
    assert forecast.missing_count[5] == len(NAMES)
    for name in ("expected_return", "return_sd", "confidence", "suggested_size"):
        assert np.all(np.isfinite(getattr(forecast, name)))


def check_column_never_observed(make: Callable[[], TradingModel]) -> None:
    X, y = market()
    X[:, 3] = np.nan
    model = make().train(X, y, CONFIG, feature_names=NAMES)
    other = X.copy()
    other[:, 3] = 123.0
    np.testing.assert_array_equal(model.predict(other).expected_return, model.predict(X).expected_return)
    assert model.feature_importance()["atm_iv"] == 0.0


def check_reordered_columns_are_refused(make: Callable[[], TradingModel]) -> None:
    model = fitted(make)
    X, _ = market()
    with pytest.raises(InputError):
        model.predict(X, feature_names=tuple(reversed(NAMES)))
    with pytest.raises(InputError):
        model.predict(X[:, :3])


def check_no_look_ahead(make: Callable[[], TradingModel]) -> None:
    X, y = market()
    later, later_y = X.copy(), y.copy()
    later[250:] = 1e6
    later_y[250:] = -1.0
    one = make().train(X[:250], y[:250], CONFIG, feature_names=NAMES)
    two = make().train(later[:250], later_y[:250], CONFIG, feature_names=NAMES)
    assert one.serialize() == two.serialize()
    np.testing.assert_array_equal(one.predict(X).expected_return[:250], one.predict(later).expected_return[:250])


def check_one_at_a_time_equals_batch(make: Callable[[], TradingModel]) -> None:
    model = fitted(make)
    X, _ = market(rows=133, seed=6)
    X[::7, 2] = np.nan
    batch = model.predict(X)
    for row in range(len(X)):
        single = model.predict(X[row : row + 1])
        for name in ("expected_return", "return_sd", "confidence", "suggested_size"):
            assert getattr(single, name)[0] == getattr(batch, name)[row]


def check_constant_target(make: Callable[[], TradingModel]) -> None:
    X, _ = market()
    forecast = make().train(X, np.zeros(len(X)), CONFIG, feature_names=NAMES).predict(X)
    assert np.all(forecast.expected_return == 0.0)
    assert np.all(forecast.suggested_size == 0.0)
    assert np.all(forecast.confidence == 0.5)
    steady = make().train(X, np.full(len(X), 0.001), CONFIG, feature_names=NAMES).predict(X)
    assert np.all(np.isfinite(steady.expected_return))


def check_one_row(make: Callable[[], TradingModel]) -> None:
    X, y = (part[:1] for part in market())
    forecast = make().train(X, y, CONFIG, feature_names=NAMES).predict(X)
    assert np.all(np.isfinite(forecast.expected_return)) and forecast.return_sd[0] >= 0.0


def check_rows_without_target_teach_nothing(make: Callable[[], TradingModel]) -> None:
    X, y = market()
    gaps = y.copy()
    gaps[100:110] = np.nan
    weight = np.ones(len(y))
    weight[100:110] = 0.0
    left_out = make().train(
        np.delete(X, range(100, 110), 0), np.delete(y, range(100, 110)), CONFIG, feature_names=NAMES
    )
    assert make().train(X, gaps, CONFIG, feature_names=NAMES).serialize() == left_out.serialize()
    weighted = make().train(X, y, CONFIG, feature_names=NAMES, sample_weight=weight)
    assert weighted.serialize() == left_out.serialize()
    with pytest.raises(CalculationError):
        make().train(X, np.full(len(y), np.nan), CONFIG, feature_names=NAMES)


def check_contributions_add_up(make: Callable[[], TradingModel]) -> None:
    model = fitted(make)
    X, _ = market(seed=8)
    total = model.explain(X).sum(axis=1) + model.base_value
    np.testing.assert_allclose(total, model.predict(X).expected_return, atol=1e-12)


def check_evaluation_and_refusals(make: Callable[[], TradingModel]) -> None:
    X, y = market()
    with pytest.raises(CalculationError):
        make().predict(X)
    with pytest.raises(InputError):
        make().train(X, y[:-1], CONFIG, feature_names=NAMES)
    with pytest.raises(InputError):
        make().train(X, y, TrainingConfig(parameters={"no_such_parameter": 1}), feature_names=NAMES)
    scores = fitted(make).evaluate(X, y)
    assert scores["n"] == len(y)
    assert -1.0 <= scores["information_coefficient"] <= 1.0
    assert 0.0 <= scores["hit_rate"] <= 1.0


def check_predictions_hang_together(make: Callable[[], TradingModel]) -> None:
    forecast = fitted(make).predict(market(seed=9)[0])
    assert set(np.unique(forecast.direction)) <= {-1, 0, 1}
    np.testing.assert_array_equal(np.sign(forecast.expected_return), forecast.direction)
    assert np.all((forecast.confidence >= 0.5) & (forecast.confidence <= 1.0))
    np.testing.assert_allclose(forecast.suggested_size * forecast.return_sd**2, forecast.expected_return, rtol=1e-9)


CHECKS = [value for name, value in sorted(globals().items()) if name.startswith("check_")]
