"""How numbers are said to an operator: short, with unit, never more digits than mean something."""

from __future__ import annotations

from collections.abc import Sequence

from engine.kernel.timestamps import to_datetime


def moment(ts: int) -> str:
    """A time stamp as an operator reads it, e.g. '2021-06-10 14:05 UTC'."""
    return to_datetime(ts).strftime("%Y-%m-%d %H:%M UTC")


def bars(count: int) -> str:
    """'1 bar' or '12 bars'."""
    return f"{count} bar" if count == 1 else f"{count} bars"


def once_in(run_length_bars: float) -> str:
    """The false-alarm rate of a threshold in words."""
    if run_length_bars >= 1e9:
        return "practically never by chance"
    digits = -(len(str(int(run_length_bars))) - 2)
    rounded = int(round(run_length_bars, digits)) if run_length_bars >= 100 else int(run_length_bars)
    return f"by chance about once in {rounded:,} bars"


def listing(names: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
