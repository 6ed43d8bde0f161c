"""When each live source is asked next, and how it went last; for verbs and screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.kernel.timestamps import to_iso

if TYPE_CHECKING:
    from engine.kernel.config_models import HydraConfig
    from storage.stores import Stores


def data_schedule(stores: Stores, config: HydraConfig, now_ts: int) -> list[dict[str, Any]]:
    """One entry per live source that is switched on, soonest first; `next_run_ts` is `now_ts` where a run is due."""
    from engine.host.live_sources import due_ts, plan_of
    from engine.ingestion.live.live_sources import live_client_type

    if config.market.simulated:
        return []
    entries = []
    for source in config.live.sources:
        cursor = stores.feed_cursors.get(source, config.market.market)
        plan = plan_of(source, config)
        next_ts = max(now_ts, due_ts(source, config, cursor))
        entries.append(
            {
                "source": source,
                "title": live_client_type(source).title,
                "plan": _plan_words(plan.kind, plan.delay_minutes, plan.every_minutes),
                "next_run_ts": next_ts,
                "next_run": to_iso(next_ts),
                "due": next_ts == now_ts,
                "off": cursor.last_attempt_ts is None and bool(cursor.reason),
                "last_attempt": to_iso(cursor.last_attempt_ts) if cursor.last_attempt_ts is not None else None,
                "last_success": to_iso(cursor.last_success_ts) if cursor.last_success_ts is not None else None,
                "failures": cursor.failures,
                "reason": cursor.reason,
            }
        )
    return sorted(entries, key=lambda entry: (entry["next_run_ts"], entry["source"]))


def _plan_words(kind: str, delay_minutes: int, every_minutes: int) -> str:
    if kind == "settlement":
        return f"{delay_minutes} min after each settlement"
    if kind == "cot_release":
        return f"{delay_minutes} min after each COT release"
    within = " within sessions" if kind == "session_interval" else ""
    return f"every {every_minutes} min{within}"
