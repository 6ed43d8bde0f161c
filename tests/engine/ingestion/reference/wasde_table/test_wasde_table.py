from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.market_directory import MarketDirectory, reference_market, shipped_markets
from engine.ingestion.reference.wasde_table import WasdeTablePipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

FILE = "usda/USDA_corn_WASDE_2014to2020.csv"
CORN = reference_market("ZC")
TABLE = (
    b"Date,Area Planted,Area Harvested,Yield,Beginning Stocks,Ethanol,Ending Stocks,Mexico EndingStocks,Value\n"
    b'2014-01-10,97.2,87.4 ,123.4,989.0,4648.0,821.0,01.06,4.3\n2014-07-11,"9,5",,1,2,3,4,"1,234",x\n'
    b"2014-01-10,1,2,3,4,5,6,7,8\nsoon,1,2,3,4,5,6,7,8\n2014-08-12,1\n"
)


def statistics(content: bytes) -> list[Statistic]:
    return [row for row in WasdeTablePipeline().parse(unpack("f", content), CORN).rows if isinstance(row, Statistic)]


def test_a_row_is_known_at_noon_in_washington() -> None:
    assert recognise_input(unpack("f", TABLE)).name == "wasde"
    rows = statistics(TABLE)
    assert {to_iso(row.known_ts) for row in rows} == {"2014-01-10T17:00:00Z", "2014-07-11T16:00:00Z"}
    assert all(row.event_ts == row.known_ts for row in rows)
    assert [(row.name, row.unit, row.value) for row in rows[:7]] == [
        ("area_planted", "million acres", 97.2), ("area_harvested", "million acres", 87.4),
        ("yield", "bushels/acre", 123.4), ("beginning_stocks", "million bushels", 989.0),
        ("ethanol", "million bushels", 4648.0), ("ending_stocks", "million bushels", 821.0),
        ("mexico_ending_stocks", "million metric tons", 1.06)]  # fmt: skip
    assert rows[7].value == 9.5


def test_what_is_left_out() -> None:
    parsed = WasdeTablePipeline().parse(unpack("f", TABLE), CORN)
    assert parsed.ignored == {"column beside the report": 2, "empty cell": 1}
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (2, "mexico endingstocks", "not a number"), (3, "date", "second row of the same report"),
        (4, "date", "not a date"), (5, "row", "not as many cells as the header")]  # fmt: skip


def test_ethanol_says_corn_and_else_the_name(simulated: HydraConfig) -> None:
    directory = MarketDirectory(simulated.market, shipped_markets())
    pipeline = WasdeTablePipeline()
    assert [market.market for market in pipeline.markets_in(unpack("wheat.csv", TABLE), directory)] == ["corn"]
    other = TABLE.replace(b"Ethanol", b"Seed")
    assert [market.market for market in pipeline.markets_in(unpack("wheat.csv", other), directory)] == ["wheat"]
    assert list(pipeline.markets_in(unpack("x.csv", other), directory)) == []


def test_the_balance_of_corn_is_no_other_market(hogs: HydraConfig) -> None:
    with pytest.raises(InputError, match=r"^f: holds the balance of corn, not of market lean_hogs$"):
        WasdeTablePipeline().parse(unpack("f", TABLE), hogs.market)


@settings(max_examples=80, deadline=None)
@given(content=mutations(TABLE))
def test_damage(content: bytes) -> None:
    assert_rows_or_one_sentence(WasdeTablePipeline(), content, CORN)


@pytest.mark.real_data
def test_the_real_table(real_data: Path, stores: Stores, simulated: HydraConfig) -> None:
    lines = list(csv.reader((real_data / FILE).read_text().splitlines()))
    assert (len(lines), len(lines[0]), lines[0][-4:]) == (92, 117, ["Value", "Diff_Value", "Average", "Diff_Avr"])
    directory = MarketDirectory(simulated.market, shipped_markets())
    now_ts = parse_iso("2026-03-02T15:00Z")
    report = ingest_paths(stores, simulated, [real_data / FILE], now_ts=now_ts, directory=directory)[0]
    assert (report.rows_added, dict(report.rows_by_market)) == (91 * 112, {"corn": 91 * 112})
    assert (report.quarantined, report.ignored) == ({}, {"column beside the report": 91 * 4})
    assert report.first_event_ts == parse_iso("2014-01-10T17:00Z")
    assert report.last_event_ts == parse_iso("2021-08-12T16:00Z")
    again = ingest_paths(stores, simulated, [real_data / FILE], now_ts=now_ts + 1, directory=directory)[0]
    assert (again.rows_added, again.rows_duplicate) == (0, 91 * 112)


@pytest.mark.real_data
def test_real_cells_and_real_balances(real_data: Path) -> None:
    parsed = WasdeTablePipeline().parse(read_input(real_data / FILE), CORN)
    cells = {(to_iso(row.event_ts)[:10], row.name): row.value for row in parsed.rows if isinstance(row, Statistic)}
    assert cells["2014-01-10", "world_production"] == 862.95
    assert cells["2014-01-10", "mexico_ending_stocks"] == 1.06
    assert cells["2014-05-09", "european_union_ending_stocks"] == 6.16
    assert cells["2021-05-12", "area_planted"] == 91.1
    regions = {name.removesuffix("_ending_stocks") for _, name in cells if name.endswith("_ending_stocks")}
    assert len(regions - {"ending_stocks", "world"}) == 13
    broken: Counter[str] = Counter()
    for day in {day for day, _ in cells}:
        for region in regions - {"ending_stocks", "world"}:
            begin, made, bought, used, sold, end = (
                cells[day, f"{region}_{line}"]
                for line in ("beginning_stocks", "production", "imports", "domestic_total", "exports",
                             "ending_stocks")
            )  # fmt: skip
            broken[region] += abs(begin + made + bought - used - sold - end) > 0.06
    # The collector's own slips, all in plain cells of October 2018 to January 2020: beginning stocks of Canada stay
    # those of another report, and the like. No cell with a decimal comma or a leading zero is among them.
    assert +broken == {"canada": 6, "south_korea": 5, "ukraine": 3, "brazil": 1}
