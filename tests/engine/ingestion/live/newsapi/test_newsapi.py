"""NewsAPI: the window walks back from newest to oldest and the next one begins where it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.ingestion.input_file import unpack
from engine.ingestion.live.live_client import FetchedReply, LiveClient
from engine.ingestion.texts.newsapi_articles import NewsApiPipeline
from engine.kernel.timestamps import MICROS_PER_MINUTE
from tests.engine.ingestion.live.fake_time import NOW, FakeTime
from tests.engine.ingestion.live.loopback import Asked, LoopbackServer, Reply
from tests.engine.ingestion.live.stand_ins import ARTICLES, NEWSAPI, as_json, newsapi_answer


def replies_of(client: LiveClient, cursor: Any, now_ts: int = NOW) -> list[FetchedReply]:
    return list(client.fetch(cursor, now_ts))


def test_the_first_window_is_the_lookback(serve: Any, open_client: Any) -> None:
    server: LoopbackServer = serve(NEWSAPI.answer)
    replies = replies_of(open_client(NEWSAPI, server.url), {})
    first = server.asked[0].values
    assert (first["from"], first["to"]) == ("2026-11-13T11:00:00", "2026-11-20T12:00:00")
    assert (first["q"], first["sortBy"], first["language"]) == ("hogs", "publishedAt", "en")
    assert [asked.values["page"] for asked in server.asked] == ["1"] * 5
    assert replies[-1].cursor == {"from_ts": NOW}


def test_the_next_window_overlaps_by_the_setting(serve: Any, open_client: Any) -> None:
    server = serve(NEWSAPI.answer)
    replies = replies_of(open_client(NEWSAPI, server.url), {"from_ts": NOW}, NOW + 30 * MICROS_PER_MINUTE)
    (asked,) = server.asked
    assert (asked.values["from"], asked.values["to"]) == ("2026-11-20T11:00:00", "2026-11-20T12:30:00")
    assert [reply.content for reply in replies] == [b""]


def test_every_cursor_on_the_way_leads_to_the_rest(serve: Any, open_client: Any) -> None:
    server = serve(NEWSAPI.answer)
    client = open_client(NEWSAPI, server.url)
    whole = replies_of(client, {})
    for done, reply in enumerate(whole[:-1], 1):
        rest = replies_of(client, reply.cursor, NOW + 10 * MICROS_PER_MINUTE)
        assert [one.content for one in rest] == [one.content for one in whole[done:]]
        assert rest[-1].cursor == {"from_ts": NOW}, "the window that was begun ends where it began"


def test_a_page_within_one_second_counts_pages(serve: Any, open_client: Any) -> None:
    together = [{**ARTICLES[0], "title": f"Hogs {number}"} for number in range(5)]

    def answer(asked: Asked) -> Reply:
        page = int(asked.values["page"])
        return as_json({"status": "ok", "totalResults": 5, "articles": together[2 * page - 2 : 2 * page]})

    server = serve(answer)
    replies = replies_of(open_client(NEWSAPI, server.url), {})
    assert [asked.values["page"] for asked in server.asked] == ["1", "1", "2", "3"]
    assert replies[-1].cursor == {"from_ts": NOW}


@pytest.mark.real_data
def test_a_real_reply_passes_through_unchanged(serve: Any, open_client: Any, real_data: Path, hogs: Any) -> None:
    content = (real_data / "news/newsapi/everything_2019-05.json").read_bytes()
    pages = iter([content, b'{"status": "ok", "totalResults": 0, "articles": []}'])
    server = serve(lambda asked: Reply.packed(next(pages)))
    client = open_client(NEWSAPI, server.url)
    reply = next(client.fetch({}, NOW))
    assert reply.content == content
    assert NewsApiPipeline().recognises(unpack(reply.name, reply.content))


def test_the_key_goes_by_header_alone(serve: Any, open_client: Any, when: FakeTime) -> None:
    server = serve(newsapi_answer)
    replies_of(open_client(NEWSAPI, server.url), {})
    assert all("apiKey" not in asked.values and asked.headers["x-api-key"] for asked in server.asked)
