"""Status, models, journal and data as documents: complete on a full workspace, honest on an empty one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agent.promotion import promote
from engine.execution.state_keeper import StateKeeper
from engine.host.operations.data_status import age_text, feed_status, market_now_ts, quarantined_rows
from engine.host.operations.journal_query import journal_rows
from engine.host.operations.models import model_detail, model_list
from engine.host.operations.status import status, status_lines
from engine.kernel.clock import SystemClock
from engine.kernel.errors import InputError, NotFoundError
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, parse_iso, to_iso
from storage.agent_records import AlertRecord, ApprovalRecord, CaseRecord, ExperimentRecord
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import MARKET
from tests.engine.small_workspace import NEW, OLD

CONFIG = small_market.settings()
NOW = parse_iso("2024-02-01T15:00Z")


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


def fill(stores: Stores) -> None:
    StateKeeper(stores, MARKET).begin(1)
    stores.feeds.beat("engine", 1, {"now_ts": NOW})
    small_workspace.crown(stores, OLD)
    small_workspace.register(stores, NEW, ts=5)
    stores.agent.alerts.upsert(
        AlertRecord("alert-1", MARKET, "edge_lost", "CRITICAL", "c", "edge lost", {}, "open", NOW - MICROS_PER_HOUR, 1)
    )
    stores.agent.alerts.upsert(AlertRecord("alert-2", MARKET, "old", "INFO", "c", "old", {}, "cleared", 1, 1))
    stores.agent.cases.upsert(CaseRecord("case-1", MARKET, 1, 1, "awaiting_approval", cause="concept_drift"))
    stores.agent.cases.upsert(CaseRecord("case-0", MARKET, 1, 1, "closed", cause="decay", outcome="healed"))
    stores.agent.approvals.upsert(ApprovalRecord("apr-1", MARKET, "promote", NEW, 3, NOW, NOW + 1, {}, {}))
    for name, state in (("exp-1", "running"), ("exp-0", "finished")):
        stores.agent.experiments.upsert(ExperimentRecord(name, MARKET, {}, state, "d", "s", pid=77))  # type: ignore[arg-type]


def test_an_empty_workspace_is_unknown_and_says_so(stores: Stores) -> None:
    document = status(stores, CONFIG)
    assert (document["state"], document["champion"], document["equity_usd"]) == ("UNKNOWN", None, None)
    assert document["engine"]["alive"] is False and document["state_reason"] == "no state was ever recorded"
    assert not any(document[name] for name in ("alerts", "approvals", "cases", "experiments"))
    assert "none yet" in "\n".join(status_lines(document)) and "unknown" in "\n".join(status_lines(document))


def test_status_tells_what_is_open_and_only_that(stores: Stores) -> None:
    fill(stores)
    document = json.loads(json.dumps(status(stores, CONFIG)))
    assert (document["state"], document["champion"], document["autonomy"]) == ("RUNNING", OLD, "semi-auto")
    assert (document["halted"], document["market_time"]) == (False, to_iso(NOW))
    assert [(item["code"], item["age"]) for item in document["alerts"]] == [("edge_lost", "1h0m")]
    assert [item["approval_id"] for item in document["approvals"]] == ["apr-1"]
    assert [item["case_id"] for item in document["cases"]] == ["case-1"]
    assert [item["experiment_id"] for item in document["experiments"]] == ["exp-1"]
    lines = "\n".join(status_lines(document))
    for told in ("SIMULATED", OLD, "edge lost", "case-1", "exp-1", "WAITS FOR YOU apr-1"):
        assert told in lines


def test_a_safe_act_in_force_is_told_and_no_other(stores: Stores) -> None:
    fill(stores)
    assert status(stores, CONFIG)["safe_act"] is None
    act = {"active": True, "act": "mend_inputs", "size_multiplier": 0.5, "adjustments": {"quarantine": ["carry"]}}
    stores.state.put(f"safe_act:{MARKET}", act, NOW)
    told = "trades through mended inputs at half size: carry not read"
    assert status(stores, CONFIG)["safe_act"] == told
    assert f"  safe act: the champion {told}" in status_lines(status(stores, CONFIG))
    stores.state.put(f"safe_act:{MARKET}", {**act, "active": False}, NOW)
    assert status(stores, CONFIG)["safe_act"] is None


def test_a_halt_by_row_or_by_file_is_told(stores: Stores) -> None:
    fill(stores)
    stores.paths.halt_file.write_text("stop")
    assert status(stores, CONFIG)["halted"] is True
    stores.paths.halt_file.unlink()
    StateKeeper(stores, MARKET).halt(reason="smoke", actor="me", ts=2)
    document = status(stores, CONFIG)
    assert (document["halted"], document["state"], document["state_reason"]) == (True, "HALTED", "smoke")
    assert "HALT is set" in "\n".join(status_lines(document))


def test_a_live_engine_is_told_with_its_epoch(stores: Stores) -> None:
    epoch = stores.lease.acquire("desk", 4242, "service", SystemClock().now_ts(), 10**9)
    document = status(stores, CONFIG)
    assert document["engine"] == {"alive": True, "pid": 4242, "epoch": epoch, "host": "service"}
    assert "pid 4242" in status_lines(document)[0]


def test_models_come_champion_first_and_by_status(stores: Stores) -> None:
    fill(stores)
    assert [(row["model_id"], row["status"]) for row in model_list(stores, MARKET)] == [
        (OLD, "champion"),
        (NEW, "candidate"),
    ]
    assert [row["model_id"] for row in model_list(stores, MARKET, "candidate")] == [NEW]
    assert model_list(stores, "another_market") == []


def test_a_model_is_shown_with_its_lineage_and_whether_it_verifies(stores: Stores) -> None:
    fill(stores)
    stores.db.execute("UPDATE models SET parent_id = ? WHERE model_id = ?", (OLD, NEW))
    detail = model_detail(stores, NEW)
    assert (detail["lineage"], detail["artifact"]) == ([NEW, OLD], "verified")
    stores.db.execute("UPDATE models SET parent_id = ? WHERE model_id = ?", (NEW, OLD))
    assert model_detail(stores, NEW)["lineage"] == [NEW, OLD], "a ring of parents ends"
    next(stores.paths.artifacts.rglob(f"*{stores.registry.get(NEW).artifact_hash}*")).unlink()
    assert "NOT USABLE" in model_detail(stores, NEW)["artifact"]
    with pytest.raises(NotFoundError, match="ridge-none"):
        model_detail(stores, "ridge-none")


def test_the_journal_is_searched_by_every_field_newest_first(stores: Stores) -> None:
    for ts, tag, outcome in ((1, "decay", "passed"), (2, "concept_drift", "failed"), (3, "decay", "failed")):
        stores.journal.write(
            "experiment", f"exp-{ts}", {"sentence": f"trial {ts}"}, ts=ts * MICROS_PER_DAY, market=MARKET,
            tags=[tag, "try"], mutation_type="retrain", outcome=outcome,
        )  # fmt: skip
    stores.journal.write("decision", "halt", {"reason": "smoke"}, ts=4 * MICROS_PER_DAY, market=MARKET)

    def subjects(**asked: object) -> list[str]:
        return [row["subject"] for row in journal_rows(stores, **asked)]  # type: ignore[arg-type]

    assert subjects() == ["halt", "exp-3", "exp-2", "exp-1"]
    assert subjects(limit=2) == ["halt", "exp-3"]
    assert subjects(tag="decay") == ["exp-3", "exp-1"] and subjects(tag="deca") == []
    assert subjects(tag="decay", outcome="failed", kind="experiment", mutation_type="retrain") == ["exp-3"]
    assert subjects(since="1970-01-03", until="1970-01-04") == ["exp-3", "exp-2"], "both ends belong to it"
    assert subjects(market="another") == []
    assert [row["sentence"] for row in journal_rows(stores, limit=2)] == ["smoke", "trial 3"]
    with pytest.raises(InputError):
        journal_rows(stores, since="lately")


def test_feeds_are_told_with_their_age_in_market_time(stores: Stores) -> None:
    stores.feeds.beat("engine", 1, {"now_ts": NOW})
    table = (("venue", NOW - 90 * 1_000_000, "ok"), ("wire", None, "silent"))
    for source, known_ts, state in table:
        stores.db.execute(
            "INSERT INTO feeds(market, source, last_event_ts, last_known_ts, status, reasons, rows, updated_ts) "
            "VALUES (?, ?, ?, ?, ?, '[]', 3, 1)",
            (MARKET, source, known_ts, known_ts, state),
        )
    told = {item["source"]: item for item in feed_status(stores, MARKET)}
    assert told["venue"]["age"] == "1m" and told["venue"]["last_event"] == to_iso(NOW - 90 * 1_000_000)
    assert (told["wire"]["age"], told["wire"]["last_event"], told["wire"]["status"]) == ("never", "never", "silent")


def test_without_an_engine_the_machines_clock_is_the_present(stores: Stores) -> None:
    before = SystemClock().now_ts()
    assert before <= market_now_ts(stores) <= SystemClock().now_ts()
    stores.feeds.beat("engine", 1, {"host": "x"})
    assert market_now_ts(stores) >= before


def test_quarantined_rows_come_newest_first(stores: Stores) -> None:
    for row in range(3):
        stores.db.execute(
            "INSERT INTO quarantine(batch_id, source, market, input_name, row_number, field, reason, raw_text, ts) "
            "VALUES ('b', 'cot', ?, 'cot.csv', ?, 'long', 'not a number', 'x', ?)",
            (MARKET, row, NOW),
        )
    assert [item["row"] for item in quarantined_rows(stores, MARKET, 2)] == [2, 1]
    assert quarantined_rows(stores, "another", 5) == []


@given(st.integers(0, 400 * MICROS_PER_DAY))
def test_an_age_is_told_in_its_two_largest_units(age_us: int) -> None:
    text = age_text(age_us)
    units = {"s": 1_000_000, "m": MICROS_PER_MINUTE, "h": MICROS_PER_HOUR, "d": MICROS_PER_DAY}
    total, number, last = 0, "", ""
    for letter in text:
        if letter.isdigit():
            number += letter
        else:
            total, number, last = total + int(number) * units[letter], "", letter
    assert total <= age_us < total + units[last]
    assert len([letter for letter in text if letter.isalpha()]) <= 2
    assert age_text(None) == "never"


def test_a_replaced_champion_is_listed_in_the_graveyard(stores: Stores) -> None:
    fill(stores)
    promote(stores, MARKET, NEW, actor="me", reason="better", ts=9)
    assert [row["status"] for row in model_list(stores, MARKET)] == ["champion", "graveyard"]
    assert status(stores, CONFIG)["champion"] == NEW
