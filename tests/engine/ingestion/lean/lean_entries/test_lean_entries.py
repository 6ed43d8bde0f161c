from __future__ import annotations

from datetime import date

import pytest

from engine.ingestion.input_file import InputFile
from engine.ingestion.lean.lean_entries import lean_entries

DAILY = b"20131006 00:00,1676.75,1678.25,1673.25,1676.5,21573\n"


def packed(*tables: tuple[str, bytes]) -> InputFile:
    return InputFile("x.zip", b"PK", "", "", tables)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("es_trade_201312.csv", DAILY, ("ES", 2013, 12, "trade", "", None)),
        ("zc_openinterest_202207.csv", b"20210101 00:00,17060", ("ZC", 2022, 7, "openinterest", "", None)),
        ("20131007_he_minute_trade_201312.csv", b"63271000,85.2,85.2,85.2,85.2,1\n",
         ("HE", 2013, 12, "trade", "minute", date(2013, 10, 7))),
        ("20131010_gc_minute_quote_201312_20131227.csv", b"1,2,3",
         ("GC", 2013, 12, "quote", "minute", date(2013, 10, 10))),
    ],
)  # fmt: skip
def test_names_of_tables(name: str, content: bytes, found: tuple[object, ...]) -> None:
    (entry,) = lean_entries(InputFile("x.zip", content, "", name))
    assert (entry.root, entry.year, entry.month, entry.kind, entry.resolution, entry.day) == found
    assert entry.content == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("es_trade_201313.csv", DAILY),
        ("20131307_es_minute_trade_201312.csv", DAILY),
        ("20131007_es_trade_201312.csv", DAILY),
        ("es_minute_trade_201312.csv", DAILY),
        ("es_trade_201312.csv", b"Date,Open\n"),
        ("twx_trade_american_call_600000_20140118.csv", DAILY),
        ("annual.txt", DAILY),
        ("", DAILY),
    ],
)
def test_anything_else_is_not_a_lean_table(name: str, content: bytes) -> None:
    assert lean_entries(InputFile("x.zip", content, "", name)) == []


def test_every_table_of_the_zip_must_fit() -> None:
    assert len(lean_entries(packed(("es_trade_201312.csv", DAILY), ("es_trade_201403.csv", DAILY)))) == 2
    assert lean_entries(packed(("es_trade_201312.csv", DAILY), ("readme.txt", b"hello"))) == []
