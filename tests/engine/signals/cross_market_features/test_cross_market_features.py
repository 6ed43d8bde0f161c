"""Related markets in the pipeline: seen as of the decision, the same live and rebuilt, and no record of their own."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from engine.core.records import FuturesBar, RawRecord, order_of
from engine.ingestion.calendars.session_calendar import midnight_ts, session_days
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.errors import ConfigError
from engine.kernel.timestamps import MICROS_PER_HOUR
from engine.sandbox.look_ahead import scramble
from engine.sandbox.market_history import decision_bars, history_from_records
from engine.signals.cross_market_features import CrossMarket
from engine.signals.feature_row import FeatureRow
from engine.signals.pipeline import FeaturePipeline

DAYS = list(session_days(date(2020, 1, 2), date(2020, 12, 31), "us_livestock"))
NAME = "cross_market_risk_appetite"


@pytest.fixture(scope="module")
def related() -> HydraConfig:
    flags = {"features.related_markets": ["live_cattle:yahoo:1.0"]}
    return load_config("lean_hogs", environment={}, flags=flags).config


def bars(config: HydraConfig, market: str, seed: int, known_hour: float = 14.0) -> list[RawRecord]:
    rng = np.random.default_rng(seed)
    close, made = 80.0, []
    for day in DAYS:
        start = midnight_ts(day, config.market.session)
        close *= math.exp(0.01 * rng.standard_normal())
        known = start + round(known_hour * MICROS_PER_HOUR)
        made.append(FuturesBar(market, "yahoo", f"{market}M24", 1, 86_400, start, known, close, close * 1.01,
                               close * 0.99, close, 9_000.0))  # fmt: skip
    return list(made)


@pytest.fixture(scope="module")
def records(related: HydraConfig) -> list[RawRecord]:
    return sorted([*bars(related, "lean_hogs", 1), *bars(related, "live_cattle", 2)], key=order_of)


@pytest.fixture(scope="module")
def rows(related: HydraConfig, records: list[RawRecord]) -> list[FeatureRow]:
    return FeaturePipeline(related).run(records)


def values(rows: list[FeatureRow]) -> list[FeatureRow]:
    return [row for row in rows if row.feature == NAME]


def test_the_appetite_is_there_once_it_has_a_history(rows: list[FeatureRow]) -> None:
    found = values(rows)
    known = [row for row in found if math.isfinite(row.value)]
    assert len(found) == len(DAYS) and len(known) > len(DAYS) - 45
    assert {row.quality for row in found if not math.isfinite(row.value)} == {
        "no_related_bars",
        "related_history_short",
    }
    assert all(-1.0 <= row.value <= 1.0 for row in known) and all(row.market == "lean_hogs" for row in rows)


def test_without_a_related_market_it_is_missing_and_says_why(hogs: HydraConfig, records: list[RawRecord]) -> None:
    found = values(FeaturePipeline(hogs).run(records))
    assert {row.quality for row in found} == {"no_related_market"} and all(math.isnan(row.value) for row in found)


def test_related_bars_change_no_other_feature_than_those_of_the_crowd(
    related: HydraConfig, rows: list[FeatureRow]
) -> None:
    alone = FeaturePipeline(related).run(bars(related, "lean_hogs", 1))
    crowd = {NAME, "cross_market_confidence", "composite_sentiment", "sentiment_confidence"}

    def rest(all_rows: list[FeatureRow]) -> list[str]:
        return [repr(row) for row in all_rows if row.feature not in crowd and "divergence" not in row.feature
                and not row.feature.startswith("suggested")]  # fmt: skip

    assert rest(alone) == rest(rows)


@pytest.mark.parametrize("first", ["live_cattle", "lean_hogs"])
def test_it_does_not_matter_which_of_two_simultaneous_bars_comes_first(
    related: HydraConfig, records: list[RawRecord], rows: list[FeatureRow], first: str
) -> None:
    reordered = sorted(records, key=lambda record: (record.known_ts, record.market != first))
    assert [repr(row) for row in FeaturePipeline(related).run(reordered)] == [repr(row) for row in rows]


@pytest.mark.parametrize("known_hour", [9.0, 14.0, 20.0])
def test_the_future_of_a_related_market_changes_nothing_of_the_past(related: HydraConfig, known_hour: float) -> None:
    true = sorted([*bars(related, "lean_hogs", 1), *bars(related, "live_cattle", 2, known_hour)], key=order_of)
    until = true[len(true) * 3 // 4].known_ts
    changed = scramble(true, until, 7)
    one, other = (FeaturePipeline(related).run(items) for items in (true, changed))
    past = [repr(row) for row in one if row.known_ts <= until]
    assert past == [repr(row) for row in other if row.known_ts <= until] and len(past) > 1_000
    later = [(a.value, b.value) for a, b in zip(values(one), values(other), strict=True) if a.known_ts > until]
    assert any(a != b for a, b in later)


def test_bars_of_a_related_market_are_no_decision_bars(related: HydraConfig, records: list[RawRecord]) -> None:
    found = decision_bars(records, related)
    assert len(found) == len(DAYS) and {bar.market for bar in found} == {"lean_hogs"}
    history = history_from_records(records, related)
    assert np.isfinite(history.columns([NAME])[:, 0]).sum() > len(DAYS) - 45


def test_a_market_is_not_related_to_itself() -> None:
    flags = {"features.related_markets": ["lean_hogs:yahoo:1.0"]}
    with pytest.raises(ConfigError, match="itself"):
        CrossMarket(load_config("lean_hogs", environment={}, flags=flags).config)


@pytest.mark.parametrize("text", ["live_cattle", "live_cattle:yahoo", "live_cattle:yahoo:0", "live_cattle:yahoo:much"])
def test_a_malformed_setting_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="MARKET:SERIES:WEIGHT"):
        load_config("lean_hogs", environment={}, flags={"features.related_markets": [text]})
