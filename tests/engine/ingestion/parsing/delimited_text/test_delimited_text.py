from __future__ import annotations

import pytest

from engine.ingestion.input_file import unpack
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.kernel.errors import InputError


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Title,Date\n", ("title", "date")),
        ('"Title, long"\tDate\r\n', ("title, long", "date")),
        ("\ufeffTitle;a,b\n", ("title", "a,b")),
        ("one column\n", ()),
        ("a,b" * 1_000, ()),
    ],
)
def test_header(text: str, header: tuple[str, ...]) -> None:
    assert header_of(unpack("f", text.encode())) == header


def test_cells_of_several_lines_and_rows_that_do_not_fit() -> None:
    text = 'Title,Date\n"two\nlines, one ""cell""",1\n\n,\nshort\nlong,2,3\nlast,4'
    assert list(table_rows(unpack("f", text.encode()))) == [
        (1, {"title": 'two\nlines, one "cell"', "date": "1"}, ['two\nlines, one "cell"', "1"]),
        (2, None, ["short"]),
        (3, None, ["long", "2", "3"]),
        (4, {"title": "last", "date": "4"}, ["last", "4"]),
    ]


def test_a_cell_without_end() -> None:
    text = 'Title,Date\na,1\n"' + "x" * 200_000
    with pytest.raises(InputError, match=r"^f: the table cannot be read after entry 1: "):
        list(table_rows(unpack("f", text.encode())))
