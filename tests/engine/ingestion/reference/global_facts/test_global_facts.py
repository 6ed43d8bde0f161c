from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import unpack
from engine.ingestion.lake_rows import UNDATED_TS, ReferenceFact
from engine.ingestion.market_directory import MarketDirectory, reference_market, shipped_markets
from engine.ingestion.reference.databento_publishers import DatabentoPublishersPipeline
from engine.ingestion.reference.global_facts import fact_at
from engine.ingestion.reference.ib_account import IbAccountPipeline
from engine.ingestion.reference.ib_error_codes import IbErrorCodesPipeline
from engine.ingestion.source_pipeline import SourcePipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

NOW = parse_iso("2026-03-02T15:00Z")
GLOBAL = reference_market("global")
ACCOUNT = (
    b'[{"account":"DU1","tag":"NetLiquidation","value":"10.5","currency":"USD","modelCode":""},'
    b'{"account":"DU1","tag":"AccountCode","value":"DU1","currency":"","modelCode":"m"},'
    b'{"account":"DU1","tag":"NetLiquidation","value":"11","currency":"USD","modelCode":""},'
    b'{"account":"DU1","tag":"Cushion","value":1,"currency":"","modelCode":""}]'
)
CODES = b"code\tname\n-1\tNO_VALID_ID\n202\tORDER_CANCELLED\n202\tORDER_CANCELLED\nx\tBAD\n203\tnot a name\n204\n"
PUBLISHERS = (
    b'[{"publisher_id":1,"dataset":"GLBX.MDP3","venue":"GLBX","description":"CME Globex MDP 3.0"},'
    b'{"publisher_id":1,"dataset":"A","venue":"B","description":"C"},'
    b'{"publisher_id":2,"dataset":"A","venue":"","description":"C"}]'
)


def facts_of(pipeline: SourcePipeline, content: bytes) -> list[tuple[str, str, str]]:
    file = unpack("f", content)
    assert recognise_input(file).name == pipeline.name
    rows = pipeline.parse(file, GLOBAL).rows
    assert all(isinstance(row, ReferenceFact) and row.event_ts == row.known_ts == UNDATED_TS for row in rows)
    return [(row.subject, row.name, row.value) for row in rows if isinstance(row, ReferenceFact)]


def test_account_values() -> None:
    assert facts_of(IbAccountPipeline(), ACCOUNT) == [
        ("DU1", "NetLiquidation[USD]", "10.5"), ("DU1/m", "AccountCode", "DU1")]  # fmt: skip
    problems = IbAccountPipeline().parse(unpack("f", ACCOUNT), GLOBAL).problems
    assert [problem.row_number for problem in problems] == [3, 4]


def test_error_codes() -> None:
    assert facts_of(IbErrorCodesPipeline(), CODES) == [
        ("-1", "error_name", "NO_VALID_ID"), ("202", "error_name", "ORDER_CANCELLED")]  # fmt: skip
    problems = IbErrorCodesPipeline().parse(unpack("f", CODES), GLOBAL).problems
    assert [(problem.row_number, problem.field) for problem in problems] == [
        (3, "code"), (4, "code"), (5, "name"), (6, "row")]  # fmt: skip


def test_publishers() -> None:
    assert facts_of(DatabentoPublishersPipeline(), PUBLISHERS) == [
        ("1", "dataset", "GLBX.MDP3"), ("1", "venue", "GLBX"), ("1", "description", "CME Globex MDP 3.0")]  # fmt: skip
    problems = DatabentoPublishersPipeline().parse(unpack("f", PUBLISHERS), GLOBAL).problems
    assert [(problem.row_number, problem.field) for problem in problems] == [(2, "publisher_id"), (3, "entry")]


def test_a_file_name_makes_no_market_of_facts(simulated: HydraConfig) -> None:
    directory = MarketDirectory(simulated.market, shipped_markets())
    named = unpack("lean_hogs.json", ACCOUNT)
    assert [market.market for market in IbAccountPipeline().markets_in(named, directory)] == ["global"]


def test_texts_are_made_safe() -> None:
    fact = fact_at(GLOBAL, "s", "a\x1b[2J", "b\ud800", "c\n d", 5)
    assert (fact.subject, fact.name, fact.value, fact.known_ts) == ("a [2J", "b?", "c d", 5)


@pytest.mark.parametrize(
    ("pipeline", "document"),
    [
        (IbAccountPipeline(), ACCOUNT),
        (IbErrorCodesPipeline(), CODES),
        (DatabentoPublishersPipeline(), PUBLISHERS),
    ],
)
def test_damage(pipeline: SourcePipeline, document: bytes) -> None:
    @settings(max_examples=60, deadline=None)
    @given(content=mutations(document))
    def check(content: bytes) -> None:
        assert_rows_or_one_sentence(pipeline, content, GLOBAL)

    check()


@pytest.mark.real_data
def test_real_files_and_a_second_run_adds_nothing(real_data: Path, stores: Stores, simulated: HydraConfig) -> None:
    directory = MarketDirectory(simulated.market, shipped_markets())
    account, advisor = (real_data / "ib" / name for name in ("account_values.json", "account_values_fa.json"))
    codes = real_data / "ib" / "error_codes.tsv"
    publishers = real_data / "databento" / "nautilus" / "publishers.json"
    expected = [
        len(json.loads(account.read_text())),
        len(json.loads(advisor.read_text())),
        len(list(csv.reader(codes.read_text().splitlines(), delimiter="\t"))) - 1,
        3 * len(json.loads(publishers.read_text())),
    ]
    assert expected == [108, 26, 102, 405]
    paths = [account, advisor, codes, publishers]
    reports = ingest_paths(stores, simulated, paths, now_ts=NOW, directory=directory)
    assert [dict(report.rows_by_market) for report in reports] == [{"global": count} for count in expected]
    assert [(report.rows_added, report.quarantined, report.ignored) for report in reports] == [
        (count, {}, {}) for count in expected]  # fmt: skip
    assert stores.lake.read("global", "reference_fact").column("known_ts").to_pylist() == [NOW] * sum(expected)
    again = ingest_paths(stores, simulated, paths, now_ts=NOW + 1, directory=directory)
    assert [(report.rows_added, report.rows_duplicate) for report in again] == [(0, count) for count in expected]


def test_a_longer_download_adds_only_what_is_new(stores: Stores, simulated: HydraConfig, tmp_path: Path) -> None:
    directory = MarketDirectory(simulated.market, shipped_markets())
    path = tmp_path / "codes.tsv"
    added = []
    for text in ("code\tname\n1\tONE\n", "code\tname\n1\tONE\n2\tTWO\n"):
        path.write_text(text)
        now_ts = NOW + len(added)
        report = ingest_paths(stores, simulated, [path], now_ts=now_ts, directory=directory)[0]
        added.append((report.rows_added, report.rows_duplicate))
    assert added == [(1, 0), (1, 1)]
    known = stores.lake.read("global", "reference_fact").column("known_ts").to_pylist()
    assert sorted(known) == [NOW, NOW + 1]
