"""Benzinga's news: every story updated since a moment, page by page.

Source: docs.benzinga.com/benzinga-apis/newsfeed-v2/newsService-get (token, page from 0, pageSize up to 100,
updatedSince in Unix seconds UTC, topics, displayOutput, sort; XML unless the header Accept asks for JSON).

`updatedSince` stands still while pages are read and moves on, less an overlap, after the last: whatever order the pages
come in, nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Self

from engine.ingestion.live.http_fetch import FetchRequest, HttpFetcher
from engine.ingestion.live.live_client import ClientParts, Cursor, FetchedReply, LiveClient, changed_layout, json_of
from engine.ingestion.live.redaction import Secret
from engine.ingestion.parsing.json_reply import fields_of
from engine.ingestion.parsing.published_time import published_ts
from engine.kernel.config_models import HydraConfig, LiveBenzingaConfig
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_MINUTE, MICROS_PER_SECOND

KEY: Final = "HYDRA_BENZINGA_KEY"


class BenzingaClient(LiveClient):
    """Cursor: `since_ts`; while pages are being read also `page` and `newest_ts`, the newest update seen."""

    source = "benzinga"
    title = "Benzinga news"
    required_credentials = (KEY,)

    def __init__(self, fetcher: HttpFetcher, settings: LiveBenzingaConfig, key: Secret) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._key = key

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        settings = parts.config.live.benzinga
        return cls(parts.fetcher(settings.requests_per_minute), settings, parts.credentials[KEY])

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        del config
        return ("benzinga",)

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        settings = self._settings
        lookback = round(settings.lookback_days * MICROS_PER_DAY)
        overlap = round(settings.overlap_minutes * MICROS_PER_MINUTE)
        since_ts = cursor["since_ts"] if "since_ts" in cursor else now_ts - lookback
        page, newest_ts = cursor.get("page", 0), cursor.get("newest_ts", since_ts)
        while True:
            since = (since_ts - overlap) // MICROS_PER_SECOND
            name = f"benzinga since {since} page {page}.json"
            result = self._fetcher.fetch(self._request(since, page))
            stories, newest_here = _read(name, result.content)
            newest_ts, page = max(newest_ts, newest_here), page + 1
            full = stories >= settings.page_size
            after: Cursor = (
                {"since_ts": since_ts, "page": page, "newest_ts": newest_ts} if full else {"since_ts": newest_ts}
            )
            yield FetchedReply(name, result.content if stories else b"", result.fetched_ts, after)
            if not full:
                return

    def close(self) -> None:
        self._fetcher.close()

    def _request(self, since: int, page: int) -> FetchRequest:
        params = {
            "updatedSince": str(since),
            "page": str(page),
            "pageSize": str(self._settings.page_size),
            "displayOutput": "headline",
            "sort": "updated:asc",
        }
        if self._settings.topics:
            params["topics"] = ",".join(self._settings.topics)
        return FetchRequest(
            f"{self._settings.base_url}/api/v2/news",
            params=params,
            headers={"Accept": "application/json"},
            secret_params={"token": self._key},
            credential=KEY,
        )


def _read(name: str, content: bytes) -> tuple[int, int]:
    """Number of stories and the newest update among them (UTC microseconds; 0 without stories)."""
    stories = json_of(name, content)
    if not isinstance(stories, list):
        raise changed_layout(name, "the reply is not a list of stories")
    stamps = [published_ts((fields_of(story) or {}).get("updated")) for story in stories]
    readable = [stamp for stamp in stamps if stamp is not None]
    if stories and not readable:
        raise changed_layout(name, "no story has a readable time of update")
    return len(stories), max(readable, default=0)
