from __future__ import annotations

import pytest

from engine.ingestion.databento_rolls import DatabentoRollsPipeline
from engine.ingestion.input_file import read_input
from engine.ingestion.lake_rows import RollSpan
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso

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


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, real_data) -> None:
    file = read_input(real_data / "intraday" / "databento_1h" / "HE.v.0_2010_2023_rolls.csv")
    assert len(PIPELINE.parse(file, hogs.market).rows) == 178
