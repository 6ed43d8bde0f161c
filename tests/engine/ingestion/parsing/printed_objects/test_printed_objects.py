from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from engine.ingestion.parsing.printed_objects import NotPrintedError, PrintedObject, read_printed


def test_objects_lists_and_times() -> None:
    text = (
        "[Bar(date=datetime.datetime(2019, 10, 4, 15, 30), day=datetime.date(2020, 1, 2), wap=-1.0, note='a=b', "
        "parts=[], pair=('x', None)),\n"
        " Forex('EURUSD', conId=5, at=datetime.datetime(2019, 1, 2, tzinfo=datetime.timezone.utc), gap=nan)]"
    )
    bar, forex = read_printed(text)  # type: ignore[misc]
    assert bar == PrintedObject("Bar", (), {
        "date": datetime(2019, 10, 4, 15, 30), "day": date(2020, 1, 2), "wap": -1.0, "note": "a=b",  # noqa: DTZ001
        "parts": [], "pair": ["x", None]})  # fmt: skip
    assert isinstance(forex, PrintedObject)
    assert (forex.kind, forex.unnamed, forex.fields["at"]) == ("Forex", ("EURUSD",), datetime(2019, 1, 2, tzinfo=UTC))
    gap = forex.fields["gap"]
    assert isinstance(gap, float) and math.isnan(gap)


@pytest.mark.parametrize(
    "text",
    ["", "<IB connected>", "Bar(date=", "a + b", "x", "Bar(**fields)", "os.system('true')", "[x for x in y]",
     "lambda: 0", "Bar(a=1)[0]", "datetime.datetime(2019, 13, 1)", "datetime.datetime('x')", "__import__('os')()",
     "b'bytes'", "f'{1}'", "-Bar()", "1_0 if x else 2", "(" * 500 + ")" * 500, "Bar(a=1, a=2)", "{'a': 1}",
     "A(" * 60 + ")" * 60, "datetime.datetime(2019, 1, 2, tzinfo=5)"],
)  # fmt: skip
def test_what_is_no_printed_object(text: str) -> None:
    with pytest.raises(NotPrintedError):
        read_printed(text)
