"""From the raw lake to the records that the feature pipeline consumes, in the one order in which they were known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from engine.core.records import FuturesBar, RawRecord, order_of
from engine.ingestion.futures.thin_contract import ThinContractRule
from engine.ingestion.record_tables import rows_from_table, tables_by_dataset
from engine.kernel.timestamps import MICROS_PER_DAY

if TYPE_CHECKING:
    import pyarrow as pa

    from storage.stores import Stores

RECORD_DATASETS: Final = ("futures_bar", "option_quote", "cot_position", "headline")
_DAILY_SECONDS: Final = 86_400
_TRADED: Final = 1
# Covers the 250 earlier bars that the rule for thin contracts looks at, holidays and vendor gaps included.
_CONTEXT_US: Final = 500 * MICROS_PER_DAY


def read_records(
    stores: Stores,
    market: str,
    *,
    related: Iterable[tuple[str, str]] = (),
    known_after_ts: int | None = None,
    known_until_ts: int | None = None,
) -> list[RawRecord]:
    """Records of a market with `known_after_ts` < known_ts <= `known_until_ts`, sorted by `order_of`, and the traded
    bars of related markets, each a (market, series), among them.

    Daily bars carry the flag "thin_contract" as of their own settlement; a partial read looks back into the lake, so
    that it flags exactly as a whole one.
    """
    records = _records_of(stores, market, RECORD_DATASETS, known_after_ts, known_until_ts)
    for other, series in related:
        bars = _records_of(stores, other, ("futures_bar",), known_after_ts, known_until_ts)
        records += [
            bar for bar in bars if isinstance(bar, FuturesBar) and (bar.series, bar.nearby) == (series, _TRADED)
        ]
    return sorted(records, key=order_of)


def _records_of(
    stores: Stores, market: str, datasets: Iterable[str], known_after_ts: int | None, known_until_ts: int | None
) -> list[RawRecord]:
    tables = {
        dataset: stores.lake.read(market, dataset, known_after_ts=known_after_ts, known_until_ts=known_until_ts)
        for dataset in datasets
    }
    records = tables_by_dataset({dataset: table for dataset, table in tables.items() if table.num_rows})
    daily = {record.series for record in records if isinstance(record, FuturesBar) and _is_daily(record)}
    context: list[FuturesBar] = []
    if known_after_ts is not None and daily:
        earlier = stores.lake.read(
            market, "futures_bar", known_after_ts=known_after_ts - _CONTEXT_US, known_until_ts=known_after_ts
        )
        context = [
            row
            for row in rows_from_table("futures_bar", earlier)
            if isinstance(row, FuturesBar) and _is_daily(row) and row.series in daily
        ]
    return _flagged(sorted(records, key=order_of), context)


def records_from_tables(tables: Mapping[str, pa.Table]) -> list[RawRecord]:
    """Records of whole tables (a snapshot, a scrambled copy), flagged and sorted as `read_records` does. A table may
    hold several markets."""
    known = {dataset: table for dataset, table in tables.items() if dataset in RECORD_DATASETS}
    return _flagged(sorted(tables_by_dataset(known), key=order_of), ())


def _is_daily(bar: FuturesBar) -> bool:
    return bar.bar_seconds >= _DAILY_SECONDS and bar.nearby == _TRADED


def _flagged(records: list[RawRecord], context: Iterable[FuturesBar]) -> list[RawRecord]:
    rules: dict[tuple[str, str], ThinContractRule] = {}
    for bar in sorted(context, key=order_of):
        rules.setdefault((bar.market, bar.series), ThinContractRule()).apply(bar)
    for index, record in enumerate(records):
        if isinstance(record, FuturesBar) and _is_daily(record):
            records[index] = rules.setdefault((record.market, record.series), ThinContractRule()).apply(record)
    return records
