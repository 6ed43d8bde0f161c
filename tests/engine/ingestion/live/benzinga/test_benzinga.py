"""Benzinga: pages of what was updated since a moment that stands still until the last page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.ingestion.input_file import unpack
from engine.ingestion.texts.benzinga_news import BenzingaPipeline
from tests.engine.ingestion.live.fake_time import NOW
from tests.engine.ingestion.live.loopback import Reply
from tests.engine.ingestion.live.stand_ins import BENZINGA, HOUR, SECRET, START


def test_the_moment_stands_still_and_then_moves_to_the_newest_update(serve: Any, open_client: Any) -> None:
    server = serve(BENZINGA.answer)
    client = open_client(BENZINGA, server.url)
    replies = list(client.fetch({}, NOW))
    week_ago = NOW // 1_000_000 - 7 * 86_400 - 300
    assert [(asked.values["updatedSince"], asked.values["page"]) for asked in server.asked] == [
        (str(week_ago), "0"), (str(week_ago), "1"), (str(week_ago), "2"),
    ]  # fmt: skip
    newest = START + 4 * HOUR + 60_000_000
    assert replies[-1].cursor == {"since_ts": newest}
    list(client.fetch(replies[-1].cursor, NOW))
    assert server.asked[-1].values["updatedSince"] == str(newest // 1_000_000 - 300)


def test_pages_in_any_order_lose_nothing(serve: Any, open_client: Any) -> None:
    server = serve(BENZINGA.answer)
    client = open_client(BENZINGA, server.url)
    whole = list(client.fetch({}, NOW))
    newest = [reply.cursor.get("newest_ts", 0) for reply in whole[:-1]]
    assert newest == sorted(newest) and {reply.cursor.get("since_ts") for reply in whole[:-1]} == {
        NOW - 7 * 86_400 * 1_000_000
    }
    rest = list(client.fetch(whole[0].cursor, NOW + HOUR))
    assert [reply.content for reply in rest] == [reply.content for reply in whole[1:]]


def test_the_token_is_sent_and_json_is_asked_for(serve: Any, open_client: Any) -> None:
    server = serve(BENZINGA.answer)
    list(open_client(BENZINGA, server.url).fetch({}, NOW))
    assert all(asked.values["token"] == SECRET for asked in server.asked)
    assert all(asked.headers["accept"] == "application/json" for asked in server.asked)


@pytest.mark.real_data
def test_a_real_story_is_recognised(serve: Any, open_client: Any, real_data: Path) -> None:
    story = json.loads((real_data / "news/benzinga/lean_unit_test_article.json").read_text(encoding="utf-8"))
    server = serve(lambda asked: Reply.packed(json.dumps([story]).encode()))
    (reply,) = open_client(BENZINGA, server.url).fetch({}, NOW)
    assert BenzingaPipeline().recognises(unpack(reply.name, reply.content))
