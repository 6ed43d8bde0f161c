"""Between records and the tables of the raw lake: the two directions are exact inverses of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from engine.core.records import CotPosition, CotReport, OptionChain, OptionQuote, RawRecord
from engine.ingestion.cot.cot_columns import REPORT_COLUMNS
from engine.ingestion.lake_rows import FLAT_DATASETS, FlatRow, NormalisedRow, field_names
from storage.datasets import ROW_HASH, columns_of, schema_of

if TYPE_CHECKING:
    import pyarrow as pa

_CATEGORY_ORDER: Final = {
    columns.category: place for group in REPORT_COLUMNS.values() for place, columns in enumerate(group)
}

_KINDS: Final[dict[str, Any]] = {dataset: kind for kind, dataset in FLAT_DATASETS.items()}


def _flat_layout(kind: type[FlatRow], dataset: str) -> tuple[str, Callable[[Any], tuple[Any, ...]], bool]:
    names = field_names(kind)
    if names != tuple(column.name for column in columns_of(dataset)):
        raise TypeError(f"{kind.__name__} does not fit its dataset {dataset}")
    return dataset, attrgetter(*names), names[-1] == "flags"


_FLAT: Final = {kind: _flat_layout(kind, dataset) for kind, dataset in FLAT_DATASETS.items()}


def tables_from_rows(rows: Iterable[NormalisedRow]) -> dict[str, pa.Table]:
    """Arrow tables by dataset, one row per bar, quote, category, headline or span, in the order given."""
    flat: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        if isinstance(row, OptionChain):
            head = (
                row.market,
                row.source,
                row.contract,
                row.style,
                row.event_ts,
                row.known_ts,
                row.expiry_ts,
                row.underlying_price,
            )
            flat.setdefault("option_quote", []).extend(
                (*head, quote.strike, quote.right, quote.bid, quote.ask, quote.last, quote.volume, quote.open_interest)
                for quote in row.quotes
            )
        elif isinstance(row, CotReport):
            flat.setdefault("cot_position", []).extend(
                (
                    row.market,
                    row.report_type,
                    row.combined,
                    row.event_ts,
                    row.known_ts,
                    row.open_interest,
                    position.category,
                    position.long,
                    position.short,
                    position.spreading,
                )
                for position in row.positions
            )
        else:
            dataset, values_of, joins_flags = _FLAT[type(row)]
            values = values_of(row)
            flat.setdefault(dataset, []).append((*values[:-1], ",".join(values[-1])) if joins_flags else values)
    return {dataset: _table(dataset, tuples) for dataset, tuples in flat.items()}


def rows_by_dataset(rows: Iterable[NormalisedRow]) -> dict[str, int]:
    """How many rows of each dataset the tables of `rows` have."""
    counts: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, OptionChain):
            counts["option_quote"] += len(row.quotes)
        elif isinstance(row, CotReport):
            counts["cot_position"] += len(row.positions)
        else:
            counts[_FLAT[type(row)][0]] += 1
    return dict(counts)


def _table(dataset: str, tuples: Sequence[tuple[Any, ...]]) -> pa.Table:
    import pyarrow as pa

    schema = schema_of(dataset)
    schema = schema.remove(schema.get_field_index(ROW_HASH))
    names = [column.name for column in columns_of(dataset)]
    arrays = [
        pa.array(values, type=schema.field(name).type)
        for name, values in zip(names, zip(*tuples, strict=True), strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def rows_from_table(dataset: str, table: pa.Table) -> list[NormalisedRow]:
    """Records of one dataset in the table's order; chains and reports are put together again, their quotes by strike
    (call before put) and their categories in the publisher's order."""
    columns = [table.column(column.name).to_pylist() for column in columns_of(dataset)]
    lines = zip(*columns, strict=True)
    if dataset == "option_quote":
        return _chains(lines)
    if dataset == "cot_position":
        return _reports(lines)
    kind = _KINDS[dataset]
    if "flags" in field_names(kind):
        return [kind(*line[:-1], tuple(line[-1].split(",")) if line[-1] else ()) for line in lines]
    return [kind(*line) for line in lines]


def _chains(lines: Iterable[tuple[Any, ...]]) -> list[NormalisedRow]:
    groups: dict[tuple[Any, ...], list[OptionQuote]] = {}
    for line in lines:
        groups.setdefault((*line[:7], repr(line[7])), []).append(OptionQuote(*line[8:]))
    chains: list[NormalisedRow] = []
    for (market, source, contract, style, event_ts, known_ts, expiry_ts, price), quotes in groups.items():
        ordered = tuple(sorted(quotes, key=lambda quote: (quote.strike, quote.right)))
        chains.append(
            OptionChain(market, source, contract, style, event_ts, known_ts, expiry_ts, float(price), ordered)
        )
    return chains


def _reports(lines: Iterable[tuple[Any, ...]]) -> list[NormalisedRow]:
    groups: dict[tuple[Any, ...], list[CotPosition]] = {}
    for line in lines:
        groups.setdefault((*line[:5], repr(line[5])), []).append(CotPosition(*line[6:]))
    reports: list[NormalisedRow] = []
    for (market, report_type, combined, event_ts, known_ts, interest), positions in groups.items():
        ordered = tuple(sorted(positions, key=lambda one: _CATEGORY_ORDER[one.category]))
        reports.append(CotReport(market, report_type, combined, event_ts, known_ts, float(interest), ordered))
    return reports


def tables_by_dataset(tables: Mapping[str, pa.Table]) -> list[RawRecord]:
    """Every record of the tables, unsorted; rows of other datasets (roll maps, statistics) are no records and are left
    out."""
    records: list[RawRecord] = []
    for dataset, table in tables.items():
        records.extend(row for row in rows_from_table(dataset, table) if isinstance(row, RawRecord))
    return records
