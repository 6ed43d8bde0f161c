"""Whatever JSON a source sends, a client yields it, calls it changed, or has nothing: it never breaks otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ingestion.live.credentials import FoundCredential
from engine.ingestion.live.http_fetch import FetchRequest, FetchResult, FetchState
from engine.ingestion.live.live_client import LiveClient
from engine.ingestion.live.live_sources import open_live_client
from engine.ingestion.live.redaction import Secret
from engine.kernel.canonical import canonical_json
from engine.kernel.clock import ManualClock
from engine.kernel.errors import InputError
from tests.engine.ingestion.live.fake_time import NOW, FakeTime
from tests.engine.ingestion.live.stand_ins import BENZINGA, CFTC, NEWSAPI, REDDIT, STOCKTWITS, StandIn

KEYS = ("articles", "publishedAt", "updated", "messages", "id", "cursor", "more", "data", "children", "name", "after",
        "report_date_as_yyyy_mm_dd", "stickied", "access_token")  # fmt: skip
leaves = (
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12) | st.sampled_from(["2026-11-18T08:00:00Z", "t3_1abc", "t3_", "5001", "0"])
)  # fmt: skip
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


class OneReply:
    """In place of a fetcher: one document, then an end."""

    def __init__(self, document: Any) -> None:
        self._content = json.dumps(document).encode()
        self._left = 3
        self.clock = ManualClock(NOW)

    def fetch(self, request: FetchRequest, state: FetchState | None = None) -> FetchResult:
        if request.form is not None:
            return FetchResult(b'{"access_token": "x", "expires_in": 3600}', NOW)
        self._left -= 1
        if self._left < 0:
            raise InputError("the source has ended")
        return FetchResult(self._content, NOW)

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(
    "stand_in", [NEWSAPI, BENZINGA, STOCKTWITS, REDDIT, CFTC], ids=lambda stand_in: stand_in.source
)
@settings(max_examples=60, deadline=None)
@given(document=documents)
def test_any_json_ends_in_replies_or_a_reason(stand_in: StandIn, document: Any) -> None:
    config = stand_in.config("http://127.0.0.1:9")
    if stand_in is CFTC:
        cftc = config.live.cftc.model_copy(update={"routes": ("socrata",)})
        config = config.model_copy(update={"live": config.live.model_copy(update={"cftc": cftc})})
    client = open_live_client(
        stand_in.source, config, FakeTime().as_fetch_time(), find=lambda name: FoundCredential(name, Secret("k"), "")
    )
    assert isinstance(client, LiveClient)
    client._fetcher = OneReply(document)  # type: ignore[attr-defined]
    replies = []
    try:
        for reply in client.fetch({}, NOW):
            replies.append(reply)
    except InputError as error:
        assert error.message
    for reply in replies:
        assert json.loads(canonical_json(dict(reply.cursor))) == dict(reply.cursor)
        assert reply.name and "\n" not in reply.name
