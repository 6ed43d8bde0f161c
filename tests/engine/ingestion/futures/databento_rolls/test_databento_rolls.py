from __future__ import annotations

import pytest

from engine.ingestion.futures.databento_rolls import DatabentoRollsPipeline
from engine.ingestion.input_file import read_input
from engine.ingestion.lake_rows import RollSpan
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.dbn_samples import directory

PIPELINE = DatabentoRollsPipeline()
HEADER = "symbol,start_date,end_date,instrument_id\n"


def test_spans_and_bad_rows(hogs: HydraConfig, as_input) -> None:
    text = HEADER + "HE.v.0,2010-06-06,2010-06-20,9852\nHE.v.0,2010-06-20,2010-06-20,7424\nHE.v.0,x,2010-07-30,80\nHE\n"
    parsed = PIPELINE.parse(as_input(text), hogs.market)
    begins, ends = parse_iso("2010-06-06"), parse_iso("2010-06-20")
    assert parsed.rows == (RollSpan("lean_hogs", "HE.v.0", begins, begins, ends, "9852"),)
    assert [problem.reason for problem in parsed.problems] == ["span is empty", "not a date", "row is cut short"]


def test_another_market_is_refused(hogs: HydraConfig, as_input) -> None:
    with pytest.raises(InputError, match=r"holds symbol GF\.v\.0"):
        PIPELINE.parse(as_input(HEADER + "GF.v.0,2010-06-06,2010-06-20,9852\n"), hogs.market)


def test_each_span_goes_to_the_market_of_its_symbol(hogs: HydraConfig, as_input) -> None:
    lines = "GF.v.0,2010-06-06,2010-06-20,9852\nHE.v.0,2010-06-06,2010-06-20,1\n,2010-06-06,2010-06-20,1\n"
    file = as_input(HEADER + lines)
    known = directory(hogs.market)
    markets = PIPELINE.markets_in(file, known)
    parts = list(PIPELINE.parse_markets(file, markets, known))
    assert [[row.series for row in parsed.rows] for _, parsed in parts] == [["GF.v.0"], ["HE.v.0"]]
    assert [problem.reason for problem in parts[0][1].problems] == ["not a symbol"]
    assert PIPELINE.parse(file, hogs.market).ignored == {"other market": 1}


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, real_data) -> None:
    file = read_input(real_data / "intraday" / "databento_1h" / "HE.v.0_2010_2023_rolls.csv")
    assert len(PIPELINE.parse(file, hogs.market).rows) == 178
