"""Health of every source: healthy, degraded or failed, with reasons in words and figures.

`assess` is a pure function of facts; `update_feed_health` gathers the facts, writes `feeds` and appends one event
`data.quality` per source whose status changed, all in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from engine.ingestion.quality.feed_expectations import COUNTED_DAYS, missing_sessions, overdue_updates
from engine.kernel.config_models import HydraConfig, MarketConfig
from engine.kernel.timestamps import MICROS_PER_DAY, to_datetime

if TYPE_CHECKING:
    from storage.stores import Stores

COMPARISON_VIEW: Final = "cross_source"
FeedStatus = Literal["healthy", "degraded", "failed"]

# Rows that a vendor lists by habit and that say nothing bad about the feed.
_HARMLESS_REASONS: Final = ("expired series", "bar was still forming when the file was ingested")
# Symbology, figures without a timetable, and what HYDRA derives itself from bars that have a feed of their own.
_NEVER_DUE: Final = frozenset(
    {"databento_rolls", "lean_factors", "lean_maps", "lean_margins", "rolls", "continuous", "assembled"}
)
_RECENT_BATCHES: Final = 20
_GAP_DAYS: Final = 60
_RECENT_BARS: Final = 60


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What is known of one source.

    Updates overdue now (`overdue_is_least`: or more, older ones are not counted); share of bad rows in its recent
    batches (0 to 1); session days of the last 60 days without a bar (ISO dates; empty for sources that are not daily);
    how many of the last 60 bars of the decision series have a close outside low..high or a range without volume;
    `contradicted_by`: other series of the same facts and the share of the last common sessions on which both agree
    within a tick; how many polls of its live client failed in a row, with the reason of the last one (without failed
    polls: why it is not polled at all).
    """

    overdue_updates: int
    bad_row_share: float
    missing_sessions: tuple[str, ...] = ()
    suspicious_bars: int = 0
    contradicted_by: tuple[tuple[str, float], ...] = ()
    overdue_is_least: bool = False
    failed_polls: int = 0
    poll_reason: str = ""


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """Where degraded and failed begin."""

    degraded_overdue: int = 2
    failed_overdue: int = 6
    degraded_bad_share: float = 0.01
    failed_bad_share: float = 0.25
    degraded_missing_sessions: int = 1
    degraded_suspicious_bars: int = 3
    degraded_agreement: float = 0.99
    degraded_failed_polls: int = 1
    failed_failed_polls: int = 5


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """Status of one source and why; no reasons mean healthy."""

    status: FeedStatus
    reasons: tuple[str, ...]


def assess(facts: FeedFacts, limits: FeedLimits | None = None) -> FeedHealth:
    """The health that these facts mean."""
    limits = limits or FeedLimits()
    degraded: list[str] = []
    failed: list[str] = []
    if facts.overdue_updates >= limits.degraded_overdue:
        late = failed if facts.overdue_updates >= limits.failed_overdue else degraded
        least = "at least " if facts.overdue_is_least else ""
        late.append(f"stale: {least}{facts.overdue_updates} updates overdue")
    if facts.bad_row_share >= limits.degraded_bad_share:
        bad = failed if facts.bad_row_share >= limits.failed_bad_share else degraded
        bad.append(f"bad rows: {facts.bad_row_share:.1%} of recent rows quarantined")
    if len(facts.missing_sessions) >= limits.degraded_missing_sessions:
        shown = ", ".join(facts.missing_sessions[:5])
        degraded.append(f"gaps: {len(facts.missing_sessions)} sessions without a bar ({shown})")
    if facts.suspicious_bars >= limits.degraded_suspicious_bars:
        degraded.append(
            f"bad ticks: {facts.suspicious_bars} of the last {_RECENT_BARS} bars have a close outside low..high or a "
            "range without volume"
        )
    for other, agreement in facts.contradicted_by:
        if agreement < limits.degraded_agreement:
            degraded.append(f"disagrees: only {agreement:.1%} of the last common sessions within a tick of {other}")
    if facts.failed_polls >= limits.degraded_failed_polls:
        polled = failed if facts.failed_polls >= limits.failed_failed_polls else degraded
        times = "the last poll" if facts.failed_polls == 1 else f"the last {facts.failed_polls} polls"
        polled.append(f"{times} failed: {facts.poll_reason}")
    elif facts.poll_reason:
        degraded.append(f"not polled: {facts.poll_reason}")
    status: FeedStatus = "failed" if failed else "degraded" if degraded else "healthy"
    return FeedHealth(status, (*failed, *degraded))


