"""Reddit: a token for an hour, and pages back to what is stored, even where that post is gone."""

from __future__ import annotations

from typing import Any

from tests.engine.ingestion.live.fake_time import NOW, FakeTime
from tests.engine.ingestion.live.loopback import Asked, Reply
from tests.engine.ingestion.live.stand_ins import POSTS, REDDIT, reddit_answer


def small_pages(asked: Asked) -> Reply:
    """The same source, two posts a page."""
    values = {**asked.values, "limit": "2"} if asked.path.startswith("/r/") else asked.values
    return reddit_answer(Asked(asked.method, asked.path, values, asked.headers))


def listings(asked: list[Asked]) -> list[str]:
    return [one.values.get("after", "top") for one in asked if one.path.startswith("/r/")]


def test_the_first_poll_takes_one_page_and_the_next_what_is_newer(serve: Any, open_client: Any) -> None:
    server = serve(small_pages)
    client = open_client(REDDIT, server.url)
    (first,) = client.fetch({}, NOW)
    assert first.cursor["farming"] == {"newest": "t3_1abc4"} and listings(server.asked) == ["top"]
    (second,) = client.fetch(first.cursor, NOW)
    assert second.content == b"" and second.cursor["farming"] == {"newest": "t3_1abc4"}


def test_pages_lead_back_to_what_is_stored(serve: Any, open_client: Any) -> None:
    server = serve(small_pages)
    replies = list(open_client(REDDIT, server.url).fetch({"farming": {"newest": "t3_1abc0"}}, NOW))
    assert listings(server.asked) == ["top", "t3_1abc3", "t3_1abc1"]
    assert [bool(reply.content) for reply in replies] == [True, True, False]
    assert replies[0].cursor["farming"] == {"newest": "t3_1abc0", "after": "t3_1abc3", "pending": "t3_1abc4"}
    assert replies[-1].cursor["farming"] == {"newest": "t3_1abc4"}


def test_a_deleted_anchor_does_not_silence_a_subreddit(serve: Any, open_client: Any) -> None:
    server = serve(small_pages)
    replies = list(open_client(REDDIT, server.url).fetch({"farming": {"newest": "t3_1abb9"}}, NOW))
    assert sum(bool(reply.content) for reply in replies) == 3


def test_pinned_posts_do_not_end_the_way_back(serve: Any, open_client: Any) -> None:
    pinned = {"kind": "t3", "data": {**POSTS[0]["data"], "name": "t3_1000", "stickied": True}}

    def answer(asked: Asked) -> Reply:
        return reddit_answer(asked, lambda: [*POSTS, pinned])

    (reply,) = open_client(REDDIT, serve(answer).url).fetch({}, NOW)
    assert reply.cursor["farming"] == {"newest": "t3_1abc4"}


def test_a_token_is_used_until_it_ends(serve: Any, open_client: Any, when: FakeTime) -> None:
    server = serve(REDDIT.answer)
    client = open_client(REDDIT, server.url)
    for _ in range(2):
        list(client.fetch({}, when.clock.now_ts()))
    assert server.paths().count("/api/v1/access_token") == 1
    when.pass_by(3_600)
    list(client.fetch({}, when.clock.now_ts()))
    assert server.paths().count("/api/v1/access_token") == 2
    token_request = server.asked[0]
    assert (token_request.method, token_request.values) == ("POST", {"grant_type": "client_credentials"})
