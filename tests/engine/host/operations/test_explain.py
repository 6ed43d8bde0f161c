"""A diagnosis of the real runner is recomputed from its workspace; what was changed or lost since is named.

Every case works on a copy of one workspace: a champion of the bars before the market turned round, stepped live bar by
bar until its case opened.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.agent.loop import AgentLoop
from engine.host.market_runner import LIVE_FROM_KEY, MarketRunner
from engine.host.operations.explain import explain_diagnosis
from engine.host.operations.explain_observations import stored_observations
from engine.host.watchman import HEALER_KEY
from engine.ingestion.record_tables import tables_from_rows
from engine.kernel.clock import ManualClock
from engine.kernel.errors import NotFoundError
from hydra_tui.command_line import hydra
from storage.agent_records import CaseRecord
from storage.feature_rows import FeatureRows
from storage.raw_batch import RawBatch, batch_id_of
from storage.stores import Stores
from tests.engine import small_market, small_workspace
from tests.engine.small_market import FEATURES, MARKET

CONFIG = small_market.settings()
LIVE_FROM, BARS = 580, 690


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("explain") / "workspace"
    with pytest.MonkeyPatch.context() as patch, Stores.open(root) as stores:
        patch.setattr(AgentLoop, "start_experiments", lambda self, bars, ts: None)
        small_workspace.crown(stores, small_workspace.OLD)
        fill_lake(stores)
        live_ts = small_workspace.bar_at(LIVE_FROM).known_ts
        stores.state.put_view(LIVE_FROM_KEY, {"market": MARKET, "ts": live_ts}, live_ts)
        runner = MarketRunner(stores, CONFIG, ManualClock(small_workspace.bar_at(BARS - 1).known_ts), epoch=1)
        runner.start(lambda stage, done, total: None)
        runner.close()
        assert [entry.kind for entry in stores.journal.query(kind="diagnosis")] == ["diagnosis"]
    return root


def fill_lake(stores: Stores) -> None:
    """Raw records only: the runner computes and stores features as it steps, each when its bar was known."""
    records = small_market.records(BARS, 0, small_workspace.FLIP)
    batch_id = batch_id_of("test", MARKET, "market.csv", "records")
    batch = RawBatch(batch_id, "test", MARKET, "market.csv", "input", tables_from_rows(records))
    stores.lake.store(batch, recorded_ts=records[-1].known_ts)


@pytest.fixture
def root(lived: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lived, tmp_path / "workspace"))


@pytest.fixture
def stores(root: Path) -> Iterator[Stores]:
    with Stores.open(root) as opened:
        yield opened


def diagnosis_of(stores: Stores) -> str:
    return stores.journal.query(market=MARKET, kind="diagnosis")[0].subject


def explained(stores: Stores) -> dict[str, Any]:
    return explain_diagnosis(stores, CONFIG, diagnosis_of(stores))


def window(stores: Stores) -> tuple[int, int]:
    body = stores.journal.query(kind="diagnosis")[0].body
    return min(item["from_ts"] for item in body["evidence"]), max(item["to_ts"] for item in body["evidence"])


def statuses(document: dict[str, Any]) -> set[str]:
    return {row["status"] for row in document["evidence"]}


def in_the_middle(stores: Stores) -> int:
    """Known time of a bar inside the window of every number."""
    latest = max(item["from_ts"] for item in stores.journal.query(kind="diagnosis")[0].body["evidence"])
    times = [
        record.ts for record in stores.performance.predictions(MARKET, after_ts=latest, until_ts=window(stores)[1])
    ]
    return times[len(times) // 2]


def forget_memory(stores: Stores) -> None:
    """Later bars push these out of the healer's memory; then nothing but the stores is left to compare with."""
    stores.db.execute("DELETE FROM state WHERE key LIKE ?", (f"{HEALER_KEY}%",))


def rewrite(stores: Stores, table: str, key: str, value: str, column: str, change: Callable[[Any], None]) -> None:
    """Change a JSON column of one row behind the store's back."""
    row = stores.db.query(f"SELECT {column} FROM {table} WHERE {key} = ?", (value,))[0]
    document = json.loads(row[0])
    change(document)
    stores.db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (json.dumps(document), value))


# -- equal ------------------------------------------------------------------------------------------------------------


