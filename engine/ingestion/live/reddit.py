"""Reddit: the new posts of each subreddit, read with an application's own token.

Source: github.com/reddit-archive/reddit/wiki/OAuth2 (client_credentials at www.reddit.com/api/v1/access_token with
basic authentication, a bearer token for oauth.reddit.com) and www.reddit.com/dev/api (listings: limit up to 100, after,
at most about 1000 posts back).

`before=<newest stored>` would be the shorter question, but it gives an empty listing for ever once that one post is
deleted. So pages are read from the newest back with `after` until they reach what is stored; ids count up in base 36.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Self
from urllib.parse import quote

from engine.ingestion.live.fetch_errors import FetchFailed
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
from engine.ingestion.parsing.json_reply import fields_of
from engine.kernel.config_models import HydraConfig, LiveRedditConfig
from engine.kernel.timestamps import MICROS_PER_SECOND

CLIENT_ID: Final = "HYDRA_REDDIT_CLIENT_ID"
CLIENT_SECRET: Final = "HYDRA_REDDIT_CLIENT_SECRET"
_POST: Final = "t3_"
_TOKEN_MARGIN_SECONDS: Final = 60


class RedditClient(LiveClient):
    """Cursor by subreddit: `newest`, the fullname of the newest post stored; while older pages are being read also
    `after`, where they go on, and `pending`, which becomes `newest` after the last."""

    source = "reddit"
    title = "Reddit"
    required_credentials = (CLIENT_ID, CLIENT_SECRET)

    def __init__(
        self, fetcher: HttpFetcher, settings: LiveRedditConfig, client_id: Secret, client_secret: Secret
    ) -> None:
        self._fetcher = fetcher
        self._settings = settings
        self._client_id = client_id
        self._client_secret = client_secret
        self._token: Secret | None = None
        self._token_until_ts = 0

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        settings = parts.config.live.reddit
        return cls(
            parts.fetcher(settings.requests_per_minute),
            settings,
            parts.credentials[CLIENT_ID],
            parts.credentials[CLIENT_SECRET],
        )

    @classmethod
    def missing_setting(cls, config: HydraConfig) -> str:
        return "" if config.live.reddit.subreddits else "live.reddit.subreddits names no subreddit"

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        del config
        return ("reddit",)

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        del now_ts
        yield from PartsCursor.of(cursor).each(self._settings.subreddits, self._fetch_subreddit)

    def close(self) -> None:
        self._fetcher.close()

    def _fetch_subreddit(self, subreddit: str, stored: Any) -> Iterator[tuple[FetchedReply, Any]]:
        state: dict[str, str] = dict(stored or {})
        while True:
            held, after = state.get("newest", ""), state.get("after", "")
            name = f"reddit {subreddit} newer than {held or 'start'} after {after or 'top'}.json"
            result = self._fetcher.fetch(self._request(subreddit, after))
            posts, following = _read(name, result.content)
            newest = max([state.get("pending", held), *posts], key=_number)
            older = bool(following and held and posts and min(map(_number, posts)) > _number(held))
            state = {"newest": newest} if newest else {}
            if older:
                state = {"newest": held, "after": following, "pending": newest}
            is_new = any(_number(post) > _number(held) for post in posts)
            yield FetchedReply(name, result.content if is_new else b"", result.fetched_ts, {}), state
            if not older:
                return

    def _request(self, subreddit: str, after: str) -> FetchRequest:
        params = {"limit": str(self._settings.page_size), "raw_json": "1"}
        if after:
            params["after"] = after
        return FetchRequest(
            f"{self._settings.base_url}/r/{quote(subreddit, safe='')}/new",
            params=params,
            secret_headers={"Authorization": Secret(f"bearer {self._access_token().reveal()}")},
            credential=f"{CLIENT_ID} and {CLIENT_SECRET}",
        )

    def _access_token(self) -> Secret:
        """The token in use, or a new one where it is about to end. It lives in memory only."""
        if self._token is not None and self._fetcher.clock.now_ts() < self._token_until_ts:
            return self._token
        result = self._fetcher.fetch(
            FetchRequest(
                self._settings.token_url,
                form={"grant_type": "client_credentials"},
                basic_auth=(self._client_id, self._client_secret),
                credential=f"{CLIENT_ID} and {CLIENT_SECRET}",
            )
        )
        reply = fields_of(json_of("the token reply of Reddit", result.content)) or {}
        token, seconds = reply.get("access_token"), reply.get("expires_in")
        if not isinstance(token, str) or not token or isinstance(seconds, bool) or not isinstance(seconds, int):
            raise FetchFailed(f"Reddit gave no access token, check {CLIENT_ID} and {CLIENT_SECRET}")
        self._token = Secret(token)
        self._token_until_ts = result.fetched_ts + max(0, seconds - _TOKEN_MARGIN_SECONDS) * MICROS_PER_SECOND
        return self._token


def _read(name: str, content: bytes) -> tuple[list[str], str]:
    """Fullnames of the posts, pinned ones apart, and the anchor of the next page ("" on the last)."""
    listing = fields_of((fields_of(json_of(name, content)) or {}).get("data"))
    children = None if listing is None else listing.get("children")
    if listing is None or not isinstance(children, list):
        raise changed_layout(name, "the reply is not a listing")
    posts = []
    for child in children:
        data = fields_of((fields_of(child) or {}).get("data")) or {}
        fullname = data.get("name")
        if isinstance(fullname, str) and _number(fullname) and data.get("stickied") is not True:
            posts.append(fullname)
    if children and not any("name" in (fields_of((fields_of(child) or {}).get("data")) or {}) for child in children):
        raise changed_layout(name, "no post has a name")
    following = listing.get("after")
    return posts, following if isinstance(following, str) else ""


def _number(fullname: str) -> int:
    """The position of a post among all posts; 0 for what is no post's name."""
    code = fullname.removeprefix(_POST)
    readable = fullname.startswith(_POST) and code.isascii() and code.isalnum() and len(code) <= 12
    return int(code, 36) if readable else 0
