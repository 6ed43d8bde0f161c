"""Benzinga news, in its own JSON (one story or a list) and in the pages of a broker that passes it on (Alpaca).

`event_ts` = when the story was created, `known_ts` = when it was last updated: the reply holds the title of that
update and does not tell what it said before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.json_reply import Fields, fields_of, items_of, leading_keys, read_json
from engine.ingestion.parsing.published_time import published_ts
from engine.ingestion.source_pipeline import ParsedInput
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_OWN_KEYS: Final = frozenset({"created", "updated", "title", "channels"})
_PAGE_KEYS: Final = frozenset({"news", "headline", "created_at", "updated_at"})
_PUBLISHER: Final = "benzinga"


class BenzingaPipeline(TextPipeline):
    """Benzinga; source "benzinga"."""

    name = "benzinga"
    title = "Benzinga news (JSON)"

    def recognises(self, file: InputFile) -> bool:
        """Stories with channels and a time of update, or pages of them under "news"."""
        keys = leading_keys(file)
        return keys >= _OWN_KEYS or keys >= _PAGE_KEYS

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant stories, each known since its last update."""
        document = read_json(file)
        paged = leading_keys(file) >= _PAGE_KEYS
        title_field, created_field, updated_field = (
            ("headline", "created_at", "updated_at") if paged else ("title", "created", "updated")
        )
        collector = HeadlineCollector(market, title_field, created_field)
        for number, entry in enumerate(_stories(file.name, document, paged), 1):
            story = fields_of(entry)
            if story is None:
                collector.not_an_entry(number, entry)
                continue
            created, updated = _times(story, created_field, updated_field)
            collector.add(
                number,
                story,
                publisher=story.get("source") if paged else _PUBLISHER,
                title=story.get(title_field),
                published=created,
                changed=updated,
                entry_id=story.get("id"),
            )
        return collector.finish(file.name)


def _stories(file_name: str, document: object, paged: bool) -> Iterator[object]:
    parts = document if isinstance(document, list) else [document]
    if not paged:
        yield from parts
        return
    for part in parts:
        page = fields_of(part)
        if page is None or not isinstance(page.get("news"), list):
            raise InputError(f"{file_name}: a page without a list of news")
        yield from items_of(page["news"])


def _times(story: Fields, created_field: str, updated_field: str) -> tuple[int | None, int | None]:
    """Created and updated; where an update is stated but unreadable, nothing can be said to be known."""
    created = published_ts(story.get(created_field))
    stated = story.get(updated_field)
    updated = published_ts(stated)
    if stated not in (None, "") and updated is None:
        return None, None
    return created, updated
