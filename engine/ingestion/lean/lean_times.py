"""Zones and times of LEAN's option data, as they show in the data.

Options on shares: New York throughout. Options on futures: intraday rows are UTC (the first two-sided quotes of Sunday
2020-01-05 are at 23:00, the opening at 17:00 Chicago; the first trades of the day session at 14:31, 08:31 Chicago);
daily rows hold a calendar day. A day's row is known when the day is over in the exchange's zone.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from engine.ingestion.options.option_roots import NEW_YORK, OptionRoot
from engine.kernel.timestamps import MICROS_PER_MINUTE, MICROS_PER_SECOND, local_ts

_UTC: Final = "UTC"
_CLOSE_OF_SHARES: Final = (16, 0)
_MILLIS_OF_DAY: Final = 86_400_000
_YEARS: Final = range(1950, 2100)
_SECONDS: Final = {"minute": 60, "second": 1}


def lean_day(text: str) -> date | None:
    """The day "20140605", None for anything else."""
    try:
        day = datetime.strptime(text.strip(), "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def end_of(day: date, zone: str) -> int:
    """The midnight that ends a day, UTC microseconds."""
    after = day + timedelta(days=1)
    return local_ts(after.year, after.month, after.day, 0, 0, zone)


def lean_zone(root: OptionRoot, *, on_future: bool) -> str:
    """The zone whose days the data of one exchange hold."""
    return root.market.session.timezone if on_future else NEW_YORK


def lean_moment(
    text: str, day: date | None, resolution: str, root: OptionRoot, *, on_future: bool
) -> tuple[int, int] | None:
    """(event, known) of a row's closing figures, UTC microseconds; None where its first cell is no time.

    Intraday: the end of the bar. Hourly: the end of the hour. Daily: the close of the shares' session (options on
    futures: the end of the day), known at the end of the day.
    """
    zone = _UTC if on_future else NEW_YORK
    try:
        if day is not None:
            millis = int(text)
            if not 0 <= millis < _MILLIS_OF_DAY:
                return None
            hours, rest = divmod(millis, 3_600_000)
            minutes, rest = divmod(rest, 60_000)
            start = local_ts(day.year, day.month, day.day, hours, minutes, zone) + rest * 1_000
            end = start + _SECONDS.get(resolution, 1) * MICROS_PER_SECOND
            return end, end
        moment = datetime.strptime(text.strip(), "%Y%m%d %H:%M")  # noqa: DTZ007
    except ValueError:
        return None
    if moment.year not in _YEARS:
        return None
    if moment.hour or moment.minute:
        end = local_ts(moment.year, moment.month, moment.day, moment.hour, moment.minute, zone) + 60 * MICROS_PER_MINUTE
        return end, end
    known = end_of(moment.date(), lean_zone(root, on_future=on_future))
    if on_future:
        return known, known
    return local_ts(moment.year, moment.month, moment.day, *_CLOSE_OF_SHARES, NEW_YORK), known
