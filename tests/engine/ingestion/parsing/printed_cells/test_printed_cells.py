from __future__ import annotations

from engine.ingestion.input_file import unpack
from engine.ingestion.parsing.printed_cells import is_cut, is_table, printed_pieces

TEXT = """## cell 1 execute_result
<IB connected to 127.0.0.1:7497 clientId=14>

## cell 3 execute_result
[A(x=1),
 A(x=2)]

## cell 9 display_data
                 date    open  \\
0 2019-10-04 15:30:00  231.82
1 2019-10-04 16:00:00  233.02

## cell 12 execute_result
   exchange  expirations
0     SMART  [20200116, 2020...
1      CBOE  [20191231, 2020...

## cell 25 stream
Error 162, reqId 5: cancelled
A(x=3)
"""


def test_values_tables_and_lines_with_their_places() -> None:
    pieces = list(printed_pieces(unpack("f", TEXT.encode())))
    assert [(piece.row_number, piece.cell, piece.is_value) for piece in pieces] == [
        (2, "cell 1", False), (5, "cell 3", True), (9, "cell 9", False), (14, "cell 12", False),
        (19, "cell 25", False), (20, "cell 25", True)]  # fmt: skip
    assert [is_table(piece.text) and not piece.is_value for piece in pieces] == [False, False, True, True, False, False]
    assert [is_cut(piece.text) for piece in pieces] == [False, False, False, True, False, False]
