"""What holds for every live client: a fault ends in another try and success, or shows its reason and stores nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from engine.ingestion.live.credentials import find_credential
from engine.ingestion.live.live_client import LiveClient
from engine.ingestion.live.live_ingest import PollReport, poll_source, record_disabled
from engine.ingestion.live.live_sources import LIVE_CLIENTS, DisabledSource, open_live_client
from engine.ingestion.quality.data_quality import update_feed_health
from storage.stores import Stores
from tests.engine.ingestion.live.fake_time import FakeTime
from tests.engine.ingestion.live.loopback import Asked, LoopbackServer, Reply
from tests.engine.ingestion.live.stand_ins import SECRET, STAND_INS, StandIn

every_source = pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda stand_in: stand_in.source)
Poll = Callable[[], PollReport]
HTML = Reply(b"<!DOCTYPE html><html><body>Please log in</body></html>", content_type="text/html")


@pytest.fixture
def world(
    stand_in: StandIn, stores: Stores, serve: Any, open_client: Any, when: FakeTime
) -> tuple[LoopbackServer, Poll]:
    """The source's server, and one poll of it."""
    server = serve(stand_in.answer)
    config = stand_in.config(server.url)

    def poll() -> PollReport:
        return poll_source(stores, config, open_client(stand_in, server.url), clock=when.clock)

    return server, poll


def on_data(stand_in: StandIn, reply: Reply, *, times: int = 10**9, after: int = 0) -> Callable[[Asked], Reply | None]:
    """A fault of the requests for data, from the one after `after` good ones on, for `times` requests."""
    seen = 0

    def fault(asked: Asked) -> Reply | None:
        nonlocal seen
        if not asked.path.startswith(stand_in.data_path):
            return None
        seen += 1
        return reply if after < seen <= after + times else None

    return fault


def stored(stores: Stores) -> dict[str, Any]:
    """Rows, batches and quarantine of the lake."""
    rows = stores.db.query("SELECT coalesce(sum(rows), 0) AS n FROM catalogue")[0]["n"]
    return {
        "rows": rows,
        "batches": len(stores.db.query("SELECT 1 FROM batches")),
        "quarantine": len(stores.db.query("SELECT 1 FROM quarantine")),
    }


def check_nothing_stored(stores: Stores, stand_in: StandIn) -> None:
    assert stored(stores) == {"rows": 0, "batches": 0, "quarantine": 0}
    assert not list(stores.paths.raw.rglob("*.parquet"))
    assert stores.feed_cursors.get(stand_in.source, "lean_hogs").cursor == {}


def check_visible(stores: Stores, stand_in: StandIn, url: str, status: str, *words: str) -> None:
    """The reason stands in `feeds`, in the cursor's row and in one event; the next assessment keeps it."""
    config = stand_in.config(url)
    for _ in range(2):
        feeds = stores.db.query("SELECT status, reasons FROM feeds WHERE market = 'lean_hogs'")
        assert feeds
        for feed in feeds:
            assert feed["status"] == status
            assert all(word in feed["reasons"] for word in words), feed["reasons"]
        held = stores.feed_cursors.get(stand_in.source, "lean_hogs")
        update_feed_health(stores, config, now_ts=held.last_attempt_ts or 0)
    (event,) = [event for event in stores.events.read() if event.kind == "ingest.poll_failed"]
    assert event.subject == stand_in.source and all(word in event.payload["reason"] for word in words)
    everything = "\n".join(
        str(tuple(row)) for table in ("events", "feeds", "feed_cursors", "batches")
        for row in stores.db.query(f"SELECT * FROM {table}")
    )  # fmt: skip
    assert SECRET not in everything


def check_heals(stores: Stores, stand_in: StandIn, poll: Poll) -> None:
    """The next good poll brings every row, clears the reason, and another one adds nothing."""
    healed = poll()
    assert (healed.status, healed.reason, healed.next_attempt_ts) == ("ok", "", None)
    assert stored(stores)["rows"] == stand_in.rows
    assert "failed:" not in json.dumps([tuple(row) for row in stores.db.query("SELECT reasons FROM feeds")])
    cursor = stores.feed_cursors.get(stand_in.source, "lean_hogs")
    assert (cursor.failures, cursor.reason) == (0, "") and cursor.last_success_ts is not None
    known = stores.db.query("SELECT last_event_ts, last_known_ts FROM feeds WHERE rows > 0")
    assert known and all(row["last_event_ts"] and row["last_known_ts"] for row in known)
    again = poll()
    assert (again.status, again.rows_added) == ("ok", 0)
    assert stored(stores)["rows"] == stand_in.rows


def test_every_client_has_a_stand_in() -> None:
    assert [stand_in.source for stand_in in STAND_INS] == [client.source for client in LIVE_CLIENTS]