def test_every_cited_number_of_a_live_diagnosis_comes_out_the_same(stores: Stores) -> None:
    document = explained(stores)
    assert document["status"] == "equal" and document["faults"] == []
    assert len(document["evidence"]) >= 4 and statuses(document) == {"equal"}
    assert all(row["recomputed"] == pytest.approx(row["stored"], rel=1e-9) for row in document["evidence"])
    assert all(row["why"] == "" and row["bars"] > 0 for row in document["evidence"])
    assert document["sentence"] == stores.journal.query(kind="diagnosis")[0].body["summary"]
    forget_memory(stores)
    assert explained(stores)["status"] == "equal"


def test_rebuilt_bars_are_those_that_the_healer_saw(stores: Stores) -> None:
    """Also outside the window of the diagnosis, from the first live bar to the last."""
    first, last = small_workspace.bar_at(LIVE_FROM + 1).known_ts, small_workspace.bar_at(BARS - 1).known_ts
    found = stored_observations(stores, CONFIG, FEATURES, first, last)
    assert (found.gone, found.conflicts) == ((), ())
    assert found.times == tuple(small_workspace.bar_at(index).known_ts for index in range(LIVE_FROM + 1, BARS))
    assert len(found.observations) == BARS - LIVE_FROM - 1
    assert not found.observations[0].usable and math.isnan(found.observations[0].expected_return)
    assert all(item.scored for item in found.observations[1:])


def test_what_the_feature_store_learned_later_changes_nothing(stores: Stores) -> None:
    ts = in_the_middle(stores)
    told = stores.features.latest(MARKET, ts, ["carry"])["carry"]
    version = stores.features.definitions()["carry"].version
    late = FeatureRows(MARKET, ["carry"], [told.event_ts], [ts], [0.5], ["ok"], [told.source], [version])
    assert stores.features.append(late, recorded_ts=window(stores)[1] + 1) == 1
    assert stores.features.latest(MARKET, ts, ["carry"])["carry"].value == 0.5
    assert explained(stores)["status"] == "equal"


# -- different --------------------------------------------------------------------------------------------------------


def test_a_falsified_cited_number_is_named_with_both_values(stores: Stores) -> None:
    case_id = diagnosis_of(stores)
    true_value = explained(stores)["evidence"][0]["stored"]

    def falsify(body: dict[str, Any]) -> None:
        body["evidence"][0]["value"] = 0.123456

    rewrite(stores, "journal", "subject", case_id, "body", falsify)
    rewrite(stores, "cases", "case_id", case_id, "diagnosis", falsify)
    document = explained(stores)
    assert document["status"] == "different"
    row = document["evidence"][0]
    assert (row["status"], row["stored"]) == ("different", 0.123456)
    assert row["recomputed"] == pytest.approx(true_value)
    assert "0.123456" in row["why"] and row["name"] in document["result"]
    assert {item["status"] for item in document["evidence"][1:]} == {"equal"}
    assert any("was changed after it was written" in fault for fault in document["faults"]), "the chain tells as well"


def test_a_case_that_tells_another_story_than_the_journal_is_a_fault(stores: Stores) -> None:
    def falsify(body: dict[str, Any]) -> None:
        body["cause"] = "none"

    rewrite(stores, "cases", "case_id", diagnosis_of(stores), "diagnosis", falsify)
    document = explained(stores)
    assert document["status"] == "different" and statuses(document) == {"equal"}
    assert "about cause" in document["faults"][0]
    assert document["cause"] != "none", "the journal's is explained"


def test_a_falsified_vector_is_told_by_the_feature_store_and_by_the_healer(stores: Stores) -> None:
    ts = in_the_middle(stores)

    def falsify(vector: dict[str, float]) -> None:
        vector["carry"] = 0.5

    record = next(item for item in stores.performance.predictions(MARKET) if item.ts == ts)
    rewrite(stores, "predictions", "prediction_id", record.prediction_id, "features", falsify)
    document = explained(stores)
    assert document["status"] == "different"
    assert any("carry was 0.5 for the champion" in fault for fault in document["faults"])


@pytest.mark.parametrize("column", ["expected_return", "outcome_return"])
def test_a_falsified_forecast_or_outcome_changes_the_answer(stores: Stores, column: str) -> None:
    forget_memory(stores)
    stores.db.execute(f"UPDATE predictions SET {column} = {column} * 3 WHERE ts = ?", (in_the_middle(stores),))
    document = explained(stores)
    assert document["status"] == "different"
    if column == "expected_return":
        assert "different" in statuses(document)
    else:
        assert any("settled as" in fault for fault in document["faults"])


