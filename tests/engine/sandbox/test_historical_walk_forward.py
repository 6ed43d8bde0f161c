"""Walk-forward over history: each fit from its past alone, missing inputs left out and named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.sandbox.historical_walk_forward import constant_prediction, usable_features, walk_forward, without_edge_gate
from engine.sandbox.market_history import MarketHistory
from tests.engine import small_market

CONFIG = small_market.settings(models__retrain_every_bars=120, models__training_window_bars=400)
HISTORY = small_market.history(700)
NAMES = (*small_market.FEATURES, "range_ratio")
START = 300


def walk(history: MarketHistory, features: tuple[str, ...] = NAMES, start: int = START):  # type: ignore[no-untyped-def]
    return walk_forward(history, start, CONFIG, kind="ridge", features=features, seed=1)


def test_every_bar_from_the_start_is_forecast_by_the_fit_before_it() -> None:
    result = walk(HISTORY)
    assert [(refit.first, refit.stop) for refit in result.refits] == [(300, 420), (420, 540), (540, 660), (660, 700)]
    assert len(result.predictions) == len(HISTORY)
    assert all(item is None for item in result.predictions[:START])
    for refit in result.refits:
        for index in range(refit.first, refit.stop):
            prediction = result.predictions[index]
            assert prediction is not None
            assert (prediction.ts, prediction.model_id) == (HISTORY.bars[index].known_ts, f"wf-{refit.first}")
    assert all((refit.edge_lower_bound or 0.0) > 0.0 for refit in result.refits)


@pytest.mark.parametrize("cut", [421, 500])
def test_later_bars_change_no_earlier_forecast(cut: int) -> None:
    rng = np.random.default_rng(3)
    values, following = HISTORY.values.copy(), HISTORY.next_return.copy()
    values[cut:] *= rng.uniform(0.5, 2.0, values[cut:].shape)
    following[cut - 1 :] = 0.01 * rng.standard_normal(len(following) - cut + 1)
    other = walk(replace(HISTORY, values=values, next_return=following))
    plain = walk(HISTORY)
    assert plain.predictions[:cut] == other.predictions[:cut]
    assert plain.predictions[cut:] != other.predictions[cut:]


def without(history: MarketHistory, name: str, rows: slice) -> MarketHistory:
    values, stale = history.values.copy(), history.stale.copy()
    column = history.names.index(name)
    values[rows, column], stale[rows, column] = np.nan, True
    return replace(history, values=values, stale=stale)


def test_a_feature_that_is_missing_is_left_out_and_named_as_long_as_it_is() -> None:
    result = walk(without(HISTORY, "range_ratio", slice(0, 290)))
    assert [refit.left_out for refit in result.refits] == [("range_ratio",), ("range_ratio",), ("range_ratio",), ()]
    assert all("carry" in refit.features for refit in result.refits)
    assert all(item is not None and item.usable for item in result.predictions[START:420])


def test_a_feature_that_is_stale_at_the_fit_is_left_out() -> None:
    gone = without(HISTORY, "range_ratio", slice(419, 421))
    window = gone.window(20, 420)
    assert usable_features(window, gone, 419, NAMES) == (small_market.FEATURES, ("range_ratio",))
    assert usable_features(window, gone, 418, NAMES) == (NAMES, ())
    assert usable_features(gone.window(0, 0), gone, 0, NAMES) == ((), NAMES), "no window covers nothing"


def test_too_short_a_past_gives_no_forecast_and_says_why() -> None:
    result = walk(HISTORY, start=100)
    assert result.refits[0].edge_lower_bound is None
    assert "too few" in result.refits[0].reason
    assert all(item is None for item in result.predictions[100:220])


def test_nothing_usable_gives_no_forecast() -> None:
    result = walk(without(HISTORY, "carry", slice(0, 700)), ("carry",))
    assert all(item is None for item in result.predictions)
    assert {refit.left_out for refit in result.refits} == {("carry",)}


def test_progress_reaches_the_end() -> None:
    seen: list[tuple[int, int]] = []
    walk_forward(
        HISTORY, 560, CONFIG, kind="ridge", features=NAMES, seed=1,
        progress=lambda done, total, text: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(120, 140), (140, 140)]


def test_research_forecasts_lose_only_their_edge_gate() -> None:
    predictions = walk(HISTORY).predictions
    for before, after in zip(predictions, without_edge_gate(predictions), strict=True):
        expected = None if before is None else replace(before, edge_lower_bound=1.0, shrinkage=1.0)
        assert after == expected


def test_a_baseline_says_the_same_of_every_bar_and_nothing_where_it_knows_nothing() -> None:
    expected = np.full(len(HISTORY), 0.001)
    expected[5] = np.nan
    predictions = constant_prediction(HISTORY, "long", expected, 0.002)
    assert predictions[5] is None
    assert predictions[6] is not None and predictions[6].expected_return == 0.001
    assert predictions[6].ts == HISTORY.bars[6].known_ts
