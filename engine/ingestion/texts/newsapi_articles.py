"""Replies of NewsAPI (`everything` and `top-headlines`): a status and a list of articles.

`event_ts` = `known_ts` = `publishedAt`. Only the title is read: description and content are cut off by the vendor.
" - Publisher" at the end of a title is dropped, so that a copy of it from elsewhere has the same hash.
"""

from __future__ import annotations

from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.json_reply import Fields, fields_of, items_of, leading_keys, read_json
from engine.ingestion.parsing.published_time import published_ts
from engine.ingestion.parsing.text_cleaning import one_line
from engine.ingestion.source_pipeline import ParsedInput
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig
from engine.kernel.errors import InputError

_REMOVED: Final = "[Removed]"


class NewsApiPipeline(TextPipeline):
    """NewsAPI; source "newsapi", the publisher's name in each row."""

    name = "newsapi"
    title = "NewsAPI replies (JSON)"

    def recognises(self, file: InputFile) -> bool:
        """A list of articles under a status, or an error with a code and a message."""
        keys = leading_keys(file)
        articles = "articles" in keys and not keys.isdisjoint({"publishedAt", "totalResults"})
        return articles or keys == {"status", "code", "message"}

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant articles; InputError with NewsAPI's own words where it answered with an error."""
        reply = fields_of(read_json(file))
        if reply is None:
            raise InputError(f"{file.name}: not a NewsAPI reply")
        if reply.get("status") != "ok":
            code, message = one_line(reply.get("code", "no code")), one_line(reply.get("message", "no message"))
            raise InputError(f"{file.name}: NewsAPI answered with an error, {code}: {message}")
        if not isinstance(reply.get("articles"), list):
            raise InputError(f"{file.name}: the NewsAPI reply has no list of articles")
        collector = HeadlineCollector(market, "title", "publishedAt")
        for number, entry in enumerate(items_of(reply["articles"]), 1):
            article = fields_of(entry)
            if article is None:
                collector.not_an_entry(number, entry)
            elif article.get("title") == _REMOVED:
                collector.ignore_entry("removed by the publisher")
            else:
                self._add(collector, number, article)
        return collector.finish(file.name)

    def _add(self, collector: HeadlineCollector, number: int, article: Fields) -> None:
        publisher = (fields_of(article.get("source")) or {}).get("name")
        title = article.get("title")
        if isinstance(title, str) and isinstance(publisher, str) and publisher:
            title = title.removesuffix(f" - {publisher}")
        collector.add(
            number,
            article,
            publisher=publisher,
            title=title,
            published=published_ts(article.get("publishedAt")),
            entry_id=article.get("url"),
        )
