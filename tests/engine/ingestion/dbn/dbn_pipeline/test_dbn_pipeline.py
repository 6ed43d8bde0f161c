from __future__ import annotations

import math
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import FuturesBar
from engine.ingestion.dbn.dbn_pipeline import DbnPipeline
from engine.ingestion.ingest import ingest_input
from engine.ingestion.input_file import InputFile, read_input, unpack
from engine.ingestion.lake_rows import NormalisedRow
from engine.ingestion.sources import recognise_input
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.dbn_samples import (
    HE_BARS,
    bar,
    dbn,
    directory,
    every_kind,
    file_of,
    he_hours,
    header,
    shipped,
    zstd,
)
from tests.engine.ingestion.mutated_bytes import mutations

PIPELINE = DbnPipeline()
NOW = parse_iso("2026-11-01")
SPANS = {"HE.v.0": [("2023-03-15", "2023-03-17", 350)], "LE.v.0": [("2023-03-15", "2023-03-17", 9)],
         "QM.v.0": [("2023-03-15", "2023-03-17", 11)]}  # fmt: skip
THREE_MARKETS = header("ohlcv-1h", SPANS, stype_in="continuous") + b"".join(
    [bar("2023-03-15T14:00Z", 350, 79, 79, 79, 79, 1), bar("2023-03-15T14:00Z", 9, 160, 161, 159, 160, 2),
     bar("2023-03-15T15:00Z", 350, 79, 80, 79, 79, 1)]
)  # fmt: skip
EVERY_KIND = header(None, {"HEJ3": [("2023-03-15", "2023-03-16", 350)]}) + b"".join(every_kind())
# Kind of row for one record of a schema, as many rows as given.
PER_RECORD = {
    "ohlcv": {"FuturesBar": 1}, "bbo": {"Quote": 1}, "mbp-10": {"BookLevel": 10}, "mbp-1": {"Quote": 1},
    "tbbo": {"Quote": 1, "Trade": 1}, "trades": {"Trade": 1}, "mbo": {"BookOrder": 1}, "definition": {"Instrument": 1},
    "statistics": {"Statistic": 1}, "status": {"TradingStatus": 1},
}  # fmt: skip
REFUSED = {
    "*.dbz": "legacy DBZ file",
    "*.frag*": "DBN records without their header",
    "dbn/test_data.ohlcv-1d*.dbn*": "holds no bars",
}


def rows_of(file: InputFile, home: MarketConfig) -> list[NormalisedRow]:
    known = directory(home)
    return [
        row for _, part in PIPELINE.parse_markets(file, PIPELINE.markets_in(file, known), known) for row in part.rows
    ]


def test_markets_in_one_file_are_read_at_once(hogs) -> None:
    known = directory(hogs.market)
    file = file_of(THREE_MARKETS)
    markets = PIPELINE.markets_in(file, known)
    assert [market.contract.root for market in markets] == ["HE", "LE", "QM"]
    parts = [parsed.rows for _, parsed in PIPELINE.parse_markets(file, markets, known)]
    assert [Counter(type(row).__name__ for row in rows) for rows in parts] == [
        {"RollSpan": 1, "FuturesBar": 2}, {"RollSpan": 1, "FuturesBar": 1}, {"RollSpan": 1},
    ]  # fmt: skip
    pinned = PIPELINE.parse(file, hogs.market)
    assert (pinned.rows, pinned.ignored) == (parts[0], {"other market": 1})


def test_a_pinned_market_refuses_what_is_not_its_own(hogs, simulated) -> None:
    with pytest.raises(InputError, match=r"^x\.dbn: holds symbol HE\.v\.0, but market es trades ES"):
        PIPELINE.parse(file_of(he_hours()), directory(hogs.market).by_root("ES"))
    with pytest.raises(InputError, match=r"^x\.dbn: holds data of a real exchange, and market simulated_hogs"):
        PIPELINE.parse(file_of(he_hours()), simulated.market)


def test_what_holds_nothing_is_refused() -> None:
    for content, reason in (
        (header("ohlcv-1d", {}), "holds no bars"),
        (header("trades", {}), "holds no records"),
        (header("trades", {}) + b"\x0e\x00\x00", "no record can be read"),
        (header(None, {}) + bytes(dbn.SystemMsg(0, "Heartbeat")), "holds nothing but gateway messages"),
    ):
        with pytest.raises(InputError, match=rf"^x\.dbn: {reason}"):
            PIPELINE.markets_in(file_of(content), directory(shipped()[0]))


