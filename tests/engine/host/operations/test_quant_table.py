"""Tables as people save them: what is wrong with the table is one sentence, what is wrong with a row stays there."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host.operations.quant_table import number_columns, read_table
from engine.kernel.errors import InputError

NAMES = ("strike", "bid")


def saved(folder: Path, content: str | bytes) -> str:
    path = folder / "quotes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    "content",
    [
        "strike,bid\n80,1.5\n82,\n",
        "\ufeffstrike,bid\r\n80,1.5\r\n82,\r\n",
        "strike;bid\n80;1.5\n82;\n",
        "strike\tbid\n80\t1.5\n82\t\n",
        ' Strike , "BID"\n 80 ,"1.5"\n\n82,nan\n',
        "note,bid,other,strike\nx,1.5,,80\n,,y,82\n",
        "\n\nstrike,bid\n80,1.5\n\n82,\n   \n",
        "strike,bid\n80,1.5,\n82,,,\n",
        "strike,bid\r80,1.5\r82,\r",
    ],
)
def test_ways_to_save_one_table(content: str, tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, content), NAMES)
    numbers = number_columns(table, ("strike",), ("bid",))
    assert (len(table), numbers.reasons) == (2, ("", ""))
    np.testing.assert_array_equal(numbers.values["strike"], [80.0, 82.0])
    np.testing.assert_array_equal(numbers.values["bid"], [1.5, np.nan])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ("is empty", "strike, bid")),
        ("\n \n", ("is empty",)),
        ("strike,bid\n", ("headings but no rows",)),
        ("strkie,bid\n80,1\n", ("no column 'strike'", "'strkie'")),
        ("80,1\n82,2\n", ("no column 'strike'", "no column 'bid'")),
        ("strike,bid,Strike\n80,1,80\n", ("'strike' 2 times",)),
        (b"strike,bid\n80,1\n8\xff,2\n", ("not text in UTF-8", "line 3", "0xff")),
        ("strike,bid\n80,1\n".encode("utf-16"), ("UTF-16",)),
        ('strike,bid\n80,"1\n82,2\n', ("cannot be read as CSV",)),
        (b"\x1f\x8b\x08\x00" + bytes(range(128, 256)), ("not text in UTF-8",)),
    ],
)
def test_a_table_that_cannot_be_used(content: str | bytes, words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        read_table(saved(tmp_path, content), NAMES)
    assert "quotes.csv" in found.value.message
    assert all(word in found.value.message for word in words), found.value.message


def test_files_that_are_none(tmp_path: Path) -> None:
    for source, words in ((str(tmp_path), "is a folder"), (str(tmp_path / "absent.csv"), "no such file")):
        with pytest.raises(InputError, match=words):
            read_table(source, NAMES)
    with pytest.raises(InputError):
        read_table("a\0b", NAMES)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"strike,bid\n80,1\n")))
    assert read_table("-", NAMES).columns["strike"] == ("80",)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(InputError, match="standard input is empty"):
        read_table("-", NAMES)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("abc,1", "strike 'abc' is not a number"),
        (",1", "strike is missing"),
        ("NaN,1", "strike is missing"),
        ("inf,1", "strike 'inf' is not a number"),
        ("1_0,1", "strike '1_0' is not a number"),
        ('"80,5",1', "write a decimal point"),
        ("80,x\x07y", "bid 'x\N{REPLACEMENT CHARACTER}y' is not a number"),
        ("80", "1 cells, the headings 2"),
        ("80,1,2", "3 cells, the headings 2"),
        ("80," + "9x" * 60, "bid '" + ("9x" * 60)[:39] + "…'"),
    ],
)
def test_a_row_says_what_is_wrong_with_it_and_no_other_is_touched(row: str, reason: str, tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, f"strike,bid\n80,1\n{row}\n82,2\n"), NAMES)
    numbers = number_columns(table, ("strike",), ("bid",))
    assert reason in numbers.reasons[1]
    if "cells" in reason:
        assert np.isnan([numbers.values[name][1] for name in NAMES]).all()
    assert (numbers.reasons[0], numbers.reasons[2]) == ("", "")
    np.testing.assert_array_equal(numbers.values["strike"][[0, 2]], [80.0, 82.0])
    np.testing.assert_array_equal(numbers.values["bid"][[0, 2]], [1.0, 2.0])


@given(st.lists(st.one_of(st.floats(allow_infinity=False), st.text(max_size=8)), min_size=1, max_size=20))
def test_a_cell_is_a_number_or_has_a_reason(tmp_path_factory: pytest.TempPathFactory, cells: list[float | str]) -> None:
    import csv

    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("strike", "bid"), *((cell, 1) for cell in cells)])
    try:
        content = text.getvalue().encode()
    except UnicodeEncodeError:
        return
    path = tmp_path_factory.mktemp("tables") / "quotes.csv"
    path.write_bytes(content)
    numbers = number_columns(read_table(str(path), NAMES), ("strike",))
    assert len(numbers.reasons) == len(cells)
    for value, reason, cell in zip(numbers.values["strike"].tolist(), numbers.reasons, cells, strict=True):
        assert (value != value) == bool(reason)
        if isinstance(cell, float) and cell == cell:
            assert value == cell
