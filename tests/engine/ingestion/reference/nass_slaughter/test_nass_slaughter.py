from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import Statistic
from engine.ingestion.market_directory import MarketDirectory, reference_market, shipped_markets
from engine.ingestion.reference.nass_slaughter import NassSlaughterPipeline
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import local_ts, parse_iso
from storage.stores import Stores
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

FILE = "usda/nass_livestock_slaughter_2023-08-24.txt.gz"
RULE = "-" * 100
MONTHS = f"""{RULE}
        :          :          :          :  July 2023 as % of   :
        :   July   :   June   :   July   :------------------------------
  Type  :   2022   :   2023   :   2023   :   July   :   June    :
{RULE}
"""
RELEASE = f"""
Livestock Slaughter

Released August 24, 2023, by the National Agricultural Statistics Service

Commercial Red Meat Production - United States
{MONTHS}Beef ...: 2,247.8    2,335.0    2,109.3       94         90      16,342.8  15,641.1      96
Pork ...: 1,970.6    2,201.6    (D)       102         91      15,513.7  15,669.8     101
Veal ...:     4.1        3.9        3.8       92         97          31.4      27.8      88
{RULE}

Livestock Slaughter and Average Live Weight - United States
{MONTHS}Hogs    :
Number of head :
  Commercial ...1,000:   9,318.3        10,425.7       9,615.9          103          71,540.6       72,964.9         102
Average live weight :
  Commercial ..pounds:     284             284           281             99             291            289
{RULE}
"""


def test_figures_of_hogs(hogs: HydraConfig) -> None:
    file = unpack("f", RELEASE.encode())
    assert recognise_input(file).name == "nass_slaughter"
    parsed = NassSlaughterPipeline().parse(file, hogs.market)
    rows = [row for row in parsed.rows if isinstance(row, Statistic)]
    july, june = (local_ts(2023, month, 1, 0, 0, "America/Chicago") for month in (7, 6))
    year_before = local_ts(2022, 7, 1, 0, 0, "America/Chicago")
    assert [(row.name, row.unit, row.event_ts, row.value) for row in rows] == [
        ("commercial_pork_production", "million pounds", year_before, 1970.6),
        ("commercial_pork_production", "million pounds", june, 2201.6),
        ("commercial_hog_slaughter", "1,000 head", year_before, 9318.3),
        ("commercial_hog_slaughter", "1,000 head", june, 10425.7),
        ("commercial_hog_slaughter", "1,000 head", july, 9615.9),
    ]
    assert {row.known_ts for row in rows} == {parse_iso("2023-08-24T19:00Z")}
    assert parsed.ignored == {"percentage or sum since January": 5 + 5 + 4, "withheld figure": 1,
                              "figure of another species": 8, "other market": 3}  # fmt: skip
    missing = [problem for problem in parsed.problems if problem.field == "table"]
    assert len(missing) == 5 and missing[0].raw_text.startswith("Federally Inspected Red Meat")
    (problem,) = set(parsed.problems) - set(missing)
    assert problem.reason == "not 7 figures, three of them of months" and problem.raw_text.startswith("Commercial ..")


def test_a_damaged_cell_costs_its_line_alone(hogs: HydraConfig) -> None:
    parsed = NassSlaughterPipeline().parse(unpack("f", RELEASE.replace("10,425.7", "10,4x5.7").encode()), hogs.market)
    assert "a cell is no figure" in {problem.reason for problem in parsed.problems}
    assert len(parsed.rows) == 2


def test_other_markets_and_unreadable_dates_are_refused(hogs: HydraConfig) -> None:
    with pytest.raises(InputError, match=r"^f: holds figures of hogs and cattle, not of market corn$"):
        NassSlaughterPipeline().parse(unpack("f", RELEASE.encode()), reference_market("ZC").model_copy(
            update={"market": "corn"}))  # fmt: skip
    with pytest.raises(InputError, match=r"^f: the release date cannot be read"):
        NassSlaughterPipeline().parse(unpack("f", RELEASE.replace("August 24", "Augusto 24").encode()), hogs.market)


def test_months_after_the_release_are_kept_out(hogs: HydraConfig) -> None:
    parsed = NassSlaughterPipeline().parse(unpack("f", RELEASE.replace("August", "June", 1).encode()), hogs.market)
    assert {problem.reason for problem in parsed.problems} >= {"a month after the release"}
    assert all(row.event_ts < row.known_ts for row in parsed.rows)


@settings(max_examples=80, deadline=None)
@given(content=mutations(RELEASE.encode()))
def test_damage(content: bytes, hogs: HydraConfig) -> None:
    assert_rows_or_one_sentence(NassSlaughterPipeline(), content, hogs.market)