def update_feed_health(
    stores: Stores, config: HydraConfig, *, now_ts: int, sources: Sequence[str] | None = None
) -> dict[str, FeedHealth]:
    """Assess the sources of the market (all, or those named) at `now_ts` and record every change of status."""
    market = config.market
    health: dict[str, FeedHealth] = {}
    limits = FeedLimits(failed_failed_polls=config.live.failed_after_polls)
    with stores.db.transaction() as connection:
        feeds = stores.db.query("SELECT * FROM feeds WHERE market = ? ORDER BY source", (market.market,))
        polls = {
            name: poll
            for poll in stores.feed_cursors.list(market.market)
            if poll.failures or poll.source in config.live.sources
            for name in poll.feeds
        }
        for feed in feeds:
            source = str(feed["source"])
            if sources is not None and source not in sources:
                continue
            poll, last_known_ts = polls.get(source), feed["last_known_ts"]
            facts = FeedFacts(
                overdue_updates=_overdue(source, last_known_ts, now_ts, market),
                bad_row_share=_bad_share(stores, market.market, source),
                missing_sessions=_gaps(stores, source, market),
                suspicious_bars=_suspicious(stores, source, market),
                contradicted_by=_contradictions(stores, source, market),
                overdue_is_least=last_known_ts is not None and now_ts - last_known_ts > COUNTED_DAYS * MICROS_PER_DAY,
                failed_polls=poll.failures if poll is not None else 0,
                poll_reason=poll.reason if poll is not None else "",
            )
            health[source] = found = assess(facts, limits)
            reasons = json.dumps(list(found.reasons))
            if (feed["status"], feed["reasons"]) == (found.status, reasons):
                continue
            connection.execute(
                "UPDATE feeds SET status = ?, reasons = ?, updated_ts = ? WHERE market = ? AND source = ?",
                (found.status, reasons, now_ts, market.market, source),
            )
            if feed["status"] != found.status:
                stores.events.append(
                    "data.quality",
                    source,
                    {"source": source, "old": feed["status"], "new": found.status, "reasons": list(found.reasons)},
                    ts=now_ts,
                    market=market.market,
                )
    return health


def _overdue(source: str, last_known_ts: int | None, now_ts: int, market: MarketConfig) -> int:
    if source in _NEVER_DUE or last_known_ts is None:  # what never delivered shows by its polls
        return 0
    return overdue_updates(source, last_known_ts, now_ts, market)


def _bad_share(stores: Stores, market: str, source: str) -> float:
    batches = stores.db.query(
        "SELECT batch_id, rows_added + rows_duplicate AS good FROM batches WHERE market = ? AND source = ? "
        "ORDER BY rowid DESC LIMIT ?",
        (market, source, _RECENT_BATCHES),
    )
    if not batches:
        return 0.0
    marks = ",".join("?" * len(batches))
    harmless = ",".join("?" * len(_HARMLESS_REASONS))
    bad = stores.db.query(
        "SELECT count(*) AS rows FROM quarantine WHERE source = ? AND market = ? "
        f"AND batch_id IN ({marks}) AND reason NOT IN ({harmless})",
        (source, market, *(row["batch_id"] for row in batches), *_HARMLESS_REASONS),
    )[0]["rows"]
    good = sum(row["good"] for row in batches)
    return float(bad / (bad + good)) if bad + good else 0.0


def _gaps(stores: Stores, source: str, market: MarketConfig) -> tuple[str, ...]:
    if source != market.decision_series or market.bar_seconds < 86_400:
        return ()
    newest = stores.db.query(
        "SELECT max(event_ts) AS ts FROM recent_bars WHERE market = ? AND series = ?", (market.market, source)
    )[0]["ts"]
    if newest is None:
        return ()
    zone = ZoneInfo(market.session.timezone)
    last = to_datetime(newest).astimezone(zone).date()
    rows = stores.db.query(
        "SELECT event_ts FROM recent_bars WHERE market = ? AND series = ? ORDER BY event_ts DESC LIMIT ?",
        (market.market, source, _GAP_DAYS),
    )
    days = {to_datetime(row["event_ts"]).astimezone(zone).date() for row in rows}
    first = max(min(days), last - timedelta(days=_GAP_DAYS))
    return tuple(day.isoformat() for day in missing_sessions(days, first, last, market))


def _suspicious(stores: Stores, source: str, market: MarketConfig) -> int:
    if source != market.decision_series:
        return 0
    rows = stores.db.query(
        "SELECT count(*) AS bars FROM (SELECT * FROM recent_bars WHERE market = ? AND series = ? "
        "ORDER BY event_ts DESC LIMIT ?) WHERE close > high OR close < low OR (volume = 0 AND high > low)",
        (market.market, source, _RECENT_BARS),
    )
    return int(rows[0]["bars"])


def _contradictions(stores: Stores, source: str, market: MarketConfig) -> tuple[tuple[str, float], ...]:
    """What the last comparison of daily series (`engine/host/operations/data_compare.py`) says of this one."""
    view = stores.state.get(f"{COMPARISON_VIEW}:{market.market}")
    pairs = view["pairs"] if isinstance(view, dict) else []
    return tuple(
        (pair["second"] if pair["first"] == source else pair["first"], float(pair["recent_agreement"]))
        for pair in pairs
        if source in (pair["first"], pair["second"]) and pair["recent_agreement"] is not None
    )
