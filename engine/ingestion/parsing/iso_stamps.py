"""Fast reading of ISO 8601 stamps in UTC, as vendors write them by the ten thousand."""

from __future__ import annotations

from datetime import date
from typing import Final

from engine.kernel.errors import InputError
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_SECOND, parse_iso

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_NANOSECOND_DIGITS: Final = 19


class StampReader:
    """Reads "2010-06-07T14:00:00.000000000Z" (nanoseconds cut to microseconds); remembers the days it has seen."""

    def __init__(self) -> None:
        self._midnights: dict[str, int] = {}

    def read(self, text: str) -> int | None:
        """UTC microseconds, or None where the text is no time. 19 digits alone are nanoseconds since 1970."""
        if len(text) == _NANOSECOND_DIGITS and text.isdigit():
            return int(text) // 1_000
        day = text[:10]
        midnight = self._midnights.get(day)
        try:
            if midnight is None:
                midnight = (date.fromisoformat(day).toordinal() - _EPOCH_ORDINAL) * MICROS_PER_DAY
                self._midnights[day] = midnight
            if text[19:20] in ("Z", ".") and text[-1] == "Z" and text[10] == "T":
                seconds = int(text[11:13]) * 3_600 + int(text[14:16]) * 60 + int(text[17:19])
                micros = int(text[20:-1].ljust(6, "0")[:6]) if text[19] == "." else 0
                return midnight + seconds * MICROS_PER_SECOND + micros
            return parse_iso(text)
        except (ValueError, InputError):
            return None
