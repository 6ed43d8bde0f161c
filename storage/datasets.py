"""Datasets of the raw lake: columns of each, and the content hash that identifies a row.

Columns mirror the records of `engine/core/records.py`, flattened to one row per bar, quote, category or headline. All
`*_ts` are UTC microseconds; prices in the market's price unit; NaN (never null, never 0) marks a missing number.
`flags` is one text, findings joined by commas, "" for none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.kernel.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["text", "int", "float", "bool"]
SCHEMA_VERSION: Final = 1
ROW_HASH: Final = "row_hash"


@dataclass(frozen=True, slots=True)
class Column:
    """Name and type of a column; only texts may be null, and only where `nullable`."""

    name: str
    type: ColumnType
    nullable: bool = False


def _columns(text: str) -> tuple[Column, ...]:
    columns = []
    for part in text.split():
        name, _, kind = part.partition(":")
        columns.append(Column(name, kind.rstrip("?"), kind.endswith("?")))  # type: ignore[arg-type]
    return tuple(columns)


DATASETS: Final[Mapping[str, tuple[Column, ...]]] = {
    "futures_bar": _columns(
        "market:text series:text contract:text? nearby:int bar_seconds:int event_ts:int known_ts:int open:float "
        "high:float low:float close:float volume:float flags:text"
    ),
    "option_quote": _columns(
        "market:text source:text contract:text? style:text event_ts:int known_ts:int expiry_ts:int "
        "underlying_price:float strike:float right:text bid:float ask:float last:float volume:float open_interest:float"
    ),
    "cot_position": _columns(
        "market:text report_type:text combined:bool event_ts:int known_ts:int open_interest:float category:text "
        "long:float short:float spreading:float"
    ),
    "headline": _columns("market:text source:text event_ts:int known_ts:int title:text text_hash:text"),
    # One row per stretch in which a continuous series is mapped to one contract: [event_ts, end_ts).
    "roll_map": _columns("market:text series:text event_ts:int known_ts:int end_ts:int contract:text"),
    "statistic": _columns(
        "market:text source:text contract:text? name:text unit:text event_ts:int known_ts:int value:float flags:text"
    ),
    "quote": _columns(
        "market:text source:text contract:text? bar_seconds:int event_ts:int known_ts:int bid:float bid_size:float "
        "ask:float ask_size:float bid_open:float bid_high:float bid_low:float ask_open:float ask_high:float "
        "ask_low:float flags:text"
    ),
    "trade": _columns(
        "market:text source:text contract:text? event_ts:int known_ts:int sequence:int price:float size:float "
        "side:text conditions:text"
    ),
    "book_level": _columns(
        "market:text source:text contract:text? event_ts:int known_ts:int sequence:int level:int bid:float "
        "bid_size:float bid_orders:float ask:float ask_size:float ask_orders:float"
    ),
    "book_order": _columns(
        "market:text source:text contract:text? event_ts:int known_ts:int sequence:int number:int order_id:text "
        "action:text side:text price:float size:float"
    ),
    "instrument": _columns(
        "market:text source:text contract:text instrument_id:text kind:text underlying:text exchange:text "
        "currency:text event_ts:int known_ts:int activation_ts:int expiry_ts:int strike:float right:text "
        "tick_size:float multiplier:float"
    ),
    "trading_status": _columns(
        "market:text source:text contract:text? event_ts:int known_ts:int action:text reason:text is_trading:text"
    ),
    "option_mark": _columns(
        "market:text source:text contract:text? style:text event_ts:int known_ts:int expiry_ts:int "
        "underlying_price:float strike:float right:text implied_volatility:float delta:float gamma:float theta:float "
        "vega:float rho:float"
    ),
    "training_text": _columns("market:text source:text event_ts:int known_ts:int text:text tone:float occurrence:int"),
    "reference_fact": _columns("market:text source:text subject:text name:text value:text event_ts:int known_ts:int"),
}

# What an experiment reads: facts that reach the feature pipeline, and the roll maps beside them.
SNAPSHOT_DATASETS: Final = ("futures_bar", "option_quote", "cot_position", "headline", "roll_map")


def columns_of(dataset: str) -> tuple[Column, ...]:
    """Columns of a dataset without the row hash. Raises StoreError for an unknown name."""
    try:
        return DATASETS[dataset]
    except KeyError:
        raise StoreError(f"there is no dataset '{dataset}'; known are {', '.join(DATASETS)}") from None


@cache
def schema_of(dataset: str) -> pa.Schema:
    """Arrow schema of a dataset as it lies in Parquet: its columns and `row_hash` (16 bytes)."""
    import pyarrow as pa

    kinds = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    fields = [pa.field(column.name, kinds[column.type]) for column in columns_of(dataset)]
    return pa.schema([*fields, pa.field(ROW_HASH, pa.binary(16))])


def row_hashes(dataset: str, columns: Mapping[str, Sequence[Any]]) -> list[bytes]:
    """Content hash of each row over all columns of the dataset: 16 bytes, equal for equal content everywhere."""
    names = [column.name for column in columns_of(dataset)]
    salt = dataset.encode()[:16]
    blake2b = hashlib.blake2b
    return [
        blake2b(repr(row).encode(), digest_size=16, salt=salt).digest()
        for row in zip(*(columns[name] for name in names), strict=True)
    ]


def normalised_table(dataset: str, table: pa.Table) -> pa.Table:
    """A table in the dataset's columns and types, without row hash; null numbers become NaN.

    Raises StoreError for a missing or unknown column, a null where none is allowed, or a value of another type.
    """
    import pyarrow as pa

    schema = schema_of(dataset)
    known = {column.name for column in columns_of(dataset)}
    given = set(table.column_names) - {ROW_HASH}
    if given != known:
        raise StoreError(
            f"table for {dataset}: missing columns {sorted(known - given)}, unknown columns {sorted(given - known)}"
        )
    arrays, names = [], []
    for column in columns_of(dataset):
        values, wanted = table.column(column.name), schema.field(column.name).type
        try:
            if values.type != wanted:
                values = values.cast(wanted)
        except pa.ArrowException as error:
            raise StoreError(f"table for {dataset}: column {column.name} is not {column.type} ({error})") from error
        if values.null_count:
            if column.type == "float":
                values = values.fill_null(float("nan"))
            elif not column.nullable:
                row = values.is_null().to_pylist().index(True)
                raise StoreError(f"table for {dataset}: column {column.name} has a null in row {row}")
        arrays.append(values)
        names.append(column.name)
    return pa.Table.from_arrays(arrays, names=names)


def table_row_hashes(dataset: str, table: pa.Table) -> list[bytes]:
    """Content hash of each row of a normalised table."""
    return row_hashes(dataset, {column.name: table.column(column.name).to_pylist() for column in columns_of(dataset)})


def table_from_columns(dataset: str, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Arrow table of a dataset from Python columns; the row hash is added. Meant for small, live tables too."""
    import pyarrow as pa

    schema = schema_of(dataset)
    values: dict[str, Sequence[Any]] = {**columns, ROW_HASH: row_hashes(dataset, columns)}
    try:
        return pa.Table.from_arrays([pa.array(values[f.name], type=f.type) for f in schema], schema=schema)
    except (pa.ArrowException, KeyError, TypeError) as error:
        raise StoreError(f"columns for {dataset} do not fit ({error})") from error


def empty_table(dataset: str) -> pa.Table:
    """A table of the dataset with no rows."""
    return schema_of(dataset).empty_table()
