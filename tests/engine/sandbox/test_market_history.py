"""A history rebuilt from raw records equals what the feature store says; no return ever spans two contracts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.records import FuturesBar, RawRecord, order_of
from engine.kernel.errors import InputError
from engine.sandbox.market_history import (
    as_predictions,
    decision_bars,
    expiry_days,
    history_from_matrix,
    history_from_records,
    market_history,
)
from engine.signals.feature_build import build_features
from engine.signals.feature_registry import feature_definitions
from storage.stores import Stores
from tests.engine import small_market

CONFIG = small_market.settings()
WANTED = ("carry", "flow_imbalance", "nlp_score", "return_1", "volatility_ewma", "deferred_close", "skew_slope")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


def broken_feeds(bars: int) -> list[RawRecord]:
    """The deferred feed falls silent half way, and one record arrives long after its time."""
    records = list(small_market.records(bars))
    half = records[len(records) // 2].known_ts
    kept = [
        item for item in records if not (isinstance(item, FuturesBar) and item.nearby == 2 and item.known_ts > half)
    ]
    late = next(item for item in kept if isinstance(item, FuturesBar) and item.nearby == 2)
    moved = replace(late, known_ts=half + 7 * small_market.BAR_US)
    return sorted([moved if item is late else item for item in kept], key=order_of)


def test_it_equals_the_feature_stores_matrix_with_its_staleness(stores: Stores) -> None:
    records = broken_feeds(260)
    rebuilt = history_from_records(records, CONFIG, WANTED)
    stores.features.register(feature_definitions(CONFIG))
    stores.features.append(build_features(records, CONFIG), recorded_ts=records[-1].known_ts)
    stored = history_from_matrix(rebuilt.bars, stores.features.matrix(small_market.MARKET, rebuilt.known_ts, WANTED))
    assert stored.names == rebuilt.names
    assert np.array_equal(rebuilt.values, stored.values, equal_nan=True)
    assert np.array_equal(rebuilt.stale, stored.stale)
    assert np.array_equal(rebuilt.event_ts, stored.event_ts)
    assert np.array_equal(rebuilt.next_return, stored.next_return, equal_nan=True)
    with pytest.raises(InputError, match="do not fit"):
        history_from_matrix(rebuilt.bars[1:], stores.features.matrix(small_market.MARKET, rebuilt.known_ts, WANTED))
    carry = WANTED.index("carry")
    assert rebuilt.stale[-1, carry] and not rebuilt.stale[100, carry]
    assert rebuilt.stale[:, WANTED.index("skew_slope")].all(), "a feature that never came is stale"


def test_a_longer_history_begins_with_the_shorter() -> None:
    short, long = history_from_records(small_market.records(90), CONFIG), small_market.history(200)
    part = long.window(0, 90)
    assert np.array_equal(short.values, part.values, equal_nan=True)
    assert np.array_equal(short.next_return[:-1], part.next_return[:-1], equal_nan=True)
    assert math.isnan(short.next_return[-1]), "what follows the last bar is not known yet"


def bars_of(contracts: list[str], prices: list[float]) -> list[FuturesBar]:
    template = small_market.history(2).bars[0]
    return [
        replace(template, contract=name, close=price, known_ts=template.known_ts + index)
        for index, (name, price) in enumerate(zip(contracts, prices, strict=True))
    ]


@given(st.lists(st.tuples(st.sampled_from(["HEJ24", "HEK24"]), st.floats(1.0, 200.0)), min_size=1, max_size=12))
def test_a_return_is_within_one_contract_and_known_one_bar_later(rows: list[tuple[str, float]]) -> None:
    contracts, prices = [name for name, _ in rows], [price for _, price in rows]
    empty = np.zeros((len(rows), 0))
    history = market_history(bars_of(contracts, prices), (), empty, empty.astype(np.bool_), empty.astype(np.int64))
    assert math.isnan(history.realised[0]) and math.isnan(history.next_return[-1])
    for index in range(1, len(rows)):
        same = contracts[index] == contracts[index - 1]
        expected = math.log(prices[index] / prices[index - 1]) if same else math.nan
        assert history.realised[index] == pytest.approx(expected, nan_ok=True)
        assert history.next_return[index - 1] == pytest.approx(expected, nan_ok=True)


def test_a_price_at_or_below_zero_makes_no_return() -> None:
    empty = np.zeros((3, 0))
    bars = bars_of(["HEJ24"] * 3, [80.0, -1.0, 80.0])
    history = market_history(bars, (), empty, empty.astype(np.bool_), empty.astype(np.int64))
    assert np.isnan(history.realised).all()


def test_columns_come_in_the_asked_order_and_an_unknown_name_is_an_error() -> None:
    history = small_market.history(60)
    columns = history.columns(("flow_imbalance", "carry"))
    assert np.array_equal(columns[:, 1], history.columns(("carry",))[:, 0])
    with pytest.raises(InputError, match="moon_phase"):
        history.columns(("carry", "moon_phase"))


def test_volatility_is_missing_where_the_history_has_none() -> None:
    assert np.isnan(history_from_records(small_market.records(30), CONFIG, ("carry",)).volatility()).all()
    assert np.isfinite(small_market.history(60).volatility()[-1])


def test_decision_bars_are_the_traded_ones_and_none_means_none() -> None:
    assert tuple(decision_bars(small_market.records(60), CONFIG)) == small_market.history(60).bars
    assert len(history_from_records((), CONFIG)) == 0


def test_days_to_expiry_count_down_and_a_vendors_number_has_none() -> None:
    bars = small_market.history(120).bars
    days = expiry_days(bars, CONFIG)
    assert days[0] is not None and days[-1] is not None and days[0] - days[-1] == 2.0
    assert expiry_days([replace(bars[0], contract="5551212"), replace(bars[0], contract=None)], CONFIG) == [None, None]


def test_forecasts_become_predictions_row_by_row() -> None:
    history = small_market.history(40)
    forecasts = small_market.champion().predict_many(history.names, history.values, history.stale, ts=history.known_ts)
    predictions = as_predictions(forecasts)
    assert [item.ts for item in predictions] == history.known_ts.tolist()
    assert [item.expected_return for item in predictions] == forecasts.expected_return.tolist()
    assert {item.shrinkage for item in predictions} == {forecasts.shrinkage}
