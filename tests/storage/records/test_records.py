"""Typed tables round trip, and what may be settled once is settled once."""

from __future__ import annotations

import pytest

from engine.kernel.errors import NotFoundError, StoreError
from storage.agent_records import (
    AbTestRecord,
    AgentRecords,
    AlertRecord,
    ApprovalRecord,
    CaseRecord,
    ExperimentRecord,
)
from storage.database import Database
from storage.feeds import FeedRecord, Feeds, RecentBar
from storage.performance import EquityRecord, MetricRecord, PerformanceStore, PredictionRecord
from storage.trading_records import (
    FillRecord,
    OrderRecord,
    PaperFillRecord,
    PaperOrderRecord,
    PaperPositionRecord,
    PositionRecord,
    TraderStateRecord,
    TradingRecords,
)

ORDER = OrderRecord("o1", "hogs", "HEZ23", "BUY", 3, "limit", 80.5, "persisted", 1, 80.0, "m", True, 1, 1)
FILL = FillRecord("f1", "o1", "hogs", "HEZ23", 2, 3, 80.5, 80.4, 1.0, 2.0, 3.0, 0.0)


def test_every_agent_record_round_trips(db: Database) -> None:
    agent = AgentRecords(db)
    pairs = [
        (agent.alerts, AlertRecord("a", "hogs", "psi", "WARNING", "carry", "m", {"x": 1}, "open", 1, 2), "a"),
        (agent.cases, CaseRecord("c", "hogs", 1, 2, "diagnosed", diagnosis={"cause": "concept"}), "c"),
        (agent.experiments, ExperimentRecord("e", "hogs", {"k": [1]}, "queued", "experiments/e", "h"), "e"),
        (agent.ab_tests, AbTestRecord("m2", "m1", "hogs", 1, 48.0, 0.5, 6, {}, "running", 2), "m2"),
        (agent.approvals, ApprovalRecord("p", "hogs", "promote", "m2", 4, 1, 9, {}, {"n": None}), "p"),
    ]
    for table, record, key in pairs:
        table.upsert(record)  # type: ignore[attr-defined]
        table.upsert(record)  # type: ignore[attr-defined]
        assert table.get(key) == record and table.list(market="hogs") == [record]  # type: ignore[attr-defined]
        assert table.count(market="corn") == 0  # type: ignore[attr-defined]


def test_every_trading_record_round_trips(db: Database) -> None:
    trading = TradingRecords(db)
    pairs = [
        (trading.orders, ORDER, ("o1",)),
        (trading.fills, FILL, ("f1",)),
        (trading.positions, PositionRecord("hogs", "HEZ23", -2, 80.0, 1), ("hogs", "HEZ23")),
        (trading.trader_states, TraderStateRecord("hogs", {"equity": 1.5}, 1, 2), ("hogs",)),
        (trading.paper_orders, PaperOrderRecord("o1", "hogs", "HEZ23", {"a": 1}, 3, "open", 1), ("o1",)),
        (trading.paper_fills, PaperFillRecord("f1", "o1", {}, 3), ("f1",)),
        (trading.paper_positions, PaperPositionRecord("hogs", "HEZ23", 3), ("hogs", "HEZ23")),
    ]
    for table, record, key in pairs:
        table.upsert(record)  # type: ignore[attr-defined]
        assert table.require(*key) == record  # type: ignore[attr-defined]
    assert trading.open_orders("hogs") == trading.open_orders() == [ORDER]
    assert trading.orders.change("o1", status="filled", filled_lots=3)
    assert trading.open_orders() == []
    assert trading.orders.list(status=("filled", "cancelled"), reduce_only=True)[0].filled_lots == 3
    assert not trading.fills.add(FILL)
    assert trading.paper_positions.delete("hogs", "HEZ23") and trading.paper_positions.list() == []


def test_unfit_records_are_refused(db: Database) -> None:
    trading = TradingRecords(db)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        trading.fills.add(FILL)
    with pytest.raises(StoreError, match="no column"):
        trading.orders.list(colour="red")
    with pytest.raises(NotFoundError):
        trading.orders.require("none")
    with pytest.raises(StoreError, match="JSON"):
        trading.trader_states.upsert(TraderStateRecord("hogs", {"x": float("nan")}, 1, 1))
    with pytest.raises(StoreError, match="CHECK"):
        AgentRecords(db).alerts.upsert(AlertRecord("a", "m", "c", "l", "s", "m", {}, "gone", 1, 1))  # type: ignore[arg-type]


