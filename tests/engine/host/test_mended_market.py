"""One market whose champion reads a mended input: what it says, trades and keeps is that of a promoted repair at half
size, killed or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.agent.diagnosis import Diagnosis
from engine.agent.healer import SafeAct
from engine.agent.loop import AgentLoop
from engine.host.market_runner import MarketRunner
from engine.host.operations.verification import verify_workspace
from engine.host.watchman import Finding, Watchman
from engine.kernel.clock import ManualClock
from engine.sandbox.candidate import changed_spec, forecast
from models.champion import Champion
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import OLD

CONFIG = small_market.settings(agent__autonomy="lockdown")  # no experiment: what counts here is the act alone
BEGIN, BARS = 520, 600
TS = small_workspace.bar_at(BEGIN - 1).known_ts
MENDS: tuple[dict[str, Any], ...] = (
    {"restandardise": {"carry": {"offset": 0.0002, "scale": 1.5}}},
    {"quarantine": ["flow_imbalance"]},
)


def finding(adjustments: dict[str, Any]) -> Finding:
    cause = "feature_drift" if "restandardise" in adjustments else "data_feed"
    parameters = {"size_multiplier": 0.5, "adjustments": adjustments, "model_id": OLD}
    diagnosis = Diagnosis(
        TS, OLD, cause, "CRITICAL", ("carry",), "restandardise_feature", TS, 0, 0.99, "faulty", (), (), {}
    )  # type: ignore[arg-type]
    return Finding(diagnosis, (SafeAct("mend_inputs", "faulty", parameters),), None)


def started(stores: Stores, bars: int) -> MarketRunner:
    clock = ManualClock(small_workspace.bar_at(bars - 1).known_ts)
    epoch = stores.lease.acquire("test", 1, "service", clock.now_ts(), 1)
    runner = MarketRunner(stores, CONFIG, clock, epoch=epoch)
    runner.start(lambda stage, done, total: None)
    return runner


def play(root: Path, adjustments: dict[str, Any] | None, stops: tuple[int, ...] = (BARS,)) -> Stores:
    """The market up to BEGIN as history, then live under a mend; a new process after every stop."""
    stores = Stores.open(root)
    small_workspace.crown(stores, OLD)
    stores.state.put_view("live_from", {"market": MARKET, "ts": TS}, TS)
    small_workspace.store_bars(stores, BEGIN)
    runner = started(stores, BEGIN)
    if adjustments is not None:
        with stores.db.transaction():
            runner._act_on(finding(adjustments), TS)
    for stop in stops:
        runner.close()
        small_workspace.store_bars(stores, stop)
        runner = started(stores, stop)
    runner.close()
    return stores


def story(stores: Stores) -> tuple[list[Any], ...]:
    return (
        list(stores.performance.predictions(MARKET)),
        list(stores.performance.equity(MARKET)),
        [tuple(row) for row in stores.db.query("SELECT side, quantity_lots, decision_ts, model_id FROM orders")],
    )


@pytest.mark.parametrize("adjustments", MENDS)
def test_it_says_what_a_promoted_repair_would_and_keeps_what_it_read(
    tmp_path: Path, adjustments: dict[str, Any]
) -> None:
    stores = play(tmp_path / "w", adjustments)
    history = small_market.history(BARS, 0, small_workspace.FLIP)
    subject = small_workspace.model(OLD)
    promoted = Champion("new", changed_spec(subject.spec, {"adjustments": adjustments}), subject.model)
    said = forecast(promoted, history, BEGIN)
    kept = {item.ts: item for item in stores.performance.predictions(MARKET)}
    assert sorted(kept) == said.ts.tolist(), "every live bar"
    for row in range(len(said)):
        item = kept[int(said.ts[row])]
        assert (item.model_id, item.usable, item.expected_return) == (OLD, True, float(said.expected_return[row]))
        if "restandardise" in adjustments:
            delivered = item.features["carry"]
            assert delivered is not None and item.features["carry as read"] == (delivered - 0.0002) / 1.5
        else:
            assert item.features["flow_imbalance as read"] is None and item.features["flow_imbalance"] is not None
    settled = [item for item in kept.values() if item.outcome_ts is not None]
    assert len(settled) == len(kept) - 1
    report = verify_workspace(stores)
    assert report["ok"], report
    stores.close()


def test_it_trades_about_half_of_what_the_repair_alone_would(tmp_path: Path) -> None:
    whole = play(tmp_path / "whole", None)
    half = play(tmp_path / "half", {"restandardise": {"carry": {"offset": 0.0, "scale": 1.0}}})
    most = [max(abs(item.position_lots) for item in stores.performance.equity(MARKET)) for stores in (whole, half)]
    assert 0 < most[1] <= 0.6 * most[0]
    assert [item.expected_return for item in whole.performance.predictions(MARKET)] == [
        item.expected_return for item in half.performance.predictions(MARKET)
    ]
    for stores in (whole, half):
        stores.close()


@pytest.mark.parametrize("adjustments", MENDS)
def test_killed_and_started_again_it_decides_the_same(tmp_path: Path, adjustments: dict[str, Any]) -> None:
    straight = play(tmp_path / "straight", adjustments)
    killed = play(tmp_path / "killed", adjustments, (BEGIN + 1, BEGIN + 20, BEGIN + 33, BARS))
    assert story(killed) == story(straight)
    assert killed.state.get(f"safe_act:{MARKET}") == straight.state.get(f"safe_act:{MARKET}")
    for stores in (straight, killed):
        stores.close()


def test_a_second_finding_ends_the_mend_on_its_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, at_ts = Watchman.on_bar, small_workspace.bar_at(BEGIN + 30).known_ts

    def on_bar(self: Watchman, vector: Any, bar: Any, *rest: Any) -> Finding | None:
        found = seen(self, vector, bar, *rest)
        if bar.known_ts == at_ts:
            self.second_finding = finding(MENDS[1]).diagnosis
        return found

    monkeypatch.setattr(Watchman, "on_bar", on_bar)
    stores = play(tmp_path / "w", MENDS[0])
    assert stores.state.get(f"safe_act:{MARKET}")["act"] == "stand_aside"
    taken = [item for item in stores.events.read(kinds=["safe_act.taken"]) if item.payload["act"] == "stand_aside"]
    assert [(item.ts, item.payload["reason"]) for item in taken] == [(at_ts, "while mended: faulty")]
    later = [item for item in stores.performance.equity(MARKET) if item.ts > at_ts]
    assert later[-1].position_lots == 0
    assert all("carry as read" not in p.features for p in stores.performance.predictions(MARKET) if p.ts > at_ts)
    stores.close()


@pytest.mark.parametrize("paused", [False, True])
def test_a_fault_of_an_input_takes_the_place_of_a_case_of_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    seen, at_ts = Watchman.on_bar, small_workspace.bar_at(BEGIN + 30).known_ts
    size = finding(MENDS[0])
    size = Finding(
        replace(size.diagnosis, cause="regime_volatility"),
        (SafeAct("reduce_size", "wild", {"size_multiplier": 0.4}),),
        None,
    )

    def on_bar(self: Watchman, vector: Any, bar: Any, *rest: Any) -> Finding | None:
        found = seen(self, vector, bar, *rest)
        return replace(finding(MENDS[1]), supersedes=True) if bar.known_ts == at_ts else found

    monkeypatch.setattr(Watchman, "on_bar", on_bar)
    ended: list[str] = []
    monkeypatch.setattr(Watchman, "case_ended", lambda self, outcome: ended.append(outcome))
    monkeypatch.setattr(AgentLoop, "is_paused", lambda self: paused)
    monkeypatch.setattr(AgentLoop, "start_experiments", lambda self, bars, ts: None)
    stores = Stores.open(tmp_path / "w")
    small_workspace.crown(stores, OLD)
    stores.state.put_view("live_from", {"market": MARKET, "ts": TS}, TS)
    small_workspace.store_bars(stores, BEGIN)
    runner = started(stores, BEGIN)
    with stores.db.transaction():
        runner._loop.open_case(size.diagnosis, size.safe_acts, None, BEGIN, TS)
    runner.close()
    small_workspace.store_bars(stores, BARS)
    started(stores, BARS).close()
    cases = {case.cause: (case.stage, case.outcome) for case in stores.agent.cases.list(market=MARKET)}
    held = stores.state.get(f"safe_act:{MARKET}")
    assert (held["act"], held["size_multiplier"]) == ("mend_inputs", 0.4), "lowered at once, paused or not"
    assert ended == [], "the healer's case is the new one"
    if paused:
        assert cases == {"regime_volatility": ("diagnosed", None)}, "the finding waits"
    else:
        assert cases == {"regime_volatility": ("closed", "superseded"), "data_feed": ("diagnosed", None)}
    stores.close()
