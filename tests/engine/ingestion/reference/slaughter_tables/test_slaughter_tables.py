from __future__ import annotations

from datetime import date

import pytest

from engine.ingestion.reference.slaughter_tables import tables_of

RULE = "-" * 60
MONTHLY = f"""
Commercial Red Meat Production -
United States
[Totals based on unrounded data]
{RULE}
                  :          :          :          :  July 2023 as % of
                  :   July   :   June   :   July   :--------------------
       Type       :   2022   :   2023   :   2023   :   July   :   June
{RULE}
                  : ------- million pounds ------      --- percent --
Beef .............: 2,247.8    2,335.0    (D)       94         90
  Federally inspected ..1,000:   9,263.7  10,374.5
Average live weight          :
Heifers 1/ ..............:   815        809
1 ............:1,133.7   4x.5
{RULE}
"""


def test_a_table_with_its_months_and_lines() -> None:
    (table,) = tables_of(MONTHLY)
    assert table.title == "Commercial Red Meat Production - United States"
    assert table.months == (date(2022, 7, 1), date(2023, 6, 1), date(2023, 7, 1))
    assert [(line.number, line.label, line.unit, line.indent, line.cells, line.damaged) for line in table.lines] == [
        (11, "Beef", "", False, (2247.8, 2335.0, None, 94.0, 90.0), False),
        (12, "Federally inspected", "1,000", True, (9263.7, 10374.5), False),
        (13, "Average live weight", "", False, (), False),
        (14, "Heifers", "", False, (815.0, 809.0), False),
        (15, "1", "", False, (1133.7,), True),
    ]


def test_the_months_of_a_title() -> None:
    (table,) = tables_of(f"Commercial Hog Slaughter: July 2022 and 2023\n{RULE}\nx\n{RULE}\nOhio .:  1\n")
    assert table.title_months == (date(2022, 7, 1), date(2023, 7, 1)) and table.months == ()
    assert [line.cells for line in table.lines] == [(1.0,)]


@pytest.mark.parametrize("years", ["2022   :   20x3   :   2023", "2022   :   2023"])
def test_months_without_years_are_none(years: str) -> None:
    whole = "2022   :   2023   :   2023   :   July   :   June"
    assert whole in MONTHLY
    (table,) = tables_of(MONTHLY.replace(whole, years))
    assert table.months == ()