def test_approval_is_decided_once(db: Database) -> None:
    agent = AgentRecords(db)
    agent.approvals.upsert(ApprovalRecord("p", "hogs", "promote", "m2", 4, 1, 9, {}, {}))
    assert [approval.approval_id for approval in agent.open_approvals("hogs")] == ["p"]
    assert agent.decide_approval("p", "approved", actor="operator", reason="ok", ts=5)
    assert not agent.decide_approval("p", "rejected", actor="operator", reason="no", ts=6)
    assert agent.approvals.require("p").status == "approved" and agent.open_approvals() == []


def prediction(number: int, model_id: str = "m") -> PredictionRecord:
    features = {"carry": 0.5, "iv": None}
    return PredictionRecord(f"p{number}", "hogs", number, model_id, "champion", features, 0.1, 0.2, 0.6, 2, True)


def test_predictions_are_appended_and_settled_once(db: Database) -> None:
    performance = PerformanceStore(db)
    for number in range(5):
        assert performance.record_prediction(prediction(number, "m" if number < 4 else "n"))
    assert not performance.record_prediction(prediction(0))
    assert performance.settle_outcome("p1", outcome_return=0.01, outcome_ts=2, pnl_usd=5.0, costs_usd=1.0)
    assert not performance.settle_outcome("p1", outcome_return=0.09, outcome_ts=3, pnl_usd=None, costs_usd=None)
    with pytest.raises(NotFoundError):
        performance.settle_outcome("none", outcome_return=0.0, outcome_ts=1, pnl_usd=None, costs_usd=None)
    settled = performance.predictions("hogs", settled=True)
    assert [(row.prediction_id, row.outcome_return, row.pnl_usd) for row in settled] == [("p1", 0.01, 5.0)]
    assert performance.prediction("p0") == prediction(0)
    assert [row.ts for row in performance.predictions("hogs", last=2)] == [3, 4]
    assert [row.ts for row in performance.predictions("hogs", model_id="m", after_ts=0, until_ts=2)] == [1, 2]
    assert performance.predictions("hogs", role="paper") == []


def test_metrics_and_equity_are_series(db: Database) -> None:
    performance = PerformanceStore(db)
    for number in range(4):
        performance.record_metric(MetricRecord("hogs", number, "m", "sharpe", float(number), 250, {"n": number}))
        performance.record_equity(EquityRecord("hogs", number, 100.0 + number, 1, 0.0, 0.0))
    assert [metric.value for metric in performance.metrics("hogs", "sharpe", model_id="m", last=2)] == [2.0, 3.0]
    assert [metric.ts for metric in performance.metrics("hogs", "sharpe", after_ts=1)] == [2, 3]
    assert performance.latest_metric("hogs", "m", "sharpe").details == {"n": 3}
    with pytest.raises(NotFoundError):
        performance.latest_metric("hogs", "m", "psi")
    performance.record_equity(EquityRecord("hogs", 3, 90.0, 1, 0.0, 0.1))
    assert [row.equity_usd for row in performance.equity("hogs", last=2)] == [102.0, 90.0]
    assert performance.equity("hogs", after_ts=2)[0].drawdown == 0.1


def test_feeds_bars_and_heartbeats(db: Database) -> None:
    feeds = Feeds(db)
    feed = FeedRecord("hogs", "venue", 1, 2, 3, "degraded", ["gap"], 10, None, 5)
    feeds.sources.upsert(feed)
    assert feeds.sources.list(market="hogs") == [feed]
    feeds.add_bars((RecentBar("hogs", "d", ts, ts, 1.0, 1.0, 1.0, 1.0, None) for ts in range(30)), keep=10)
    assert [bar.event_ts for bar in feeds.bars("hogs", "d", 3)] == [27, 28, 29]
    assert len(feeds.bars("hogs", "d")) == 10
    feeds.beat("engine", 1, {"stage": "idle"})
    feeds.beat("engine", 2)
    assert feeds.heartbeats() == {"engine": (2, {})}
