"""What the option verbs share: columns of single options, the words of a status, and rows that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.host.operations.quant_table import NumberColumns, QuantTable, number_columns, quoted
from engine.signals.options_math.status_codes import OptionStatus

if TYPE_CHECKING:
    from engine.signals.options_math.black76 import FloatArray, IntArray
    from engine.signals.options_math.quoted_intervals import BoolArray

STATUS_REASONS: Final[Mapping[OptionStatus, str]] = {
    OptionStatus.BELOW_INTRINSIC: "the price lies below what immediate exercise, or the discounted forward, is worth",
    OptionStatus.AT_INTRINSIC: "the price is the intrinsic value: every small enough volatility gives it",
    OptionStatus.ABOVE_MAX: "no volatility gives a price this high",
    OptionStatus.ZERO_PRICE: "a price of 0 is no price",
    OptionStatus.EXPIRED: "the option has expired: years is not above 0",
    OptionStatus.INVALID_INPUT: "an input is missing, not finite or out of range",
    OptionStatus.NOT_INVERTIBLE: "a change of the volatility moves the price by less than its last digit",
    OptionStatus.EXERCISE_REGION: "the price is that of immediate exercise within half a tick: no volatility in it",
}
RIGHTS: Final = {"c": True, "call": True, "p": False, "put": False}
_STYLES: Final = {"american": True, "a": True, "european": False, "e": False}


@dataclass(frozen=True, slots=True)
class OptionColumns:
    """Columns of single options, one element per row. `reasons` says per row what is wrong with its cells; such a row
    has NaN in `strike`, so that every calculation marks it as invalid and leaves the others alone."""

    numbers: NumberColumns
    strike: FloatArray
    is_call: BoolArray
    is_american: BoolArray
    reasons: tuple[str, ...]

    def __getitem__(self, name: str) -> FloatArray:
        """The numbers of another column."""
        return self.numbers.values[name]


def option_columns(
    table: QuantTable, positive: Sequence[str], other: Sequence[str], optional: Sequence[str] = ()
) -> OptionColumns:
    """Columns `positive` (strike among them; years apart, all must be above 0), `other` numbers, right and style.
    `optional` columns may be absent and their cells empty, but no number in them may be negative."""
    import numpy as np

    numbers = number_columns(table, (*positive, *other), optional)
    reasons = [[text] if text else [] for text in numbers.reasons]
    for name in positive:
        if name != "years":
            for row in np.flatnonzero(numbers.values[name] <= 0.0).tolist():
                reasons[row].append(f"{name} must be above 0, is {numbers.values[name][row]:g}")
    for name in optional:
        if name in numbers.values:
            for row in np.flatnonzero(numbers.values[name] < 0.0).tolist():
                reasons[row].append(f"{name} must not be negative, is {numbers.values[name][row]:g}")
    calls = _words(table, "right", RIGHTS, "neither C (call) nor P (put)", reasons)
    americans = _words(table, "style", _STYLES, "neither american nor european", reasons)
    bad = np.array([bool(texts) for texts in reasons])
    return OptionColumns(
        numbers,
        np.where(bad, np.nan, numbers.values["strike"]),
        np.array(calls),
        np.array(americans),
        tuple("; ".join(texts) for texts in reasons),
    )


def _words(
    table: QuantTable, name: str, meaning: Mapping[str, bool], otherwise: str, reasons: list[list[str]]
) -> list[bool]:
    found = []
    for row, cell in enumerate(table.columns[name]):
        value = meaning.get(cell.lower())
        if value is None and not table.damage[row]:
            reasons[row].append(f"{name} {quoted(cell)} is {otherwise}" if cell else f"{name} is missing")
        found.append(bool(value))
    return found


def reason_of(status: int, cells: str) -> str | None:
    """Why a row has no result: what is wrong with its cells, else what the status means; None where all is well."""
    if cells:
        return cells
    return None if status == OptionStatus.OK else STATUS_REASONS[OptionStatus(status)]


def status_words(status: IntArray) -> list[str]:
    """The status of every element as JSON and tables say it."""
    words = {code.value: code.name.lower() for code in OptionStatus}
    return [words[code] for code in status.tolist()]


def json_numbers(values: FloatArray) -> list[float | None]:
    """Python numbers; None for NaN and infinities, which JSON cannot hold."""
    import numpy as np

    found: list[float | None] = values.tolist()
    for place in np.flatnonzero(~np.isfinite(values)).tolist():
        found[place] = None
    return found


def rows_of(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """One object per row, numbered from 1."""
    names = ("row", *columns)
    count = len(next(iter(columns.values())))
    return [dict(zip(names, cells, strict=True)) for cells in zip(range(1, count + 1), *columns.values(), strict=True)]
