"""A value that knows its age: shown plainly while fresh, marked when old, withheld when too old to act on."""

from __future__ import annotations

from typing import Literal

from widgets.lines import Span

Freshness = Literal["live", "old", "withheld"]


def freshness(age_us: int | None, max_age_us: int | None, hard_age_us: int | None) -> Freshness:
    """How far a value of this age may be trusted; an unknown age is withheld, no maximum means always live."""
    if age_us is None:
        return "withheld"
    if hard_age_us is not None and age_us > hard_age_us:
        return "withheld"
    return "old" if max_age_us is not None and age_us > max_age_us else "live"


def age_words(age_us: int) -> str:
    """An age in two units at most: 0.4s, 41s, 4m12s, 40m, 3h20, 3d02h."""
    seconds = max(0, age_us) / 1_000_000
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s" if minutes < 10 else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02d}h"


def stale_value(
    text: str, age_us: int | None, max_age_us: int | None, hard_age_us: int | None, style: str = "normal"
) -> Span:
    """The span to paint: `81.275`, `~81.275 4m12s`, or `-- 1h04` without the number."""
    state = freshness(age_us, max_age_us, hard_age_us)
    if state == "live":
        return text, style
    if state == "old" and age_us is not None:
        return f"~{text} {age_words(age_us)}", "stale"
    return ("--" if age_us is None else f"-- {age_words(age_us)}"), "stale"
