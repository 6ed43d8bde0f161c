"""Which posts are noise before anybody reads their tone, and when two posts say the same.

A post is noise if it is

    no_words          links, tickers, names, figures and emoji only
    many_tickers      more than three different tickers: a list, and no opinion on any of them
    shouting          three words or more and not one small letter
    repeated_words    half of its six words or more are one word
    advertising       it sells a channel, a course or a signal

Two posts say the same if they hold the same words, whatever their order, links, tickers, figures and signs. How many
say the same within a short time is for the scorer to weigh.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

MOST_TICKERS: Final = 3
_LEAST_SHOUTED_WORDS: Final = 3
_LEAST_REPEATING_WORDS: Final = 6
_TICKER: Final = re.compile(r"[$#][A-Za-z][A-Za-z0-9._]{0,9}")
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+")
_NAME: Final = re.compile(r"(?<!\w)@\w+")
_WORD: Final = re.compile(r"[^\W\d_](?:['’-]?[^\W\d_]+)+")
_ADVERTISING: Final = re.compile(
    r"\b(?:join (?:us|my|our|the)\b.{0,30}\b(?:discord|telegram|channel|chat|group|room)|link in (?:my )?bio|"
    r"(?:dm|message|text) me|free (?:trial|signals?|picks|alerts)|sign up (?:now|today|here|free)|promo code|whatsapp|"
    r"\d+ ?% (?:guaranteed|per day|daily)|guaranteed (?:profits?|returns?)|follow (?:me|us) for)\b",
    re.IGNORECASE,
)


def spoken_words(text: str) -> tuple[str, ...]:
    """The words of a post in lower case, without links, tickers, names and figures."""
    return tuple(word.lower() for word in _WORD.findall(_spoken(text)))


def noise_reason(text: str) -> str:
    """Why a post is noise, by the names above, or "" for one worth reading."""
    spoken = _WORD.findall(_spoken(text))
    if not spoken:
        return "no_words"
    if len({ticker.upper() for ticker in _TICKER.findall(text) if ticker[0] == "$"}) > MOST_TICKERS:
        return "many_tickers"
    if len(spoken) >= _LEAST_SHOUTED_WORDS and all(word.isupper() for word in spoken):
        return "shouting"
    ((_, most),) = Counter(word.lower() for word in spoken).most_common(1)
    if len(spoken) >= _LEAST_REPEATING_WORDS and 2 * most >= len(spoken):
        return "repeated_words"
    return "advertising" if _ADVERTISING.search(text) else ""


def sameness_key(text: str) -> str:
    """Equal for two posts that say the same."""
    return " ".join(sorted(set(spoken_words(text))))


def _spoken(text: str) -> str:
    return _TICKER.sub(" ", _NAME.sub(" ", _LINK.sub(" ", text)))
