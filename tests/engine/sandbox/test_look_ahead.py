"""The proof against look-ahead lets a clean path pass and catches every planted leak."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.core.trading_types import Prediction
from engine.sandbox.candidate import forecast
from engine.sandbox.look_ahead import prove, scramble
from engine.sandbox.market_history import MarketHistory, as_predictions
from tests.engine import small_market

CONFIG = small_market.settings()
RECORDS = small_market.records(150)
AT_TS = small_market.history(150).bars[90].known_ts


def honest(history: MarketHistory) -> Sequence[Prediction | None]:
    return as_predictions(forecast(small_market.champion(), history, 0))


def predictions(history: MarketHistory, said: np.ndarray) -> list[Prediction | None]:
    return [
        Prediction(bar.known_ts, "leak", float(value), 0.002, 0.6, 1.0, 1.0) if np.isfinite(value) else None
        for bar, value in zip(history.bars, said, strict=True)
    ]


def knows_the_next_return(history: MarketHistory) -> Sequence[Prediction | None]:
    return predictions(history, history.next_return)


def standardises_over_everything(history: MarketHistory) -> Sequence[Prediction | None]:
    carry = history.columns(("carry",))[:, 0]
    return predictions(history, 1e-4 * (carry - np.nanmean(carry)) / np.nanstd(carry))


def test_a_clean_path_passes_with_everything_later_scrambled() -> None:
    result = prove(RECORDS, CONFIG, honest, AT_TS, 1)
    assert result.clean and result.first_difference == ""
    assert result.compared >= 91, "one line per bar at least, and every decision"
    assert result.scrambled_records == sum(record.known_ts > AT_TS for record in RECORDS)


@pytest.mark.parametrize("leak", [knows_the_next_return, standardises_over_everything])
def test_a_planted_leak_is_caught_and_shown(leak: object) -> None:
    result = prove(RECORDS, CONFIG, leak, AT_TS, 1)  # type: ignore[arg-type]
    assert not result.clean
    assert " against " in result.first_difference


@settings(max_examples=15, deadline=None)
@given(st.integers(0, len(RECORDS) - 1), st.integers(0, 1000))
def test_scrambling_changes_what_is_later_and_nothing_else(index: int, seed: int) -> None:
    after_ts = RECORDS[index].known_ts
    changed = scramble(RECORDS, after_ts, seed)
    assert changed == scramble(RECORDS, after_ts, seed)
    for before, after in zip(RECORDS, changed, strict=True):
        assert (before.known_ts, before.event_ts) == (after.known_ts, after.event_ts), "times stay"
        if before.known_ts <= after_ts:
            assert after is before
        else:
            assert after != before
        if isinstance(after, FuturesBar):
            assert after.low <= min(after.open, after.close) <= max(after.open, after.close) <= after.high
