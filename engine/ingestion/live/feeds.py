"""RSS and Atom feeds at the addresses in the settings, asked with conditions (RFC 9110 sections 13.1.2 and 13.1.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

from engine.ingestion.live.http_fetch import FetchRequest, FetchState, HttpFetcher
from engine.ingestion.live.live_client import ClientParts, Cursor, FetchedReply, LiveClient, PartsCursor
from engine.ingestion.live.redaction import Secret
from engine.ingestion.live.reply_body import ExpectedContent
from engine.kernel.canonical import sha256_hex
from engine.kernel.config_models import HydraConfig

_XML: Final = ExpectedContent(
    "an RSS or Atom feed",
    (
        "application/rss+xml", "application/atom+xml", "application/xml", "text/xml", "application/rdf+xml",
        "text/plain", "application/octet-stream",
    ),
)  # fmt: skip


class FeedsClient(LiveClient):
    """Cursor: by feed, its ETag and Last-Modified. An address may hold a token, so a feed is named by its host and a
    hash of the address."""

    source = "feeds"
    title = "RSS and Atom feeds"

    def __init__(self, fetcher: HttpFetcher, urls: Sequence[str]) -> None:
        self._fetcher = fetcher
        self._urls = {_name_of(url): url for url in urls}

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        settings = parts.config.live.feeds
        return cls(parts.fetcher(settings.requests_per_minute), settings.urls)

    @classmethod
    def missing_setting(cls, config: HydraConfig) -> str:
        return "" if config.live.feeds.urls else "live.feeds.urls names no feed"

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        del config
        return ("feed",)

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        del now_ts
        yield from PartsCursor.of(cursor).each(self._urls, self._fetch_one)

    def close(self) -> None:
        self._fetcher.close()

    def _fetch_one(self, name: str, state: Any) -> Iterator[tuple[FetchedReply, Any]]:
        url = self._urls[name]
        request = FetchRequest(
            url,
            expected=_XML,
            headers={"Accept": ", ".join(_XML.media_types[:4])},
            hidden=tuple(Secret(value) for _, value in parse_qsl(urlsplit(url).query)),
        )
        result = self._fetcher.fetch(request, FetchState.of(state))
        yield FetchedReply(name, result.content, result.fetched_ts, {}), result.state.to_json()


def _name_of(url: str) -> str:
    return f"feed {urlsplit(url).hostname} {sha256_hex(url.encode())[:12]}.xml"
