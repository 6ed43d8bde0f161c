"""The feature path: incremental, deterministic, blind to the future."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.records import CotReport, FuturesBar, Headline, OptionChain, RawRecord, order_of
from engine.kernel.canonical import sha256_hex
from engine.kernel.config_models import HydraConfig
from engine.signals.feature_build import build_features
from engine.signals.feature_registry import feature_definitions
from engine.signals.pipeline import FeaturePipeline, FeatureRow

MarketBuilder = Callable[..., list[RawRecord]]
PLANTED = ("skew_slope", "put_call_oi_ratio", "atm_iv", "carry", "flow_imbalance", "nlp_score")


def fingerprint(rows: list[FeatureRow]) -> str:
    return sha256_hex("\n".join(repr(row) for row in rows).encode())


def scrambled(record: RawRecord, factor: float) -> RawRecord:
    """The same kind of record about the same moments, saying something else."""
    if isinstance(record, FuturesBar):
        return dataclasses.replace(
            record, open=record.open * factor, high=record.high * factor, low=record.low * factor * 0.9,
            close=record.close * factor, volume=record.volume * 3.0, contract="HEZ29")  # fmt: skip
    if isinstance(record, OptionChain):
        quotes = tuple(dataclasses.replace(q, bid=q.bid * 0.5, ask=q.ask * factor * 2) for q in record.quotes)
        return dataclasses.replace(record, quotes=quotes, underlying_price=record.underlying_price * factor)
    if isinstance(record, CotReport):
        return dataclasses.replace(record, open_interest=record.open_interest * factor)
    assert isinstance(record, Headline)
    return dataclasses.replace(record, title="Hogs slump on weak losses", text_hash=record.text_hash + "x")


def test_two_runs_give_the_same_bytes(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    records = market_records(120)
    assert fingerprint(FeaturePipeline(simulated).run(records)) == fingerprint(FeaturePipeline(simulated).run(records))


def test_fed_one_by_one_equals_the_rebuild(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    records = market_records(120)
    live = FeaturePipeline(simulated)
    rows = [row for record in records for row in live.update(record)]
    built = build_features(records, simulated)
    assert [row.feature for row in rows] == list(built.feature)
    assert [repr(row.value) for row in rows] == [repr(value) for value in built.value]
    assert [row.known_ts for row in rows] == list(built.known_ts)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 99), factor=st.floats(0.5, 2.0), drop=st.booleans())
def test_the_future_cannot_change_the_past(
    simulated: HydraConfig, market_records: MarketBuilder, cut: int, factor: float, drop: bool
) -> None:
    records = market_records(60, 3)
    moments = sorted({record.known_ts for record in records})
    until = moments[cut * (len(moments) - 1) // 100]
    changed = [record if record.known_ts <= until else scrambled(record, factor) for record in records]
    if drop:
        changed = [record for record in changed if record.known_ts <= until or record.known_ts % 7]
    original = [row for row in FeaturePipeline(simulated).run(records) if row.known_ts <= until]
    other = FeaturePipeline(simulated).run(sorted(changed, key=order_of))
    assert fingerprint(original) == fingerprint([row for row in other if row.known_ts <= until])


def test_rows_are_known_when_their_record_is(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    pipeline = FeaturePipeline(simulated)
    newest = 0
    for record in market_records(80):
        newest = max(newest, record.known_ts)
        for row in pipeline.update(record):
            assert row.known_ts == record.known_ts == newest
            assert row.event_ts <= row.known_ts


def test_a_late_record_is_not_known_in_the_past(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    records = market_records(60)
    report = next(record for record in records if isinstance(record, CotReport))
    others = [record for record in records if record is not report]
    pipeline = FeaturePipeline(simulated)
    pipeline.run(others)
    late = pipeline.update(report)
    assert late and all(row.known_ts == others[-1].known_ts for row in late)


def test_a_contract_change_makes_no_return(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    rows = FeaturePipeline(simulated).run(market_records(60, 1, ("HEJ24", "HEK24", "HEM24")))
    returns = [row for row in rows if row.feature == "return_1"]
    changes = [row for row in returns if row.quality == "contract_change"]
    assert len(changes) == 2 and all(math.isnan(row.value) for row in changes)
    assert sum(math.isnan(row.value) for row in returns) == 3


def test_every_planted_feature_speaks_at_every_bar(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    rows = FeaturePipeline(simulated).run(market_records(60))
    for feature in PLANTED:
        values = [row.value for row in rows if row.feature == feature]
        assert len(values) == 60 and all(math.isfinite(value) for value in values), feature


def test_rows_are_registered_and_in_range(simulated: HydraConfig, market_records: MarketBuilder) -> None:
    definitions = {item.name: item for item in feature_definitions(simulated)}
    rows = FeaturePipeline(simulated).run(market_records(200))
    for row in rows:
        assert definitions[row.feature].contains(row.value), row
        assert row.version == definitions[row.feature].version
    assert {row.feature for row in rows} >= set(simulated.market.champion_features)


def test_a_repeated_chain_repeats_its_readings_and_their_time(
    simulated: HydraConfig, market_records: MarketBuilder
) -> None:
    records = market_records(40)
    chains = [record for record in records if isinstance(record, OptionChain)]
    frozen = chains[20]

    def stale(record: RawRecord) -> RawRecord:
        if isinstance(record, OptionChain) and record.event_ts > frozen.event_ts:
            return dataclasses.replace(frozen, event_ts=record.event_ts, known_ts=record.known_ts)
        return record

    rows = FeaturePipeline(simulated).run([stale(record) for record in records])
    for feature in ("skew_slope", "atm_iv", "put_call_oi_ratio"):
        after = [row for row in rows if row.feature == feature and row.known_ts > frozen.known_ts]
        assert len(after) == 19
        assert len({row.value for row in after}) == 1 and {row.quality for row in after} == {"repeated"}
        assert {row.event_ts for row in after} == {frozen.event_ts}


@pytest.mark.parametrize("moving_time", [True, False])
def test_a_standing_deferred_feed_repeats_its_carry(
    simulated: HydraConfig, market_records: MarketBuilder, moving_time: bool
) -> None:
    records = market_records(40)
    far = [record for record in records if isinstance(record, FuturesBar) and record.nearby == 2]
    frozen = far[20]

    def stale(record: RawRecord) -> RawRecord:
        if isinstance(record, FuturesBar) and record.nearby == 2 and record.event_ts > frozen.event_ts:
            event_ts = record.event_ts if moving_time else frozen.event_ts
            return dataclasses.replace(frozen, event_ts=event_ts, known_ts=record.known_ts)
        return record

    rows = FeaturePipeline(simulated).run(sorted((stale(record) for record in records), key=order_of))
    after = [row for row in rows if row.feature == "carry" and row.known_ts >= frozen.known_ts]
    assert len(after) == 20 and len({row.value for row in after}) == 1
    assert {row.event_ts for row in after} == {frozen.event_ts}


def test_silent_news_repeat_their_score_and_lose_confidence(
    simulated: HydraConfig, market_records: MarketBuilder
) -> None:
    records = market_records(40)
    headlines = [record for record in records if isinstance(record, Headline)]
    kept = [r for r in records if not isinstance(r, Headline) or r.known_ts <= headlines[20].known_ts]
    rows = FeaturePipeline(simulated).run(kept)
    scores = [row for row in rows if row.feature == "nlp_score" and row.known_ts > headlines[20].known_ts][1:]
    confidence = [row.value for row in rows if row.feature == "nlp_confidence"][-len(scores) :]
    assert len({row.value for row in scores}) == 1 and len({row.event_ts for row in scores}) == 1
    assert all(later < earlier for earlier, later in itertools.pairwise(confidence))


def test_records_of_another_market_say_nothing(hogs: HydraConfig, market_records: MarketBuilder) -> None:
    assert FeaturePipeline(hogs).run(market_records(5)) == []
