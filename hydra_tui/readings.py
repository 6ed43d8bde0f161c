"""A value with its age, and the moment from which a screen looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from engine.host.operations.snapshot_types import SILENT_AFTER_US, UiSnapshot
from engine.kernel.timestamps import MICROS_PER_DAY, to_datetime
from widgets.lines import Span
from widgets.stale_value import age_words, freshness

SILENCE_WITHHOLDS_US: Final = 60_000_000
MISSING: Final = "–"


@dataclass(frozen=True, slots=True)
class Moment:
    """Now on the market's clock, how long the engine has been silent on the machine's, and the zone to print in."""

    now_ts: int | None
    wall_now_ts: int
    silence_us: int
    zone: tzinfo
    zone_label: str
    exchange_zone: tzinfo
    exchange_label: str

    @staticmethod
    def of(snapshot: UiSnapshot, wall_now_ts: int, exchange_zone: tzinfo, exchange_label: str, utc: bool) -> Moment:
        """The moment of a snapshot looked at when the machine's clock says `wall_now_ts`."""
        beat = snapshot.engine.heartbeat_wall_ts
        silence = 0 if beat is None else max(0, wall_now_ts - beat)
        now_ts = snapshot.clock.now_ts
        if now_ts is not None and snapshot.position.as_of_ts is not None:
            now_ts = max(now_ts, snapshot.position.as_of_ts)  # a beat comes twice a second, bars come between beats
        if now_ts is not None and not snapshot.clock.simulated:
            now_ts = max(now_ts, wall_now_ts)
        zone, label = (UTC, "UTC") if utc else (exchange_zone, exchange_label)
        return Moment(now_ts, wall_now_ts, silence, zone, label, exchange_zone, exchange_label)

    @property
    def silent(self) -> bool:
        """True where the engine has not beaten for 3 s: nothing on the screen is the present."""
        return self.silence_us > SILENT_AFTER_US

    def age_us(self, ts: int | None) -> int | None:
        """Market time since `ts`; None where either is unknown."""
        return None if ts is None or self.now_ts is None else max(0, self.now_ts - ts)

    def clock(self, ts: int | None, *, seconds: bool = True) -> str:
        """`08:52:17`, or `11-17 08:52` where it is not of today."""
        if ts is None:
            return MISSING
        local = to_datetime(ts).astimezone(self.zone)
        words = local.strftime("%H:%M:%S" if seconds else "%H:%M")
        if self.now_ts is not None and abs(self.now_ts - ts) > 20 * 3600 * 1_000_000:
            return local.strftime("%m-%d %H:%M")
        return words

    def day(self, ts: int | None) -> str:
        """`2026-11-17`."""
        return MISSING if ts is None else to_datetime(ts).astimezone(self.zone).strftime("%Y-%m-%d")

    def ago(self, ts: int | None) -> str:
        """Age in words, or a dash."""
        age = self.age_us(ts)
        return MISSING if age is None else age_words(age)

    def until(self, ts: int | None) -> str:
        """Time left in words; "expired" once it is over."""
        if ts is None or self.now_ts is None:
            return MISSING
        left = ts - self.now_ts
        if left <= 0:
            return "expired"
        days, rest = divmod(left, MICROS_PER_DAY)
        hours, minutes = divmod(rest // 60_000_000, 60)
        return f"{days}d{hours:02d}h" if days else f"{hours}h{minutes:02d}"

    def local(self, ts: int) -> datetime:
        """The aware local time of the exchange."""
        return to_datetime(ts).astimezone(self.exchange_zone)


@dataclass(frozen=True, slots=True)
class Reading:
    """A value to show. A perishable one is withheld once older than `hard_age_us`; a `record` (a position, a fill) is
    a fact of the journal: it is marked when the engine is silent, never withheld."""

    text: str
    as_of_ts: int | None
    max_age_us: int | None = None
    hard_age_us: int | None = None
    style: str = "normal"
    record: bool = False

    def span(self, moment: Moment) -> Span:
        """What to paint at a moment."""
        if self.text.strip() == MISSING:
            return self.text, "dim"
        if moment.silent:
            age = moment.silence_us
            if self.record or age <= SILENCE_WITHHOLDS_US:
                return f"~{self.text} {age_words(age)}", "stale"
            return f"-- {age_words(age)}", "stale"
        age_or_none = moment.age_us(self.as_of_ts)
        state = "live" if self.record else freshness(age_or_none, self.max_age_us, self.hard_age_us)
        if state == "live":
            return self.text, self.style
        if state == "old" and age_or_none is not None:
            return f"~{self.text} {age_words(age_or_none)}", "stale"
        return ("--" if age_or_none is None else f"-- {age_words(age_or_none)}"), "stale"