def test_records_without_symbols_go_to_the_dataset_unless_pinned(hogs) -> None:
    file = file_of(header("ohlcv-1h", {}), HE_BARS[0])
    assert [market.market for market in PIPELINE.markets_in(file, directory(hogs.market))] == ["glbx_mdp3"]
    parsed = PIPELINE.parse(file, hogs.market)
    (row,) = parsed.rows
    assert isinstance(row, FuturesBar)
    assert parsed.notes == {"instrument id for want of a symbol": 1}
    assert (row.market, row.contract, row.nearby) == ("lean_hogs", "350", 0)


def test_sources_are_named_by_schema(hogs) -> None:
    names = [PIPELINE.source_of(file_of(header(schema, {}), HE_BARS[0]), hogs.market)
             for schema in ("ohlcv-1h", "ohlcv-1d", "bbo-1m", "mbp-10", "definition", None)]  # fmt: skip
    assert names == ["databento_1h", "databento_1d", "databento_bbo_1m", "databento_mbp_10", "databento_definition",
                     "databento_live"]  # fmt: skip


def test_the_same_content_as_csv_packed_or_again_adds_nothing(stores, hogs, as_input, databento_text) -> None:
    known = directory(hogs.market)
    rows = [("2023-03-15T14:00:00.000000000Z", 350, 79.725, 79.725, 78.4, 78.425, 6765, "HE.v.0"),
            ("2023-03-16T14:00:00.000000000Z", 8488, 90.1, 90.2, 90.0, 90.1, 10, "HE.v.0")]  # fmt: skip
    csv = as_input(databento_text(rows))
    first = ingest_input(stores, hogs, csv, now_ts=NOW, directory=known)
    assert (first.source, first.rows_added) == ("databento_1h", 2)
    binary = ingest_input(stores, hogs, file_of(he_hours()), now_ts=NOW, directory=known)
    assert (binary.source, binary.rows_added, binary.rows_duplicate) == ("databento_1h", 2, 2)  # the two roll spans
    for again in (file_of(zstd(he_hours())), file_of(he_hours(), name="y.dbn"), csv):
        report = ingest_input(stores, hogs, again, now_ts=NOW + 1, directory=known)
        assert (report.rows_added, report.revisions) == (0, 0)


def test_a_recorded_stream_of_every_kind_is_read_whole(hogs) -> None:
    rows = PIPELINE.parse(file_of(EVERY_KIND), hogs.market).rows
    assert Counter(type(row).__name__ for row in rows) == {
        "FuturesBar": 1, "Trade": 3, "Quote": 2, "BookLevel": 10, "Statistic": 4, "BookOrder": 1, "TradingStatus": 1,
        "Instrument": 1,
    }  # fmt: skip
    assert {getattr(row, "contract", None) for row in rows} == {"HEJ23"}


@settings(max_examples=200, deadline=None)
@given(st.one_of(mutations(THREE_MARKETS), mutations(EVERY_KIND)))
def test_damage_gives_rows_problems_or_one_sentence(content: bytes) -> None:
    known = directory(next(market for market in shipped() if not market.simulated))
    try:
        file = unpack("damaged", content)
        if not PIPELINE.recognises(file):
            return
        markets = PIPELINE.markets_in(file, known)
        parts = list(PIPELINE.parse_markets(file, markets, known))
    except InputError as error:
        assert error.message.startswith("damaged: ") and error.message.isprintable()
        return
    for market, parsed in parts:
        for row in parsed.rows:
            assert row.market == market.market
            assert row.known_ts >= row.event_ts
        for problem in parsed.problems:
            assert problem.row_number >= 1 and problem.reason and problem.raw_text.isprintable()


def real_files(real_data: Path) -> list[Path]:
    folder = real_data / "databento"
    return sorted(path for path in folder.rglob("*.*") if path.is_file() and path.suffix not in (".json", ".xml"))


