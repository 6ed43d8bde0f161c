"""StockTwits: from the newest message back to what is stored."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from engine.ingestion.input_file import unpack
from engine.ingestion.texts.stocktwits_messages import StockTwitsPipeline
from tests.engine.ingestion.live.fake_time import NOW
from tests.engine.ingestion.live.loopback import Reply
from tests.engine.ingestion.live.stand_ins import MESSAGES, STOCKTWITS


def test_pages_lead_back_to_what_is_stored(serve: Any, open_client: Any) -> None:
    server = serve(STOCKTWITS.answer)
    client = open_client(STOCKTWITS, server.url)
    first = list(client.fetch({}, NOW))
    assert [asked.values.get("max") for asked in server.asked] == [None, "5002", "5000"]
    assert first[-1].cursor["HE_F"] == {"since": 5004}
    held = list(client.fetch({"HE_F": {"since": 5002}}, NOW))
    assert server.asked[-1].values == {"limit": "2", "since": "5002"}
    assert len(held) == 1 and held[0].cursor["HE_F"] == {"since": 5004}


def test_every_cursor_on_the_way_leads_to_the_rest(serve: Any, open_client: Any) -> None:
    server = serve(STOCKTWITS.answer)
    client = open_client(STOCKTWITS, server.url)
    whole = list(client.fetch({}, NOW))
    MESSAGES.append({**MESSAGES[-1], "id": 5_005})
    try:
        rest = list(client.fetch(whole[0].cursor, NOW))
        assert [reply.content for reply in rest] == [reply.content for reply in whole[1:]]
        (newer,) = client.fetch(rest[-1].cursor, NOW)
        assert newer.cursor["HE_F"] == {"since": 5_005}
    finally:
        MESSAGES.pop()


def test_an_empty_stream_leaves_the_cursor(serve: Any, open_client: Any) -> None:
    server = serve(STOCKTWITS.answer)
    (reply,) = open_client(STOCKTWITS, server.url).fetch({"HE_F": {"since": 5_004}}, NOW)
    assert reply.content == b"" and reply.cursor["HE_F"] == {"since": 5_004}


@pytest.mark.real_data
def test_a_real_stream_is_read(serve: Any, open_client: Any, real_data: Path) -> None:
    content = gzip.decompress((real_data / "social/stocktwits/symbol_F_20190426.json.gz").read_bytes())
    server = serve(lambda asked: Reply.packed(content))
    reply = next(open_client(STOCKTWITS, server.url).fetch({}, NOW))
    assert StockTwitsPipeline().recognises(unpack(reply.name, reply.content))
    assert reply.cursor["HE_F"] == {"newest": 161970974, "max": 161961123}
