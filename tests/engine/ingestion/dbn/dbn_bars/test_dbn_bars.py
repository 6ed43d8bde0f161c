from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.core.records import FuturesBar
from engine.ingestion.dbn.dbn_pipeline import DbnPipeline
from engine.ingestion.futures.databento_bars import DatabentoBarsPipeline
from engine.ingestion.futures.databento_rolls import DatabentoRollsPipeline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.lake_rows import RollSpan
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.dbn_samples import HE_DAYS, bar, directory, file_of, he_hours, header

MONTHS = ("20100606-20100630", "20200401-20200430", "20230801-20230831")
ROOTS = ("HE", "GF", "ZO", "ZR")


def test_bars_are_those_of_the_csv(hogs, as_input, databento_text) -> None:
    rows = [("2023-03-15T14:00:00.000000000Z", 350, 79.725, 79.725, 78.4, 78.425, 6765, "HE.v.0"),
            ("2023-03-16T14:00:00.000000000Z", 8488, 90.1, 90.2, 90.0, 90.1, 10, "HE.v.0")]  # fmt: skip
    expected = DatabentoBarsPipeline().parse(as_input(databento_text(rows)), hogs.market).rows
    parsed = DbnPipeline().parse(file_of(he_hours()), hogs.market)
    assert [row for row in parsed.rows if isinstance(row, FuturesBar)] == list(expected)
    days = [parse_iso(f"2023-03-{day}") for day in (15, 16, 17)]
    assert [row for row in parsed.rows if isinstance(row, RollSpan)] == [
        RollSpan("lean_hogs", "HE.v.0", days[0], days[0], days[1], "350"),
        RollSpan("lean_hogs", "HE.v.0", days[1], days[1], days[2], "8488"),
    ]


def test_single_contracts_have_their_place_and_no_rolls(hogs) -> None:
    spans = {"HEM3": [("2023-03-15", "2023-03-16", 351)], "ESM3": [("2023-03-15", "2023-03-16", 11)]}
    file = file_of(header("ohlcv-1d", spans), bar("2023-03-15", 351, 90, 91, 89, 90, 10, 35),
                   bar("2023-03-15", 11, 4000, 4001, 3999, 4000, 7, 35))  # fmt: skip
    known = directory(hogs.market)
    parts = list(DbnPipeline().parse_markets(file, DbnPipeline().markets_in(file, known), known))
    found = [(row.series, row.contract, row.nearby) for _, parsed in parts for row in parsed.rows]
    assert found == [("databento_1d", "HEM23", 3), ("databento_1d", "ESM3", 0)]
    assert parts[0][1].rows[0].known_ts == parse_iso("2023-03-16")


def test_bad_bars_are_kept_out(hogs) -> None:
    raw = bytearray(bar("2023-03-15T15:00Z", 350, 79, 79, 79, 79, 1))
    raw[8:16] = b"\xff" * 8
    file = file_of(header("ohlcv-1h", HE_DAYS, stype_in="continuous"), bar("2023-03-15T14:00Z", 350, 79, 79, 79, 79, 1),
                   bytes(raw), bar("2023-03-15T16:00Z", 350, 79, 78, 80, 79, 1),
                   bar("2023-03-15T17:00Z", 350, -79, 79, -79, 79, 1))  # fmt: skip
    parsed = DbnPipeline().parse(file, hogs.market)
    assert [type(row).__name__ for row in parsed.rows] == ["RollSpan", "RollSpan", "FuturesBar"]
    assert [(problem.row_number, problem.reason) for problem in parsed.problems] == [
        (2, "not a time"), (3, "high below low"), (4, "implausible price"),
    ]  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize("month", MONTHS)
def test_real_months_give_the_very_bars_of_the_csv(hogs, real_data: Path, month: str) -> None:
    known = directory(hogs.market)
    file = read_input(real_data / "databento" / "glbx_1h_continuous" / f"84sym_glbx-mdp3-{month}.ohlcv-1h.dbn.zst")
    markets = DbnPipeline().markets_in(file, known)
    parts = {market.market: parsed for market, parsed in DbnPipeline().parse_markets(file, markets, known)}
    assert len(parts) == len(markets) == 84
    first, last = f"{month[:4]}-{month[4:6]}", f"{month[:4]}-{int(month[4:6]) + 1:02d}"
    for root in ROOTS:
        market = known.by_root(root)
        folder = real_data / "intraday" / "databento_1h"
        lines = gzip.decompress((folder / f"{root}.v.0_2010_2023.csv.gz").read_bytes()).decode().splitlines()
        text = "\n".join([lines[0], *(line for line in lines[1:] if first <= line[:10] < last)])
        expected = DatabentoBarsPipeline().parse(unpack("x", text.encode()), market).rows
        assert len(expected) > 100
        assert [row for row in parts[market.market].rows if isinstance(row, FuturesBar)] == list(expected)
        whole = DatabentoRollsPipeline().parse(read_input(folder / f"{root}.v.0_2010_2023_rolls.csv"), market).rows
        rolls = [row for row in parts[market.market].rows if isinstance(row, RollSpan)]
        assert rolls
        for span in rolls:  # the table joins what the monthly files cut at the end of the month
            assert any(
                span.contract == joined.contract and joined.event_ts <= span.event_ts and span.end_ts <= joined.end_ts
                for joined in whole
                if isinstance(joined, RollSpan)
            )


@pytest.mark.real_data
def test_the_negative_price_of_april_2020_is_kept_and_flagged(hogs, real_data: Path) -> None:
    known = directory(hogs.market)
    name = "84sym_glbx-mdp3-20200401-20200430.ohlcv-1h.dbn.zst"
    file = read_input(real_data / "databento" / "glbx_1h_continuous" / name)
    bars = DbnPipeline().parse(file, known.by_root("QM")).rows
    negative = [bar for bar in bars if isinstance(bar, FuturesBar) and bar.flags]
    assert [(bar.flags, bar.low < 0) for bar in negative] == [(("negative_price",), True)]
