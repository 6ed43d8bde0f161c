from __future__ import annotations

from datetime import date

import pytest

from engine.ingestion.input_file import InputFile
from engine.ingestion.lean.lean_option_entries import lean_option_entries


def entries(*tables: tuple[str, bytes]):
    return lean_option_entries(InputFile("x.zip", b"PK", "", "", tables))


def test_a_daily_and_a_minute_name() -> None:
    daily, minute = entries(
        ("twx_quote_american_call_425000_20140621.csv", b"20140605 00:00,1,2"),
        ("20200105_es_minute_trade_european_put_30000000_20200320.csv", b"82500000,1"),
    )
    assert (daily.root, daily.kind, daily.style, daily.right, daily.strike, daily.expiry, daily.day) == (
        "TWX", "quote", "american", "C", 42.5, date(2014, 6, 21), None)  # fmt: skip
    assert (minute.root, minute.kind, minute.style, minute.right, minute.strike, minute.resolution, minute.day) == (
        "ES", "trade", "european", "P", 3000.0, "minute", date(2020, 1, 5))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("es_trade_202003.csv", b"20200105 00:00,1"), ("notes.txt", b"20200105 00:00,1"),
        ("es_trade_american_call_1_20201332.csv", b"20200105 00:00,1"),
        ("20200105_es_trade_american_call_1_20200320.csv", b"1,1"),
        ("es_trade_american_call_1_20200320.csv", b"time,open"),
    ],
)  # fmt: skip
def test_one_table_of_another_kind_makes_the_zip_none_of_these(name: str, content: bytes) -> None:
    good = ("es_trade_american_call_1_20200320.csv", b"20200105 00:00,1")
    assert len(entries(good)) == 1 and entries(good, (name, content)) == []
