"""Headlines whose balance of good and bad words shows the tone factor, among others that are off topic.

Every bar has one or two headlines of seven or eight tone words each; good minus bad words is the wanted net tone,
rounded to a whole number (seven words for odd numbers, eight for even ones).
The words come from the lists that the ordinary sentiment scorer reads, limited to adjectives that no phrase rule or
negation of the scorer can turn round.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from engine.kernel.timestamps import MICROS_PER_SECOND, to_iso
from engine.sandbox.venue.random_streams import Stream, stream
from engine.sandbox.venue.world import MarketWorld
from engine.signals.sentiment.word_lists import NEGATIVE_WORDS, POSITIVE_WORDS

HEADER: Final = ("published_at", "source", "title", "url")
MOST_TONE_WORDS: Final = 8
SECOND_HEADLINE_PROBABILITY: Final = 0.3
OFF_TOPIC_PROBABILITY: Final = 0.15

_GOOD_ADJECTIVES = "attractive brisk bullish buoyant favorable firm firmer positive robust solid strong stronger upbeat"
_BAD_ADJECTIVES = "bearish burdensome disappointing downbeat negative poor poorer sluggish stagnant weak weaker worse"
GOOD_WORDS: Final = tuple(word for word in _GOOD_ADJECTIVES.split() if word in POSITIVE_WORDS)
BAD_WORDS: Final = tuple(word for word in _BAD_ADJECTIVES.split() if word in NEGATIVE_WORDS)
SUBJECTS: Final = (
    "cash bids", "cutout", "bellies", "loins", "hams", "ribs", "packer margins", "basis", "barrow weights",
    "butcher trade", "feeder bids", "carcass values", "picnics", "trimmings",
)  # fmt: skip
OPENINGS: Final = (
    "Hog market wrap", "Pork trade notes", "Lean hog report", "Hog desk", "Swine market brief", "Pork cutout notes",
)  # fmt: skip
PLACES: Final = (
    "Sioux City", "Des Moines", "Omaha", "Peoria", "Rochelle", "Mankato", "Waterloo", "Storm Lake", "Austin",
    "Columbus Junction", "Crete", "Guymon", "Clinton", "Tar Heel", "Fremont", "Worthington",
)  # fmt: skip
SOURCES: Final = ("Prairie Wire", "Livestock Ledger", "Corn Belt News")
OFF_TOPIC: Final = (
    "Pop singer announces a tour of {number} concerts", "City council debates parking at lot {number}",
    "Film festival shows {number} short films this spring", "Astronomers list {number} new asteroids",
    "Chess club {number} opens its doors to beginners", "Museum lends {number} paintings to a sister city",
)  # fmt: skip


def headlines_text(world: MarketWorld, first: int, last: int) -> str | None:
    """The headlines of bars `first` to `last` (included) in order of publication; None where all were silent.

    Each is published inside its bar, whole seconds before the bar's end, so that it is known when the bar closes.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    count = 0
    for bar in range(first, last + 1):
        for row in _bar_rows(world, bar):
            writer.writerow(row)
            count += 1
    return buffer.getvalue() if count else None


def _bar_rows(world: MarketWorld, bar: int) -> list[tuple[str, str, str, str]]:
    if bool(world.rules.news_silent[bar]):
        return []
    rng = stream(world.settings.seed, Stream.HEADLINES, bar)
    has_second, is_off_topic = rng.random(2) < (SECOND_HEADLINE_PROBABILITY, OFF_TOPIC_PROBABILITY)
    numbers = rng.integers(1_000, 10_000, size=3).tolist()
    titles: list[tuple[int, str]] = []
    if is_off_topic:
        titles.append((230, OFF_TOPIC[int(rng.integers(len(OFF_TOPIC)))].format(number=numbers[0])))
    net = round(float(world.net_tone[bar]))
    words_each = MOST_TONE_WORDS - (net % 2)
    good = (words_each + net) // 2
    places = rng.permutation(len(PLACES))[:2].tolist()
    for place, seconds_before, number in zip(places, (30, 120), numbers[1:], strict=True):
        if seconds_before == 30 or has_second:
            opening = f"{OPENINGS[int(rng.integers(len(OPENINGS)))]}, {PLACES[place]}, {number} head"
            subjects = [SUBJECTS[index] for index in rng.permutation(len(SUBJECTS))[:words_each]]
            words = [GOOD_WORDS[int(index)] for index in rng.integers(len(GOOD_WORDS), size=good)]
            words += [BAD_WORDS[int(index)] for index in rng.integers(len(BAD_WORDS), size=words_each - good)]
            order = rng.permutation(words_each).tolist()
            parts = [f"{subject} {words[index]}" for subject, index in zip(subjects, order, strict=True)]
            titles.append((seconds_before, f"{opening}: {', '.join(parts)}"))
    titles.sort(key=lambda title: -title[0])
    end_ts = world.times.end_ts(bar)
    return [
        (
            to_iso(end_ts - seconds * MICROS_PER_SECOND),
            SOURCES[(bar + place) % len(SOURCES)],
            title,
            f"https://news.example/{world.times.session[bar]:%Y/%m/%d}/{bar}-{place}",
        )
        for place, (seconds, title) in enumerate(titles)
    ]