# -- gone -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remembered", [True, False], ids=["in-memory", "forgotten"])
def test_a_missing_observation_is_gone_and_not_equal(stores: Stores, remembered: bool) -> None:
    ts = in_the_middle(stores)
    if not remembered:
        forget_memory(stores)
    stores.db.execute("DELETE FROM predictions WHERE ts = ?", (ts,))
    document = explained(stores)
    assert document["status"] == "gone" and statuses(document) == {"gone"}
    assert all(row["recomputed"] is None for row in document["evidence"])
    assert "no vector of inputs is stored" in document["evidence"][0]["why"]
    assert "cannot be recomputed" in document["result"]


def test_numbers_whose_window_is_whole_are_still_confirmed(stores: Stores) -> None:
    body = stores.journal.query(kind="diagnosis")[0].body
    starts = sorted({item["from_ts"] for item in body["evidence"]})
    if len(starts) == 1:
        pytest.skip("every number of this diagnosis has one window")
    stores.db.execute("DELETE FROM predictions WHERE ts = ?", (starts[0],))
    found = {row["from"]: row["status"] for row in explained(stores)["evidence"]}
    assert sorted(found.values()) == ["equal", "gone"]


@pytest.mark.parametrize(
    ("table", "words"),
    [("equity", "equity"), ("predictions", "bars are gone")],
)
def test_a_workspace_that_lost_a_table_says_which(stores: Stores, table: str, words: str) -> None:
    stores.db.execute(f"DELETE FROM {table}")
    document = explained(stores)
    assert document["status"] == "gone" and words in document["evidence"][0]["why"]


def test_a_lake_without_its_bars_is_gone(stores: Stores) -> None:
    stores.db.execute("DELETE FROM catalogue")
    document = explained(stores)
    assert document["status"] == "gone" and "the lake holds no bar" in document["evidence"][0]["why"]


def test_a_model_without_its_yardstick_is_gone(stores: Stores) -> None:
    stores.db.execute("UPDATE models SET metrics = '{}'")
    document = explained(stores)
    assert document["status"] == "gone" and "yardstick" in document["evidence"][0]["why"]


def test_a_formula_that_is_no_longer_known_is_gone(stores: Stores) -> None:
    case_id = diagnosis_of(stores)

    def rename(body: dict[str, Any]) -> None:
        body["evidence"][0]["formula"] = "of_old"

    rewrite(stores, "journal", "subject", case_id, "body", rename)
    row = explained(stores)["evidence"][0]
    assert row["status"] == "gone" and "'of_old' is not known" in row["why"]


# -- the id -----------------------------------------------------------------------------------------------------------


def test_an_unknown_id_names_the_newest_diagnoses(stores: Stores) -> None:
    with pytest.raises(NotFoundError, match=diagnosis_of(stores)):
        explain_diagnosis(stores, CONFIG, "case-none")


def test_a_case_that_an_operator_wished_has_no_diagnosis(stores: Stores) -> None:
    stores.agent.cases.upsert(CaseRecord("case-wish", MARKET, 1, 1, "diagnosed", cause="none"))
    with pytest.raises(NotFoundError, match="no diagnosis"):
        explain_diagnosis(stores, CONFIG, "case-wish")


# -- the verb ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        ("", 0, "come out the same"),
        ("UPDATE predictions SET expected_return = 3 * expected_return", 6, "differ"),
        ("DELETE FROM predictions", 8, "cannot be recomputed"),
    ],
    ids=["equal", "different", "gone"],
)
@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_the_verb_fails_loudly(root: Path, damage: str, code: int, words: str, as_json: bool) -> None:
    with Stores.open(root) as opened:
        case_id = diagnosis_of(opened)
        if damage:
            opened.db.execute(damage)
    arguments = ["--workspace", str(root), "--market", MARKET, "explain", case_id, *(["--json"] if as_json else [])]
    features = f"market.champion_features={list(FEATURES)}"
    done = CliRunner().invoke(hydra, ["--set", features, *arguments])
    assert done.exit_code == code, done.output
    assert (words in done.stderr) == bool(code)
    if as_json:
        document = json.loads(done.stdout)
        assert document["diagnosis"] == case_id and words in document["result"]
    else:
        assert words in done.stdout and document_words(case_id) <= set(done.stdout.split())


def document_words(case_id: str) -> set[str]:
    return {case_id, "stored", "recomputed", "ridge-old"}
