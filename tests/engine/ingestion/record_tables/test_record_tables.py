from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import CotPosition, CotReport, FuturesBar, Headline, OptionChain, OptionQuote
from engine.ingestion.cot.cot_columns import REPORT_COLUMNS
from engine.ingestion.lake_rows import NormalisedRow, RollSpan
from engine.ingestion.record_tables import rows_from_table, tables_from_rows

NUMBER = st.sampled_from([math.nan, 0.0, 0.025, 1e-9, 1 / 3, 123_456_789.125])
TS = st.integers(0, 2**52)
NAME = st.sampled_from(["a", "HEM23", "Ünïcode 文", "x y", "quo'ted"])
BARS = st.builds(
    FuturesBar, NAME, NAME, st.none() | NAME, st.integers(1, 2), st.integers(1, 86_400), TS, TS, NUMBER, NUMBER, NUMBER,
    NUMBER, NUMBER, st.lists(NAME, max_size=3).map(tuple),
)  # fmt: skip
QUOTES = st.lists(
    st.builds(OptionQuote, st.floats(1, 1000), st.sampled_from(["C", "P"]), NUMBER, NUMBER, NUMBER, NUMBER, NUMBER),
    min_size=1, max_size=4, unique_by=lambda quote: (quote.strike, quote.right),
).map(lambda quotes: tuple(sorted(quotes, key=lambda quote: (quote.strike, quote.right))))  # fmt: skip
CHAINS = st.builds(
    OptionChain, NAME, NAME, st.none() | NAME, st.sampled_from(["american", "european", "unknown"]), TS, TS, TS, NUMBER,
    QUOTES,
)  # fmt: skip
REPORTS = st.sampled_from(list(REPORT_COLUMNS)).flatmap(
    lambda kind: st.builds(
        CotReport, NAME, st.just(kind), st.booleans(), TS, TS, NUMBER,
        st.tuples(*[st.builds(CotPosition, st.just(columns.category), NUMBER, NUMBER, NUMBER)
                    for columns in REPORT_COLUMNS[kind]]),
    )
)  # fmt: skip
HEADLINES = st.builds(Headline, NAME, NAME, TS, TS, NAME, NAME)
SPANS = st.builds(RollSpan, NAME, NAME, TS, TS, TS, NAME)


def key_of(row: NormalisedRow) -> str:
    if isinstance(row, OptionChain):
        return repr(replace(row, quotes=()))
    if isinstance(row, CotReport):
        return repr(replace(row, positions=()))
    return repr(row)


@settings(max_examples=60, deadline=None)
@given(st.lists(BARS | CHAINS | REPORTS | HEADLINES | SPANS, min_size=1, max_size=8, unique_by=key_of))
def test_tables_and_records_are_exact_inverses(rows: list[NormalisedRow]) -> None:
    tables = tables_from_rows(rows)
    back = [row for dataset, table in tables.items() for row in rows_from_table(dataset, table)]
    assert sorted(map(repr, back)) == sorted(map(repr, rows))


def test_no_rows_give_no_tables() -> None:
    assert tables_from_rows([]) == {}
