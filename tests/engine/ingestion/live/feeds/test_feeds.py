"""Feeds: asked with conditions, each on its own, named without its address."""

from __future__ import annotations

from typing import Any

from tests.engine.ingestion.live.fake_time import NOW
from tests.engine.ingestion.live.stand_ins import FEEDS, RSS, SECRET


def test_an_unchanged_feed_gives_nothing(serve: Any, open_client: Any) -> None:
    server = serve(FEEDS.answer)
    client = open_client(FEEDS, server.url)
    first = list(client.fetch({}, NOW))
    assert first[0].content == RSS and len(first) == 2
    second = list(client.fetch(first[-1].cursor, NOW))
    assert [reply.content for reply in second] == [b"", b""]
    assert [asked.headers.get("if-none-match") is not None for asked in server.asked] == [False, False, True, True]


def test_names_and_cursors_hold_no_part_of_the_query(serve: Any, open_client: Any) -> None:
    server = serve(FEEDS.answer)
    replies = list(open_client(FEEDS, server.url).fetch({}, NOW))
    assert SECRET not in str([(reply.name, reply.cursor) for reply in replies])
    assert server.asked[0].values == {"token": SECRET}