@every_source
def test_a_good_poll_stores_everything_once(
    stand_in: StandIn, stores: Stores, world: tuple[LoopbackServer, Poll]
) -> None:
    server, poll = world
    first = poll()
    assert (first.status, first.rows_added, first.reason, first.more) == ("ok", stand_in.rows, "", False)
    assert first.rows_quarantined == 0
    assert len([path for path in server.paths() if path.startswith(stand_in.data_path)]) == stand_in.pages
    check_heals(stores, stand_in, poll)
    assert all(asked.headers["user-agent"] == "hydra" for asked in server.asked)
    feeds = {row["source"] for row in stores.db.query("SELECT source FROM feeds WHERE rows > 0")}
    assert feeds == set(stores.feed_cursors.get(stand_in.source, "lean_hogs").feeds)


@every_source
@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Reply(b"slow down", status=429, headers={"Retry-After": "7"}, content_type="text/plain"), 7.0),
        (Reply(b"slow down", status=429, headers={"Retry-After": "Fri, 20 Nov 2026 12:00:09 GMT"}), 8.0),
        (Reply(b"{}", status=500), 0.0),
        (Reply(b'{"a', stated_length=5_000), 0.0),
    ],
    ids=["429 with seconds", "429 with a date", "500", "truncated"],
)
def test_a_passing_fault_is_tried_again(
    stand_in: StandIn, stores: Stores, world: tuple[LoopbackServer, Poll], when: FakeTime, fault: Reply, wait: float
) -> None:
    server, poll = world
    server.fault = on_data(stand_in, fault, times=2)
    report = poll()
    assert (report.status, report.rows_added) == ("ok", stand_in.rows)
    assert max(when.waits) >= wait
    check_heals(stores, stand_in, poll)


@every_source
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Reply(b"{}", status=503), ("503", "gave up after 4 tries")),
        (Reply(b"[1, 2", stated_length=5_000), ("truncated", "gave up after 4 tries")),
        (Reply(status=307, headers={"Location": "/elsewhere"}), ("loop",)),
        (HTML, ("wrong content type", "HTML")),
        (Reply(b"", status=304), ("304",)),
        (Reply(b"   "), ("empty reply",)),
        (Reply(b'{"message": "bad"}', status=400), ("400: request refused", "bad")),
    ],
    ids=["503", "truncated", "redirect loop", "HTML", "304 unasked", "empty", "400"],
)
def test_a_lasting_fault_shows_and_stores_nothing(
    stand_in: StandIn,
    stores: Stores,
    world: tuple[LoopbackServer, Poll],
    fault: Reply,
    words: tuple[str, ...],
) -> None:
    server, poll = world
    on_every_page = on_data(stand_in, fault if fault.body.strip() or fault.status != 200 else empty(stand_in))

    def redirecting(asked: Asked) -> Reply | None:
        return fault if asked.path == "/elsewhere" else on_every_page(asked)

    server.fault = redirecting
    report = poll()
    assert report.status == "degraded" and all(word in report.reason for word in words), report.reason
    check_nothing_stored(stores, stand_in)
    check_visible(stores, stand_in, server.url, "degraded", *words)
    server.fault = lambda asked: None
    check_heals(stores, stand_in, poll)


def empty(stand_in: StandIn) -> Reply:
    return Reply(b"  ", content_type=stand_in.content_type)


@every_source
def test_a_changed_layout_stores_nothing_and_says_so(
    stand_in: StandIn, stores: Stores, world: tuple[LoopbackServer, Poll]
) -> None:
    server, poll = world
    server.fault = on_data(stand_in, Reply(stand_in.other_layout, content_type=stand_in.content_type))
    report = poll()
    assert report.status == "degraded" and report.reason
    check_nothing_stored(stores, stand_in)
    check_visible(stores, stand_in, server.url, "degraded", report.reason[:20])
    server.fault = lambda asked: None
    check_heals(stores, stand_in, poll)


@every_source
@pytest.mark.parametrize("part", ["body", "headers"])
def test_a_slow_drip_ends(
    stand_in: StandIn, stores: Stores, world: tuple[LoopbackServer, Poll], when: FakeTime, part: str
) -> None:
    server, poll = world
    when.tick = 4.0
    server.fault = on_data(stand_in, Reply(drip=part, content_type=stand_in.content_type))
    report = poll()
    assert report.status == "degraded" and "too slow" in report.reason
    check_nothing_stored(stores, stand_in)
    check_visible(stores, stand_in, server.url, "degraded", "too slow")
    when.tick = 0.0
    server.fault = lambda asked: None
    check_heals(stores, stand_in, poll)


