from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from engine.ingestion.input_file import unpack
from engine.ingestion.parsing.workbook_rows import workbook_rows
from engine.kernel.errors import InputError
from tests.engine.ingestion.xlsx_files import xlsx_file

ROWS = [["Name", "Day", "Count"], ["HOGS, 40K", date(2021, 6, 8), 12], [None, None, 1.5]]
READ = [ROWS[0], ["HOGS, 40K", datetime(2021, 6, 8, tzinfo=UTC).replace(tzinfo=None), 12], ROWS[2]]


def test_rows_of_the_first_sheet_whatever_its_dimension_says() -> None:
    assert list(workbook_rows(unpack("x.xlsx", xlsx_file(ROWS)))) == READ
    assert list(workbook_rows(unpack("x.xlsx", xlsx_file(ROWS)), limit=1)) == READ[:1]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("xl/workbook.xml", lambda xml: xml[:60]),
        ("xl/workbook.xml", lambda xml: b""),
        ("xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2]),
        ("xl/worksheets/sheet1.xml", lambda xml: b"<a/><b/>"),
        ("xl/sharedStrings.xml", lambda xml: b"no xml"),
        ("xl/sharedStrings.xml", lambda xml: xml.replace(b"<si>", b"<no>").replace(b"</si>", b"</no>")),
        ("[Content_Types].xml", lambda xml: b"<Types/>"),
    ],
)
def test_a_damaged_workbook_is_one_sentence(part: str, change: Callable[[bytes], bytes]) -> None:
    file = unpack("x.xlsx", xlsx_file(ROWS, changed=(part, change)))
    with pytest.raises(InputError, match=r"^x\.xlsx: the workbook is truncated or damaged; fetch the file again$"):
        list(workbook_rows(file))


def test_a_damaged_binary_workbook_is_one_sentence() -> None:
    file = unpack("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 4)
    with pytest.raises(InputError, match=r"^x\.xls: the workbook is truncated or damaged"):
        list(workbook_rows(file))


def test_a_workbook_that_counts_from_1904_is_refused() -> None:
    with pytest.raises(InputError, match=r"^x\.xlsx: the workbook counts days from 1904"):
        list(workbook_rows(unpack("x.xlsx", xlsx_file(ROWS, from_1904=True))))
