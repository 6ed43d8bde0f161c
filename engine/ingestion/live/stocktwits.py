"""StockTwits: the stream of each symbol, newest first.

Source: api.stocktwits.com/developers/docs (streams/symbol/<symbol>.json; `since` = newer than an id, `max` = up to an
id, `limit` up to 30, the cursor of a reply with `more`, `since` and `max`; at most 800 messages back; access_token;
429 with "Rate limit exceeded").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Self
from urllib.parse import quote

from engine.ingestion.live.http_fetch import FetchRequest, HttpFetcher
from engine.ingestion.live.live_client import (
    ClientParts,
    Cursor,
    FetchedReply,
    LiveClient,
    PartsCursor,
    changed_layout,
    json_of,
)
from engine.ingestion.live.redaction import Secret
from engine.ingestion.parsing.json_reply import Fields, fields_of
from engine.kernel.config_models import HydraConfig, LiveStockTwitsConfig

TOKEN: Final = "HYDRA_STOCKTWITS_TOKEN"


class StockTwitsClient(LiveClient):
    """Cursor by symbol: `since`, the newest id stored; while older pages are being read also `max`, where they go on,
    and `newest`, which becomes `since` after the last."""

    source = "stocktwits"
    title = "StockTwits"
    optional_credentials = (TOKEN,)

    def __init__(self, fetcher: HttpFetcher, settings: LiveStockTwitsConfig, token: Secret | None) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._token = token

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        settings = parts.config.live.stocktwits
        return cls(parts.fetcher(settings.requests_per_minute), settings, parts.credentials.get(TOKEN))

    @classmethod
    def missing_setting(cls, config: HydraConfig) -> str:
        return "" if config.live.stocktwits.symbols else "live.stocktwits.symbols names no symbol"

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        del config
        return ("stocktwits",)

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        del now_ts
        yield from PartsCursor.of(cursor).each(self._settings.symbols, self._fetch_symbol)

    def close(self) -> None:
        self._fetcher.close()

    def _fetch_symbol(self, symbol: str, stored: Any) -> Iterator[tuple[FetchedReply, Any]]:
        state: dict[str, int] = dict(stored or {})
        while True:
            since, upto = state.get("since"), state.get("max")
            name = f"stocktwits {symbol} after {since or 'start'} to {upto or 'newest'}.json"
            result = self._fetcher.fetch(self._request(symbol, since, upto))
            ids, more = _read(name, result.content)
            newest = max([state.get("newest", since or 0), *ids])
            older = bool(more and ids and min(ids) > (since or 0) + 1)
            state = {"since": newest} if newest else {}
            if older:
                state = {"newest": newest, "max": min(ids) - 1} | ({"since": since} if since else {})
            yield FetchedReply(name, result.content if ids else b"", result.fetched_ts, {}), state
            if not older:
                return

    def _request(self, symbol: str, since: int | None, upto: int | None) -> FetchRequest:
        params = {"limit": str(self._settings.page_size)}
        if since is not None:
            params["since"] = str(since)
        if upto is not None:
            params["max"] = str(upto)
        return FetchRequest(
            f"{self._settings.base_url}/api/2/streams/symbol/{quote(symbol, safe='')}.json",
            params=params,
            secret_params={} if self._token is None else {"access_token": self._token},
            credential=TOKEN,
        )


def _read(name: str, content: bytes) -> tuple[list[int], bool]:
    """Ids of the messages, and whether older ones exist."""
    reply = fields_of(json_of(name, content))
    messages = None if reply is None else reply.get("messages")
    if reply is None or not isinstance(messages, list):
        raise changed_layout(name, "the reply has no list of messages")
    ids = [number for message in messages if (number := _id_of(fields_of(message) or {})) is not None]
    if messages and not ids:
        raise changed_layout(name, "no message has a readable id")
    return ids, (fields_of(reply.get("cursor")) or {}).get("more") is True


def _id_of(message: Fields) -> int | None:
    text = str(message.get("id", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