@pytest.mark.real_data
def test_every_real_file_gives_what_the_vendors_decoder_sees(hogs, real_data: Path) -> None:
    refused = {path for pattern in REFUSED for path in (real_data / "databento").glob(f"**/{pattern}")}
    seen = 0
    for path in real_files(real_data):
        if path in refused:
            continue
        raw = path.read_bytes()
        decoder = dbn.DBNDecoder(
            compression=dbn.Compression.from_str("zstd" if raw.startswith(b"\x28\xb5\x2f\xfd") else "none")
        )
        decoder.write(raw)
        head, *records = decoder.decode()
        schema = str(head.schema)
        expected = next(counts for prefix, counts in PER_RECORD.items() if schema.startswith(prefix))
        rows = rows_of(read_input(path), hogs.market)
        counted = Counter(type(row).__name__ for row in rows)
        for kind, each in expected.items():
            assert counted[kind] == each * len(records), path.name
        kinds = [row for row in rows if type(row).__name__ in expected]
        stamps = [record.ts_recv if schema.startswith("bbo") else record.ts_event for record in records]
        assert min(row.event_ts for row in kinds) == min(stamps) // 1000, path.name
        assert max(row.event_ts for row in kinds) == max(stamps) // 1000, path.name
        seen += 1
        if schema.startswith("ohlcv"):
            assert math.isclose(
                sum(row.close for row in kinds if isinstance(row, FuturesBar)),
                math.fsum(record.pretty_close for record in records),
            )
    assert seen == 61


@pytest.mark.real_data
def test_every_refused_file_says_precisely_why(hogs, real_data: Path) -> None:
    refused = 0
    for pattern, reason in REFUSED.items():
        for path in sorted((real_data / "databento").glob(f"**/{pattern}")):
            if path.suffix == ".dbz" and reason == "holds no bars":
                continue
            file = read_input(path)
            assert recognise_input(file).name == "databento_dbn"
            with pytest.raises(InputError, match=rf"^{path.name}: .*{reason}"):
                PIPELINE.markets_in(file, directory(hogs.market))
            refused += 1
    assert refused == 15


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "kind", "number", "first", "last"),
    [
        ("nautilus/esh4-glbx-mdp3-20231224.mbo.dbn.zst", "BookOrder", 8725, "2023-12-24T13:00:05.243925Z",
         "2023-12-24T13:00:05.243925Z"),
        ("glbx_1h_continuous/84sym_glbx-mdp3-20230801-20230831.ohlcv-1h.dbn.zst", "FuturesBar", 34170,
         "2023-08-01T00:00Z", "2023-08-31T23:00Z"),
        ("databento-python/GLBX.MDP3/test_data.status.dbn.zst", "TradingStatus", 4, "2020-12-27T23:00Z",
         "2020-12-28T21:30Z"),
        ("nautilus/definition-glbx-es-opt.dbn.zst", "Instrument", 2, "2023-07-30T11:01:35.387Z",
         "2023-07-30T11:01:39.737Z"),
    ],
)  # fmt: skip
def test_real_files_by_number(hogs, real_data: Path, name: str, kind: str, number: int, first: str, last: str) -> None:
    rows = rows_of(read_input(real_data / "databento" / name), hogs.market)
    of_kind = [row for row in rows if type(row).__name__ == kind]
    assert (len(of_kind), min(row.event_ts for row in of_kind), max(row.event_ts for row in of_kind)) == (
        number, parse_iso(first), parse_iso(last),
    )  # fmt: skip
    assert {type(row).__name__ for row in rows} <= {kind, "RollSpan"}
    if kind == "BookOrder":
        assert len({(row.sequence, row.number, row.event_ts) for row in of_kind}) == number


@pytest.mark.real_data
def test_the_largest_real_file_is_read_in_little_memory(hogs, real_data: Path) -> None:
    path = real_data / "databento" / "glbx_1h_continuous" / "84sym_glbx-mdp3-20230801-20230831.ohlcv-1h.dbn.zst"
    tracemalloc.start()
    try:
        rows_of(read_input(path), hogs.market)
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.real_data
def test_a_real_month_twice_adds_nothing(stores, hogs, real_data: Path) -> None:
    known = directory(hogs.market)
    path = real_data / "databento" / "nautilus" / "options_catalog"
    for name in ("options_bbo-1m_2024-05-09T09-55_2024-05-09T10-05.dbn.zst", "options_definition.dbn.zst"):
        file = read_input(path / name)
        first = ingest_input(stores, hogs, file, now_ts=NOW, directory=known)
        other_name = InputFile(f"again-{name}", file.content, file.content_hash)
        again = ingest_input(stores, hogs, other_name, now_ts=NOW + 1, directory=known)
        assert first.rows_added == first.records > 0
        assert (again.rows_added, again.rows_duplicate, again.revisions) == (0, first.rows_added, 0)