@pytest.mark.real_data
def test_the_real_release(real_data: Path, stores: Stores, simulated: HydraConfig) -> None:
    directory = MarketDirectory(simulated.market, shipped_markets())
    cattle = directory.by_root("LE")
    now_ts = parse_iso("2026-03-02T15:00Z")
    report = ingest_paths(stores, simulated, [real_data / FILE], now_ts=now_ts, directory=directory)[0]
    # By hand: months x lines taken of each table. Production 2 x 3; head and weight 6 x 3; total live weight 2;
    # classes 3 (hogs) and 6 (cattle) x 3; dressed weights 4 (hogs) and 5 (cattle) x 3.
    assert dict(report.rows_by_market) == {
        "lean_hogs": 6 + 18 + 2 + 9 + 12, cattle.market: 6 + 18 + 2 + 18 + 15}  # fmt: skip
    assert report.quarantined == {}
    assert report.last_event_ts == max(local_ts(2023, 7, 1, 0, 0, zone) for zone in (
        "America/Chicago", cattle.session.timezone))  # fmt: skip
    again = ingest_paths(stores, simulated, [real_data / FILE], now_ts=now_ts + 1, directory=directory)[0]
    assert (again.rows_added, again.rows_duplicate) == (0, 106)


@pytest.mark.real_data
def test_every_figure_is_taken_or_counted(real_data: Path, simulated: HydraConfig) -> None:
    text = gzip.decompress((real_data / FILE).read_bytes()).decode()
    tables = text[text.index("Commercial Red Meat Production - United States\n[") : text.index("Terms and Definitions "
        "Used for Livestock Slaughter Estimates\n\nAverage")]  # fmt: skip
    figures = 0
    for line in tables.splitlines():
        label, colon, rest = line.partition(":")
        cells = rest.split()
        number = re.compile(r"[\d,]+(\.\d+)?|\([A-Z]\)")
        in_header = cells and all(re.fullmatch(r"(19|20)\d\d|:|July|June|2023as|as|of|%", cell) for cell in cells)
        if colon and label.strip() and cells and not in_header and all(map(number.fullmatch, cells)):
            figures += len(cells)
    directory = MarketDirectory(simulated.market, shipped_markets())
    pipeline = NassSlaughterPipeline()
    file = read_input(real_data / FILE)
    parts = [parsed for _, parsed in pipeline.parse_markets(file, pipeline.markets_in(file, directory), directory)]
    assert sum(len(part.rows) + sum(part.ignored.values()) for part in parts) == figures


@pytest.mark.real_data
def test_real_cells(real_data: Path, hogs: HydraConfig) -> None:
    """Read off the printed tables."""
    parsed = NassSlaughterPipeline().parse(read_input(real_data / FILE), hogs.market)
    months = {local_ts(year, month, 1, 0, 0, "America/Chicago"): (year, month)
              for year, month in ((2022, 7), (2023, 6), (2023, 7))}  # fmt: skip
    cells = {(row.name, months[row.event_ts]): row.value for row in parsed.rows if isinstance(row, Statistic)}
    assert len(cells) == 47
    expected = {
        ("commercial_pork_production", (2023, 7)): 2006.8,
        ("commercial_pork_production", (2022, 7)): 1970.6,
        ("federally_inspected_pork_production", (2023, 6)): 2191.9,
        ("federally_inspected_hog_slaughter", (2023, 7)): 9563.6,
        ("other_hog_slaughter", (2023, 6)): 51.2,
        ("commercial_hog_slaughter", (2022, 7)): 9318.3,
        ("commercial_hog_average_live_weight", (2023, 7)): 281.0,
        ("other_hog_average_live_weight", (2022, 7)): 255.0,
        ("commercial_hog_total_live_weight", (2022, 7)): 2642673.0,
        ("commercial_hog_total_live_weight", (2023, 7)): 2701292.0,
        ("federally_inspected_barrows_and_gilts_slaughter", (2023, 7)): 9270.8,
        ("federally_inspected_sows_slaughter", (2023, 6)): 289.8,
        ("federally_inspected_boars_slaughter", (2022, 7)): 25.9,
        ("hog_average_dressed_weight", (2023, 7)): 209.0,
        ("sows_average_dressed_weight", (2023, 6)): 303.0,
    }
    assert {key: cells.get(key) for key in expected} == expected


@pytest.mark.real_data
def test_real_cells_of_cattle(real_data: Path, simulated: HydraConfig) -> None:
    market = MarketDirectory(simulated.market, shipped_markets()).by_root("LE")
    parsed = NassSlaughterPipeline().parse(read_input(real_data / FILE), market)
    july = local_ts(2023, 7, 1, 0, 0, market.session.timezone)
    cells = {row.name: row.value for row in parsed.rows if isinstance(row, Statistic) and row.event_ts == july}
    expected = {
        "commercial_beef_production": 2109.3,
        "federally_inspected_beef_production": 2078.6,
        "commercial_cattle_slaughter": 2599.5,
        "commercial_cattle_average_live_weight": 1344.0,
        "commercial_cattle_total_live_weight": 3485882.0,
        "federally_inspected_steers_slaughter": 1222.4,
        "federally_inspected_all_cows_slaughter": 504.4,
        "federally_inspected_bulls_slaughter": 43.0,
        "cattle_average_dressed_weight": 815.0,
        "heifers_average_dressed_weight": 811.0,
    }
    assert {name: cells.get(name) for name in expected} == expected
