"""Scrambles stored tables after a moment: figures, flags, contracts and rolls by chance; keys and times stay.

It works on what the lake holds and not on parsed records, so that everything derived by the reader (flags, rolls) is
derived again from scrambled rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.kernel.timestamps import MICROS_PER_DAY
from storage.datasets import columns_of, table_from_columns

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, list[Any]]

_INVENTED_WORDS: Final = ("surge", "slump", "rally", "glut")
_LONGEST_SPAN_DAYS: Final = 120


def scramble_tables(
    tables: Mapping[str, pa.Table], after_ts: int, seed: int
) -> tuple[dict[str, pa.Table], dict[str, int]]:
    """The tables with every row known after `after_ts` scrambled, and how many rows that were in each.

    The end of a span that was still open at `after_ts` became known later too, and is scrambled and counted.
    """
    changed: dict[str, pa.Table] = {}
    counts: dict[str, int] = {}
    for dataset, table in tables.items():
        columns = {column.name: table.column(column.name).to_pylist() for column in columns_of(dataset)}
        later = [row for row, known_ts in enumerate(columns["known_ts"]) if known_ts > after_ts]
        chance = random.Random(f"{seed}|{dataset}")
        counts[dataset] = len(later)
        _SCRAMBLERS[dataset](columns, later, chance)
        if dataset == "roll_map":
            counts[dataset] += _scramble_open_ends(columns, after_ts, chance)
        changed[dataset] = table_from_columns(dataset, columns) if counts[dataset] else table
    return changed, counts


def _scramble_bars(columns: Columns, later: list[int], chance: random.Random) -> None:
    for row in later:
        factor = chance.uniform(0.5, 2.0)
        prices = sorted(columns["close"][row] * factor * chance.uniform(0.95, 1.05) for _ in range(4))
        columns["low"][row], columns["high"][row] = prices[0], prices[3]
        columns["open"][row], columns["close"][row] = chance.sample(prices, 2)
        columns["volume"][row] *= chance.uniform(0.02, 5.0)
    groups: dict[Hashable, list[int]] = {}
    for row in later:
        groups.setdefault((columns["series"][row], columns["nearby"][row], columns["bar_seconds"][row]), []).append(row)
    for rows in groups.values():
        _rotate(columns["contract"], rows, chance)
        flags = [columns["flags"][row] for row in rows]
        chance.shuffle(flags)
        for row, text in zip(rows, flags, strict=True):
            columns["flags"][row] = text


def _rotate(values: list[Any], rows: list[int], chance: random.Random) -> None:
    """Move contracts along time, so that rolls fall on other days and stay as rare as they are."""
    offset = chance.randint(1, max(1, len(rows) - 1))
    moved = [values[row] for row in rows[offset:] + rows[:offset]]
    for row, value in zip(rows, moved, strict=True):
        values[row] = value


def _scramble_quotes(columns: Columns, later: list[int], chance: random.Random) -> None:
    chain = ("source", "contract", "event_ts", "known_ts", "expiry_ts")
    factors: dict[Hashable, float] = {}
    for row in later:
        # One underlying price per chain: quotes of a chain are put together by it.
        key = tuple(columns[name][row] for name in chain)
        factor = factors.setdefault(key, chance.uniform(0.5, 2.0))
        for name in ("underlying_price", "bid", "ask", "last"):
            columns[name][row] *= factor
        for name in ("volume", "open_interest"):
            columns[name][row] *= chance.uniform(0.1, 10.0)


def _scramble_positions(columns: Columns, later: list[int], chance: random.Random) -> None:
    factors: dict[Hashable, float] = {}
    for row in later:
        key = tuple(columns[name][row] for name in ("report_type", "combined", "event_ts", "known_ts"))
        columns["open_interest"][row] *= factors.setdefault(key, chance.uniform(0.5, 2.0))
        for name in ("long", "short", "spreading"):
            columns[name][row] *= chance.uniform(0.1, 10.0)


def _scramble_headlines(columns: Columns, later: list[int], chance: random.Random) -> None:
    for row in later:
        words = columns["title"][row].split()
        chance.shuffle(words)
        columns["title"][row] = " ".join([*words, chance.choice(_INVENTED_WORDS)])


def _scramble_rolls(columns: Columns, later: list[int], chance: random.Random) -> None:
    listed = sorted(set(columns["contract"]))
    for row in later:
        others = [contract for contract in listed if contract != columns["contract"][row]]
        columns["contract"][row] = chance.choice(others) if others else columns["contract"][row] + "0"
        columns["end_ts"][row] = columns["event_ts"][row] + chance.randint(1, _LONGEST_SPAN_DAYS) * MICROS_PER_DAY


def _scramble_open_ends(columns: Columns, after_ts: int, chance: random.Random) -> int:
    open_rows = [
        row
        for row, (known_ts, end_ts) in enumerate(zip(columns["known_ts"], columns["end_ts"], strict=True))
        if known_ts <= after_ts < end_ts
    ]
    for row in open_rows:
        columns["end_ts"][row] = after_ts + chance.randint(1, _LONGEST_SPAN_DAYS * MICROS_PER_DAY)
    return len(open_rows)


_SCRAMBLERS: Final[Mapping[str, Callable[[Columns, list[int], random.Random], None]]] = {
    "futures_bar": _scramble_bars,
    "option_quote": _scramble_quotes,
    "cot_position": _scramble_positions,
    "headline": _scramble_headlines,
    "roll_map": _scramble_rolls,
}
