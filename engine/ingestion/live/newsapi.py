"""NewsAPI `everything`: search words in a window of time, newest first.

Source: newsapi.org/docs/endpoints/everything (parameters q, from, to, language, sortBy, pageSize up to 100, page; key
in the header X-Api-Key) and newsapi.org/docs/errors (401 apiKeyInvalid, 429 rateLimited).

A plan may give few results for one question and refuse deeper pages, so the window's end walks back to the oldest
article of a full reply; `page` counts on only where a whole page shares one second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Self

from engine.ingestion.live.http_fetch import FetchRequest, HttpFetcher
from engine.ingestion.live.live_client import ClientParts, Cursor, FetchedReply, LiveClient, changed_layout, json_of
from engine.ingestion.live.redaction import Secret
from engine.ingestion.parsing.json_reply import fields_of
from engine.ingestion.parsing.published_time import published_ts
from engine.kernel.config_models import HydraConfig, LiveNewsApiConfig
from engine.kernel.timestamps import MICROS_PER_DAY, MICROS_PER_MINUTE, MICROS_PER_SECOND, to_datetime

KEY: Final = "HYDRA_NEWSAPI_KEY"


class NewsApiClient(LiveClient):
    """Cursor: `from_ts` (everything before is stored); while a window is being read also `to_ts` and `page`, and
    `until_ts`, where the next window will begin."""

    source = "newsapi"
    title = "NewsAPI"
    required_credentials = (KEY,)

    def __init__(self, fetcher: HttpFetcher, settings: LiveNewsApiConfig, key: Secret) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._key = key

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        settings = parts.config.live.newsapi
        return cls(parts.fetcher(settings.requests_per_minute), settings, parts.credentials[KEY])

    @classmethod
    def missing_setting(cls, config: HydraConfig) -> str:
        return "" if config.live.newsapi.query.strip() else "live.newsapi.query is empty"

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        del config
        return ("newsapi",)

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        settings = self._settings
        lookback = round(settings.lookback_days * MICROS_PER_DAY)
        overlap = round(settings.overlap_minutes * MICROS_PER_MINUTE)
        from_ts = cursor["from_ts"] if "from_ts" in cursor else now_ts - lookback
        to_ts, page = cursor.get("to_ts", now_ts), cursor.get("page", 1)
        until_ts = cursor.get("until_ts", to_ts)
        while True:
            name = f"newsapi {_stamp(from_ts)} to {_stamp(to_ts)} page {page}.json"
            result = self._fetcher.fetch(self._request(from_ts - overlap, to_ts, page))
            articles, oldest_ts = _read(name, result.content)
            if articles < settings.page_size:
                after: Cursor = {"from_ts": until_ts}
            else:
                back_to = oldest_ts + MICROS_PER_SECOND
                to_ts, page = (back_to, 1) if back_to < to_ts else (to_ts, page + 1)
                after = {"from_ts": from_ts, "to_ts": to_ts, "page": page, "until_ts": until_ts}
            yield FetchedReply(name, result.content if articles else b"", result.fetched_ts, after)
            if articles < settings.page_size:
                return

    def close(self) -> None:
        self._fetcher.close()

    def _request(self, from_ts: int, to_ts: int, page: int) -> FetchRequest:
        return FetchRequest(
            f"{self._settings.base_url}/v2/everything",
            params={
                "q": self._settings.query,
                "language": self._settings.language,
                "from": _stamp(from_ts),
                "to": _stamp(to_ts),
                "sortBy": "publishedAt",
                "pageSize": str(self._settings.page_size),
                "page": str(page),
            },
            secret_headers={"X-Api-Key": self._key},
            credential=KEY,
        )


def _read(name: str, content: bytes) -> tuple[int, int]:
    """Number of articles and the oldest time among them (UTC microseconds; 0 without articles)."""
    reply = fields_of(json_of(name, content))
    articles = None if reply is None else reply.get("articles")
    if not isinstance(articles, list):
        raise changed_layout(name, "the reply has no list of articles")
    stamps = [published_ts((fields_of(article) or {}).get("publishedAt")) for article in articles]
    readable = [stamp for stamp in stamps if stamp is not None]
    if articles and not readable:
        raise changed_layout(name, "no article has a readable publishedAt")
    return len(articles), min(readable, default=0)


def _stamp(ts: int) -> str:
    return to_datetime(ts).strftime("%Y-%m-%dT%H:%M:%S")
