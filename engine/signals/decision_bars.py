"""Decision bars: the bars at whose close HYDRA decides, taken from the configured series or built from hourly bars.

A daily market that trades on an hourly series gets one bar a session day. Bars that start at or after the session's
close belong to the next session day. The day is complete when the bar that covers the close arrives, or, where nothing
traded at the close, when any later record shows that such a bar would be known by now. A day without a bar in regular
hours (an evening before a holiday) flows into the next one. If the instrument changes inside a day, the one with the
most volume speaks for the day. Replay and live feed this class the same records and get the same bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from engine.core.records import FuturesBar, RawRecord
from engine.ingestion.calendars.session_calendar import (
    is_session_day,
    midnight_ts,
    next_session_day,
    session_close_ts,
    session_start_ts,
)
from engine.kernel.config_models import MarketConfig
from engine.kernel.timestamps import MICROS_PER_SECOND, to_datetime

_DAY_SECONDS = 86_400


@dataclass(slots=True)
class _SessionDay:
    day: date
    midnight_ts: int
    open_ts: int
    close_ts: int
    bars: list[FuturesBar]

    @property
    def last_known_ts(self) -> int:
        """When the bar that covers the close would be known at the latest, had there been one."""
        return self.close_ts + max(bar.bar_seconds for bar in self.bars) * MICROS_PER_SECOND

    @property
    def in_hours(self) -> bool:
        return any(bar.event_ts + bar.bar_seconds * MICROS_PER_SECOND > self.open_ts for bar in self.bars)


class DecisionBarBuilder:
    """`update(record)` returns the decision bars that this record completes: none or one, in rare cases two.

    A bar of the decision series in the decision length passes through unchanged. Of shorter bars a daily bar is built;
    its `event_ts` is the day's midnight in the exchange's zone, its `known_ts` that of the record that completed it.
    """

    def __init__(self, market: MarketConfig) -> None:
        self._market = market
        self._zone = ZoneInfo(market.session.timezone)
        self._pending: _SessionDay | None = None
        self._last_event_ts = -1
        self._last_day = date.min

    def update(self, record: RawRecord) -> Sequence[FuturesBar]:
        """Decision bars completed by this record. Bars not newer than the last one are ignored: a decision that was
        taken is not taken again. Records of another market complete nothing."""
        if record.market != self._market.market:
            return ()
        completed: list[FuturesBar] = []
        wanted = self._is_decision_series(record)
        if wanted is not None and wanted.event_ts <= self._last_event_ts:
            wanted = None
        pending = self._pending
        if pending is not None and pending.in_hours and record.known_ts > pending.last_known_ts:
            belongs = wanted is not None and self._session_day(wanted.event_ts).day == pending.day
            if not belongs:
                completed.append(self._complete(pending, record.known_ts))
        if wanted is not None:
            self._last_event_ts = wanted.event_ts
            completed.extend(self._take(wanted))
        return completed

    def _is_decision_series(self, record: RawRecord) -> FuturesBar | None:
        if isinstance(record, FuturesBar) and record.nearby == 1 and record.series == self._market.decision_series:
            return record
        return None

    def _take(self, bar: FuturesBar) -> Sequence[FuturesBar]:
        if bar.bar_seconds >= self._market.bar_seconds or self._market.bar_seconds < _DAY_SECONDS:
            return (bar,)
        day = self._session_day(bar.event_ts)
        if day.day <= self._last_day:
            return ()
        if self._pending is None:
            self._pending = day
        elif self._pending.day != day.day:
            day.bars = self._pending.bars
            self._pending = day
        self._pending.bars.append(bar)
        if bar.event_ts + bar.bar_seconds * MICROS_PER_SECOND >= self._pending.close_ts:
            return (self._complete(self._pending, bar.known_ts),)
        return ()

    def _complete(self, day: _SessionDay, known_ts: int) -> FuturesBar:
        self._pending, self._last_day = None, day.day
        return _merge(day, self._market.bar_seconds, known_ts)

    def _session_day(self, event_ts: int) -> _SessionDay:
        session = self._market.session
        day = to_datetime(event_ts).astimezone(self._zone).date()
        if not is_session_day(day, session.calendar) or event_ts >= session_close_ts(day, session):
            day = next_session_day(day, session.calendar)
        opens, closes = session_start_ts(day, session), session_close_ts(day, session)
        return _SessionDay(day, midnight_ts(day, session), opens, closes, [])


def _merge(day: _SessionDay, bar_seconds: int, known_ts: int) -> FuturesBar:
    volumes: dict[str, float] = {}
    for bar in day.bars:
        name = bar.contract or ""
        volumes[name] = volumes.get(name, 0.0) + (bar.volume if bar.volume == bar.volume else 0.0)
    chosen = max(sorted(volumes), key=lambda name: volumes[name])
    bars = [bar for bar in day.bars if (bar.contract or "") == chosen]
    flags = sorted({flag for bar in bars for flag in bar.flags} | ({"contract_changed"} if len(volumes) > 1 else set()))
    return FuturesBar(
        market=bars[0].market,
        series=bars[0].series,
        contract=bars[0].contract,
        nearby=1,
        bar_seconds=bar_seconds,
        event_ts=day.midnight_ts,
        known_ts=max(known_ts, max(bar.known_ts for bar in bars)),
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=volumes[chosen],
        flags=tuple(flags),
    )
