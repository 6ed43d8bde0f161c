from __future__ import annotations

import pytest

from engine.ingestion.futures.databento_bars import DatabentoBarsPipeline
from engine.ingestion.input_file import read_input
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.dbn_samples import directory

PIPELINE = DatabentoBarsPipeline()
STAMP = "2023-03-15T{:02d}:00:00.000000000Z"
ROWS = [
    (STAMP.format(14), 350, 79.725, 79.725, 78.4, 78.425, 6765, "HE.v.0"),
    (STAMP.format(15), 8488, 90.1, 90.2, 90.0, 90.1, 10, "HE.v.0"),
    (STAMP.format(16), 350, 78.375, 78.7, 78.375, 78.65, 920, "HE.v.0"),
]


def test_every_bar_keeps_its_own_instrument_and_is_known_at_its_end(
    hogs: HydraConfig, as_input, databento_text
) -> None:
    parsed = PIPELINE.parse(as_input(databento_text(ROWS)), hogs.market)
    assert [bar.contract for bar in parsed.rows] == ["350", "8488", "350"]
    assert {bar.series for bar in parsed.rows} == {"databento_1h"}
    first = parsed.rows[0]
    assert first.event_ts == parse_iso("2023-03-15T14:00Z")
    assert first.known_ts == parse_iso("2023-03-15T15:00Z")
    assert first.bar_seconds == 3600


def test_bars_of_a_simulated_market_take_length_and_series_from_its_settings(
    simulated, as_input, databento_text
) -> None:
    rows = [("2024-02-20T14:30:00.000000000Z", 240715, 85.0, 85.1, 84.9, 85.0, 700, "HE.v.0"),
            ("2024-02-20T14:30:00.000000000Z", 240814, 84.0, 84.1, 83.9, 84.0, 300, "HE.v.1")]  # fmt: skip
    traded, deferred = PIPELINE.parse(as_input(databento_text(rows, rtype=33)), simulated.market).rows
    assert (traded.series, traded.bar_seconds, traded.nearby, deferred.nearby) == ("venue", 300, 1, 2)
    assert traded.known_ts == parse_iso("2024-02-20T14:35Z")


def test_bad_rows(hogs: HydraConfig, as_input, databento_text) -> None:
    rows = [
        *ROWS,
        ("yesterday", 350, 79.0, 79.0, 79.0, 79.0, 1, "HE.v.0"),
        (STAMP.format(17), 350, "abc", 79.0, 79.0, 79.0, 1, "HE.v.0"),
        (STAMP.format(18), 350, -7.0, 79.0, -7.0, 79.0, 1, "HE.v.0"),
        (STAMP.format(16), 350, 78.0, 78.7, 78.0, 78.6, 920, "HE.v.0"),
    ]
    parsed = PIPELINE.parse(as_input(databento_text(rows) + "2023-03-15T19:00"), hogs.market)
    assert len(parsed.rows) == 3
    assert sorted((problem.row_number, problem.reason) for problem in parsed.problems) == [
        (5, "not a time"), (6, "not a number"), (7, "implausible price"),
        (8, "second bar of the same instrument and time"), (9, "row is cut short"),
    ]  # fmt: skip


def test_each_row_goes_to_the_market_of_its_symbol(hogs: HydraConfig, as_input, databento_text) -> None:
    rows = [*ROWS, (STAMP.format(14), 9, 160.0, 161.0, 159.0, 160.0, 5, "LE.v.0"),
            (STAMP.format(15), 11, 4000.0, 4001.0, 3999.0, 4000.0, 5, "ESM3"),
            (STAMP.format(16), 350, 79.0, 79.0, 79.0, 79.0, 1, "H\x01.v.0")]  # fmt: skip
    file = as_input(databento_text(rows))
    known = directory(hogs.market)
    markets = PIPELINE.markets_in(file, known)
    assert [market.contract.root for market in markets] == ["HE", "LE", "ES"]
    parts = dict(zip(("HE", "LE", "ES"), (parsed for _, parsed in PIPELINE.parse_markets(file, markets, known)),
                     strict=True))  # fmt: skip
    assert [len(part.rows) for part in parts.values()] == [3, 1, 1]
    assert [problem.reason for problem in parts["HE"].problems] == ["not a symbol"]
    single = parts["ES"].rows[0]
    assert (single.contract, single.nearby) == ("ESM3", 0)
    pinned = PIPELINE.parse(file, hogs.market)
    assert (pinned.rows, pinned.ignored) == (parts["HE"].rows, {"other market": 2})


def test_file_level_refusals(hogs: HydraConfig, as_input, databento_text) -> None:
    other = [(*row[:-1], "LE.v.0") for row in ROWS]
    with pytest.raises(InputError, match=r"holds symbol LE\.v\.0, but market lean_hogs trades HE"):
        PIPELINE.parse(as_input(databento_text(other)), hogs.market)
    with pytest.raises(InputError, match="rtype 1 is not a bar"):
        PIPELINE.parse(as_input(databento_text(ROWS, rtype=1)), hogs.market)
    cheap = [(*row[:2], *(price / 100 for price in row[2:6]), *row[6:]) for row in ROWS]
    with pytest.raises(InputError, match="USD/lb"):
        PIPELINE.parse(as_input(databento_text(cheap)), hogs.market)


@pytest.mark.real_data
def test_real_file(hogs: HydraConfig, real_data) -> None:
    file = read_input(real_data / "intraday" / "databento_1h" / "HE.v.0_2010_2023.csv.gz")
    parsed = PIPELINE.parse(file, hogs.market)
    assert (len(parsed.rows), parsed.problems) == (34_936, ())
    march = [bar.contract for bar in parsed.rows
             if parse_iso("2023-03-01") < bar.event_ts < parse_iso("2023-05-01")]  # fmt: skip
    flips = [contract for contract, before in zip(march[1:], march, strict=False) if contract != before]
    assert flips == ["8488", "350", "8488"]