@every_source
def test_a_pause_that_is_asked_for_is_kept(
    stand_in: StandIn, stores: Stores, world: tuple[LoopbackServer, Poll], when: FakeTime
) -> None:
    server, poll = world
    server.fault = on_data(stand_in, Reply(b"{}", status=429, headers={"Retry-After": "3600"}))
    report = poll()
    assert report.status == "degraded" and "429" in report.reason
    assert report.next_attempt_ts == when.clock.now_ts() + 3_600_000_000
    asked = len(server.asked)
    server.fault = lambda one: None
    waiting = poll()
    assert (waiting.status, waiting.next_attempt_ts) == ("waiting", report.next_attempt_ts)
    assert "2026-11-20T13:" in waiting.reason and len(server.asked) == asked
    check_nothing_stored(stores, stand_in)
    when.pass_by(3_601)
    check_heals(stores, stand_in, poll)


@every_source
def test_nobody_there(stand_in: StandIn, stores: Stores, serve: Any, open_client: Any, when: FakeTime) -> None:
    server = serve(stand_in.answer)
    config = stand_in.config(server.url)
    client: LiveClient = open_client(stand_in, server.url)
    server.close()
    for failures in range(1, config.live.failed_after_polls + 1):
        report = poll_source(stores, config, client, clock=when.clock)
        assert "no connection" in report.reason
        assert report.status == ("failed" if failures == config.live.failed_after_polls else "degraded")
    check_nothing_stored(stores, stand_in)
    check_visible(stores, stand_in, server.url, "failed", "no connection")


@every_source
def test_a_refused_credential_is_not_tried_again(
    stand_in: StandIn, stores: Stores, world: tuple[LoopbackServer, Poll]
) -> None:
    server, poll = world
    refuse = on_data(stand_in, Reply(status=401))

    def repeating(asked: Asked) -> Reply | None:
        told = f"you said {asked.values} and {asked.headers.get('authorization')} {asked.headers.get('x-api-key')}"
        return Reply(told.encode(), status=401, content_type="text/plain") if refuse(asked) else None

    server.fault = repeating
    report = poll()
    assert report.status == "degraded" and "401: access refused" in report.reason
    assert "you said" in report.reason and SECRET not in report.reason and "bearer-token" not in report.reason
    assert b64encode(f"{SECRET}:".encode()).decode() not in report.reason
    for name in stand_in.credentials:
        assert name in report.reason
    assert len([path for path in server.paths() if path.startswith(stand_in.data_path)]) == (
        2 if stand_in.source in ("feeds", "cftc") else 1
    ), "independent parts are each asked once"
    check_nothing_stored(stores, stand_in)
    server.fault = lambda asked: None
    check_heals(stores, stand_in, poll)


@every_source
def test_a_missing_credential_disables_and_names_itself(stand_in: StandIn, stores: Stores, when: FakeTime) -> None:
    config = stand_in.config("http://127.0.0.1:9")
    found = open_live_client(
        stand_in.source,
        config,
        when.as_fetch_time(),
        find=lambda name: find_credential(name, environment={}, keyring_lookup=lambda service, key: None),
    )
    if not stand_in.credentials:
        assert isinstance(found, LiveClient)
        found.close()
        return
    assert isinstance(found, DisabledSource)
    assert all(name in found.reason for name in stand_in.credentials)
    report = record_disabled(stores, config, found.source, found.reason, now_ts=when.clock.now_ts())
    assert report.status == "disabled"
    for feed in stores.db.query("SELECT status, reasons FROM feeds"):
        assert feed["status"] == "degraded" and stand_in.credentials[0] in feed["reasons"]


@every_source
def test_a_fault_in_the_middle_keeps_what_came_before(
    stand_in: StandIn, stores: Stores, world: tuple[LoopbackServer, Poll]
) -> None:
    if stand_in.pages < 2:
        pytest.skip("one page only")
    server, poll = world
    server.fault = on_data(stand_in, Reply(b"{}", status=503), after=1)
    report = poll()
    assert report.status == "degraded" and 0 < report.rows_added < stand_in.rows
    assert stored(stores)["rows"] == report.rows_added
    server.fault = lambda asked: None
    check_heals(stores, stand_in, poll)


@every_source
def test_a_poll_is_bounded_and_the_next_goes_on(
    stand_in: StandIn, stores: Stores, serve: Any, open_client: Any, when: FakeTime
) -> None:
    server = serve(stand_in.answer)
    config = stand_in.config(server.url)
    live = config.live.model_copy(update={"http": config.live.http.model_copy(update={"max_replies_per_poll": 1})})
    config = config.model_copy(update={"live": live})
    for _ in range(10):
        report = poll_source(stores, config, open_client(stand_in, server.url), clock=when.clock)
        assert report.status == "ok" and report.replies <= 1
    assert stored(stores)["rows"] == stand_in.rows
