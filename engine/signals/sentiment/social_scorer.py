"""Sentiment of posts: what many different people say slowly counts, what one text says often does not.

Posts off topic and posts that are noise are left out. The rest fall into bursts, stretches of `burst_us` on the clock.
A burst of n posts with d distinct texts counts log2(1 + d) d / n: twice as many voices are one step more, and copies
take away what they seem to add. A text that says the same as one read within a half-life, or adds words to it, is a
copy. The tone of a burst is that of its distinct texts, each by its own confidence; the score is the mean of the
bursts, whose weight halves with every half-life. The confidence is

    .5 x (1 - .5^(weight of the bursts now / 2)) x mean confidence of the texts x (1 - standard deviation of the tones)

A text without tone words is a neutral opinion of low confidence. What authors declare beside their text (StockTwits'
Bullish and Bearish) is not part of a record and not read.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from engine.core.records import Headline
from engine.signals.sentiment.sentiment_score import NO_DATA, SentimentScore
from engine.signals.sentiment.spam_filter import noise_reason, sameness_key, spoken_words
from engine.signals.sentiment.staleness import staleness
from engine.signals.sentiment.text_duplicates import DuplicateFinder

MOST_CONFIDENCE: Final = 0.5
UNTONED_CONFIDENCE: Final = 0.2
OFF_TOPIC: Final = "off_topic"
COPY: Final = "copy"
_FORGET_HALFLIVES: Final = 10
_REMEMBERED_TEXTS: Final = 4096
_HALF_FULL_WEIGHT: Final = 2.0

PostReader = Callable[[str, int], SentimentScore | None]


@dataclass(slots=True)
class _Burst:
    posts: int = 0
    tones: list[tuple[float, float]] = field(default_factory=list)

    @property
    def weight(self) -> float:
        distinct = len(self.tones)
        return math.log2(1.0 + distinct) * distinct / self.posts


class SocialScorer:
    """State of one market's posts. `read` gives the tone of a text published at a time, confidence 0 where it has none,
    and None where it is not about the market. `ignored` counts what was left out, by reason."""

    def __init__(self, read: PostReader, halflife_us: int, burst_us: int) -> None:
        self._tone_of = read
        self._halflife_us = halflife_us
        self._burst_us = burst_us
        self._bursts: dict[int, _Burst] = {}
        self._read: OrderedDict[str, int] = OrderedDict()
        self._copies = DuplicateFinder(halflife_us)
        self._newest_ts: int | None = None
        self.ignored: Counter[str] = Counter()

    def update(self, post: Headline) -> str:
        """Take in a post; why it was left out, or "" for one that counts. A copy counts against its burst."""
        noise = noise_reason(post.title)
        scored = None if noise else self._tone_of(post.title, post.event_ts)
        if scored is None:
            reason = noise or OFF_TOPIC
            self.ignored[reason] += 1
            return reason
        copied = self._is_copy(post)
        burst = self._bursts.setdefault(post.event_ts // self._burst_us, _Burst())
        burst.posts += 1
        if copied:
            self.ignored[COPY] += 1
        else:
            toned = scored.confidence > 0.0
            burst.tones.append((scored.score, scored.confidence) if toned else (0.0, UNTONED_CONFIDENCE))
            self._newest_ts = post.event_ts if self._newest_ts is None else max(self._newest_ts, post.event_ts)
        self._forget()
        return COPY if copied else ""

    def sentiment(self, as_of_ts: int) -> SentimentScore:
        """The opinion at a moment; no data before the first post that counts."""
        if self._newest_ts is None:
            return NO_DATA
        total, tone, square, sure = 0.0, 0.0, 0.0, 0.0
        posts, distinct = 0, 0
        for index in sorted(self._bursts):
            burst = self._bursts[index]
            posts, distinct = posts + burst.posts, distinct + len(burst.tones)
            trusted = math.fsum(confidence for _, confidence in burst.tones)
            if trusted <= 0.0:
                continue
            middle = (2 * index + 1) * self._burst_us // 2
            weight = burst.weight * staleness(middle, self._newest_ts, self._halflife_us)
            total += weight
            tone += weight * math.fsum(value * confidence for value, confidence in burst.tones) / trusted
            square += weight * math.fsum(value * value * confidence for value, confidence in burst.tones) / trusted
            sure += weight * trusted / len(burst.tones)
        score = max(-1.0, min(1.0, tone / total))
        deviation = math.sqrt(max(0.0, square / total - score * score))
        now = total * staleness(self._newest_ts, as_of_ts, self._halflife_us)
        confidence = MOST_CONFIDENCE * (1.0 - 0.5 ** (now / _HALF_FULL_WEIGHT)) * sure / total * (1.0 - deviation)
        evidence = (f"{distinct} distinct texts in {posts} posts", *(f"{n} {why}" for why, n in self.ignored.items()))
        return SentimentScore(score, confidence, self._newest_ts, evidence)

    def _is_copy(self, post: Headline) -> bool:
        """Whether the same words were read within a half-life; a post that is none is remembered."""
        key = sameness_key(post.title)
        read_ts = self._read.get(key)
        if read_ts is not None and abs(post.event_ts - read_ts) < self._halflife_us:
            return True
        if self._copies.first_of(post.text_hash, post.event_ts, " ".join(spoken_words(post.title))) is not None:
            return True
        self._read[key] = post.event_ts
        self._read.move_to_end(key)
        if len(self._read) > _REMEMBERED_TEXTS:
            self._read.popitem(last=False)
        return False

    def _forget(self) -> None:
        """Drop bursts that no longer weigh anything."""
        if self._newest_ts is None:
            return
        oldest = (self._newest_ts - _FORGET_HALFLIVES * self._halflife_us) // self._burst_us
        for index in [index for index in self._bursts if index < oldest]:
            del self._bursts[index]
