"""The checklist between LOCKDOWN and HALTED: what must be true before the operator may unlock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydra_tui.desk_text import feed_state
from widgets.lines import sanitise
from widgets.stale_value import age_words

if TYPE_CHECKING:
    from hydra_tui.screens.view import Look


@dataclass(frozen=True, slots=True)
class Check:
    """One item: done or not, in words, with what it rests on."""

    done: bool
    words: str
    detail: str


def unlock_checks(look: Look) -> list[Check]:
    """Every check, from what the workspace says. The engine checks again when it gets the command."""
    snapshot, moment = look.snapshot, look.moment
    mismatches = [
        e for e in snapshot.events if e.kind == "position.mismatch" and e.ts >= (snapshot.engine.since_ts or 0)
    ]
    stale = [
        sanitise(feed.source)
        for feed in snapshot.feeds
        if feed_state(feed.status, moment.age_us(feed.last_known_ts), feed.max_age_us)[1] != "OK"
    ]
    since = moment.age_us(snapshot.engine.since_ts)
    cooldown_us = int(look.config.unlock_cooldown_minutes * 60e6)
    left = None if since is None else cooldown_us - since
    champion = snapshot.champion
    return [
        Check(
            not mismatches,
            "broker position = journal position",
            "no mismatch since" if not mismatches else f"{len(mismatches)} mismatches",
        ),
        Check(not stale, "all feeds fresh", "all OK" if not stale else "not OK: " + ", ".join(stale)),
        Check(
            left is not None and left <= 0,
            f"cool-down {look.config.unlock_cooldown_minutes:g} min",
            "over"
            if left is not None and left <= 0
            else ("start unknown" if left is None else f"{age_words(left)} left"),
        ),
        Check(champion is not None, "champion after unlock", sanitise(champion.model_id) if champion else "none"),
        Check(
            not moment.silent,
            "engine alive",
            "beats" if not moment.silent else f"silent {age_words(moment.silence_us)}",
        ),
    ]


def open_checks(look: Look) -> list[Check]:
    """The checks that are not done; the post-mortem note is typed in the dialog itself."""
    return [check for check in unlock_checks(look) if not check.done]
