"""Tables of headlines as collectors and archives write them: a title and a time of publication, in any order.

Covers exports of news collectors ("source,title,url,published_date") and archives of Benzinga headlines
("headline,url,publisher,date,stock"). `event_ts` = when it was published; a time without a zone is read as late as it
can be. Where the table says when a title was updated, it is known from then on.
"""

from __future__ import annotations

from typing import Final

from engine.ingestion.input_file import InputFile
from engine.ingestion.parsing.delimited_text import header_of, table_rows
from engine.ingestion.parsing.published_time import published_ts
from engine.ingestion.source_pipeline import ParsedInput
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.text_pipeline import TextPipeline
from engine.kernel.config_models import MarketConfig

_PLAIN_LAYOUT: Final = ("published_at", "source", "title", "url")
_TITLES: Final = frozenset({"title", "headline"})
_TIMES: Final = frozenset(
    {
        "published_date", "published_at", "publishedat", "published", "pubdate", "date", "datetime", "created",
        "created_at",
    }
)  # fmt: skip
_UPDATES: Final = frozenset({"updated", "updated_at"})
_PUBLISHERS: Final = frozenset({"source", "publisher", "site"})
_OTHERS: Final = frozenset(
    {
        "", "id", "url", "link", "author", "description", "summary", "teaser", "content", "body", "stock", "stocks",
        "symbol", "symbols", "ticker", "tickers", "channels", "tags", "category",
    }
)  # fmt: skip


class NewsTablePipeline(TextPipeline):
    """Tables of headlines; source "news_table", the publisher in each row."""

    name = "news_table"
    title = "headlines in other tables (CSV, TSV)"

    def recognises(self, file: InputFile) -> bool:
        """One column of titles, one of times, and no column that a table of headlines would not have."""
        header = header_of(file)
        names = set(header)
        return (
            header != _PLAIN_LAYOUT
            and len(names) == len(header)
            and len(names & _TITLES) == 1
            and len(names & _TIMES) == 1
            and len(names & _UPDATES) <= 1
            and len(names & _PUBLISHERS) <= 1
            and names <= _TITLES | _TIMES | _UPDATES | _PUBLISHERS | _OTHERS
        )

    def parse(self, file: InputFile, market: MarketConfig) -> ParsedInput:
        """Relevant headlines."""
        names = set(header_of(file))
        title_field, time_field = min(names & _TITLES), min(names & _TIMES)
        update_field, publisher_field = min(names & _UPDATES, default=""), min(names & _PUBLISHERS, default="")
        collector = HeadlineCollector(market, title_field, time_field)
        for number, row, cells in table_rows(file):
            if row is None:
                collector.not_an_entry(number, cells)
                continue
            updated = row[update_field] if update_field else ""
            changed = published_ts(updated)
            unreadable = bool(updated.strip()) and changed is None
            collector.add(
                number,
                row,
                publisher=row[publisher_field] if publisher_field else "",
                title=row[title_field],
                published=None if unreadable else published_ts(row[time_field]),
                changed=changed,
                entry_id=row.get("url") or row.get("link"),
            )
        return collector.finish(file.name)
