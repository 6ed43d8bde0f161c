"""Headlines from RSS 2.0 and Atom feeds.

`event_ts` = `pubDate`, `dc:date` or `published` (else `updated`); `known_ts` = the later of that and `updated`,
because the title is that of the update. A guid that repeats with the same title is a copy; with another title it is a
text of its own, as some feeds give all their items one guid.
"""

from __future__ import annotations

import re
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.published_time import published_ts
from engine.ingestion.parsing.text_cleaning import UnusableTextError, clean_text
from engine.ingestion.source_pipeline import ParsedInput
from engine.ingestion.texts.feed_document import read_feed
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_ROOT: Final = re.compile(r"<rss[\s>]|<feed[\s>][^<]*http://www\.w3\.org/2005/Atom|<[\w.-]{1,20}:feed\s", re.ASCII)
_ROOT_REACH: Final = 4_096
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_PUBLISHER: Final = 100


class FeedNewsPipeline(TextPipeline):
    """RSS and Atom; source "feed", the publisher an item names or the title of its feed in each row."""

    name = "feed"
    title = "RSS 2.0 and Atom feeds (XML)"

    def recognises(self, file: InputFile) -> bool:
        """XML whose root is rss or an Atom feed."""
        start = file.content[:_ROOT_REACH]
        encoding = "utf-16" if start.startswith(_UTF16_MARKS) else "utf-8-sig"
        head = start.decode(encoding, errors="replace").lstrip()
        return head.startswith("<") and _ROOT.search(head) is not None

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant items."""
        feed = read_feed(file.name, file.content.lstrip())
        if not feed.entries:
            raise InputError(f"{file.name}: the feed holds no items")
        collector = HeadlineCollector(market, "title", "published")
        feed_title = _publisher(feed.title)
        for number, entry in enumerate(feed.entries, 1):
            updated = entry.get("updated")
            changed = published_ts(updated)
            readable = not updated or changed is not None
            collector.add(
                number,
                entry,
                publisher=_publisher(entry.get("source", "")) or feed_title,
                title=entry.get("title"),
                published=published_ts(entry.get("published", updated)) if readable else None,
                changed=changed,
                entry_id=entry.get("id") or entry.get("link"),
            )
        return collector.finish(file.name)


def _publisher(text: str) -> str:
    try:
        return clean_text(text, _LONGEST_PUBLISHER)
    except UnusableTextError:
        return ""
