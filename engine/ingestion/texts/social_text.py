"""Which posts are junk before anybody weighs them: removed ones, walls of tickers, advertising."""

from __future__ import annotations

import re
from typing import Final

SPAM: Final = "spam"
REMOVED: Final = "removed by its author or a moderator"
LONGEST_POST: Final = 10_000
_MOST_TICKERS: Final = 5
_MOST_LINKS: Final = 2
_TICKER: Final = re.compile(r"\$[A-Za-z][A-Za-z0-9._]{0,9}")
_LINK: Final = re.compile(r"https?://\S+")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_REMOVED_TEXTS: Final = frozenset({"[removed]", "[deleted]", "[deleted by user]", "[removed by reddit]"})


def junk_reason(text: str) -> str:
    """Why a post is ignored: "removed ...", "spam" (more than five different tickers, more than two links, or no
    word beside tickers and links), or "" for a post worth reading."""
    if text.lower() in _REMOVED_TEXTS:
        return REMOVED
    tickers = {ticker.upper() for ticker in _TICKER.findall(text)}
    links = _LINK.findall(text)
    if len(tickers) > _MOST_TICKERS or len(links) > _MOST_LINKS:
        return SPAM
    return "" if _WORD.search(_TICKER.sub(" ", _LINK.sub(" ", text))) else SPAM
