"""Live sources of a running engine: asked when due, stored by the loop, never waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest

from engine.core.records import Headline
from engine.host.live_sources import LiveSources, due_ts
from engine.host.operations.data_schedule import data_schedule
from engine.ingestion.live.fetch_errors import FetchFailed
from engine.ingestion.live.live_client import ClientParts, Cursor, FetchedReply, LiveClient
from engine.ingestion.live.live_sources import DisabledSource
from engine.ingestion.record_tables import rows_from_table
from engine.kernel.clock import ManualClock
from engine.kernel.config_models import HydraConfig
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import MICROS_PER_MINUTE, parse_iso
from storage.feed_cursors import FeedCursor
from storage.stores import Stores

NOW = parse_iso("2024-03-05T12:07:00Z")
PUBLISHED = "2024-03-05T11:00:00Z"


class ScriptedClient(LiveClient):
    """Gives the replies it was made with; an exception among them is raised in their place."""

    source: ClassVar[str] = "feeds"
    title: ClassVar[str] = "scripted"

    def __init__(self, script: list[bytes | Exception], gate: threading.Event | None = None) -> None:
        self.script = script
        self.gate = gate
        self.asked_from: list[Cursor] = []
        self.closed = False

    @classmethod
    def build(cls, parts: ClientParts) -> Self:
        raise NotImplementedError

    @classmethod
    def feeds_of(cls, config: HydraConfig) -> tuple[str, ...]:
        return ("headlines",)

    def fetch(self, cursor: Cursor, now_ts: int) -> Iterator[FetchedReply]:
        self.asked_from.append(dict(cursor))
        if self.gate is not None:
            self.gate.wait(30)
        for place, item in enumerate(self.script):
            if isinstance(item, Exception):
                raise item
            yield FetchedReply(f"page-{place}-{now_ts}", item, now_ts, {"page": place})

    def close(self) -> None:
        self.closed = True


def headline(text: str) -> bytes:
    return f"published_at,source,title,url\n{PUBLISHED},Wire,{text} for hogs,https://x\n".encode()


@pytest.fixture
def config() -> HydraConfig:
    flags: dict[str, Any] = {"live.sources": ["feeds"], "live.schedule.feeds.jitter_seconds": 0}
    return load_config("lean_hogs", environment={}, flags=flags).config


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with Stores.open(tmp_path / "workspace") as opened:
        yield opened


class Loop:
    """The engine's loop as far as live sources know it."""

    def __init__(self, stores: Stores, config: HydraConfig, client: LiveClient | DisabledSource) -> None:
        self.clock = ManualClock(NOW)
        self.stored: list[tuple[str, ...]] = []
        self.opened = 0

        def open_client(source: str) -> LiveClient | DisabledSource:
            self.opened += 1
            return client

        self.live = LiveSources(
            stores, config, self.clock, lambda batches, now_ts: self.stored.append(batches), open_client
        )

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, "it never came to that"
            if not self.live.step():
                time.sleep(0.001)

    def poll_once(self) -> None:
        assert self.live.step(), "nothing was due"
        self.until(lambda: self.live.running == "")


def headlines(stores: Stores) -> list[Headline]:
    rows = rows_from_table("headline", stores.lake.read("lean_hogs", "headline"))
    return [row for row in rows if isinstance(row, Headline)]


def test_what_is_due_is_fetched_and_stored_and_then_waits_for_its_plan(stores: Stores, config: HydraConfig) -> None:
    client = ScriptedClient([headline("Good news"), headline("Bad news")])
    loop = Loop(stores, config, client)
    loop.poll_once()
    assert len(loop.stored) == 2 and len(headlines(stores)) == 2
    cursor = stores.feed_cursors.get("feeds", "lean_hogs")
    assert (cursor.cursor, cursor.failures, cursor.last_success_ts) == ({"page": 1}, 0, NOW)
    assert due_ts("feeds", config, cursor) == parse_iso("2024-03-05T12:15:00Z")
    assert not loop.live.step()
    loop.clock.advance_to(NOW + 20 * MICROS_PER_MINUTE)
    loop.poll_once()
    assert client.asked_from == [{}, {"page": 1}], "the second poll goes on where the first ended"
    assert loop.opened == 1, "the client and its request budget are kept"


def test_the_loop_never_waits_for_the_network(stores: Stores, config: HydraConfig) -> None:
    gate = threading.Event()
    loop = Loop(stores, config, ScriptedClient([headline("News")], gate))
    loop.live.step()
    loop.until(lambda: stores.feed_cursors.get("feeds", "lean_hogs").last_attempt_ts is None and loop.opened == 1)
    loop.live.step()
    assert not any(loop.live.step() for _ in range(50)) or not headlines(stores)
    assert loop.live.running == "feeds"
    gate.set()
    loop.until(lambda: loop.live.running == "")
    assert len(headlines(stores)) == 1


def test_a_failed_poll_is_tried_again_sooner_and_not_before_the_source_allows(
    stores: Stores, config: HydraConfig
) -> None:
    loop = Loop(stores, config, ScriptedClient([FetchFailed("the server answers 500")]))
    loop.poll_once()
    cursor = stores.feed_cursors.get("feeds", "lean_hogs")
    assert (cursor.failures, cursor.reason) == (1, "the server answers 500")
    feed = stores.db.query("SELECT status, reasons FROM feeds WHERE source = 'headlines'")[0]
    assert feed["status"] == "degraded" and "500" in feed["reasons"]
    assert due_ts("feeds", config, cursor) <= NOW + 15 * MICROS_PER_MINUTE
    pause = FeedCursor("feeds", "lean_hogs", last_attempt_ts=NOW, failures=1, next_attempt_ts=NOW + 10**10)
    assert due_ts("feeds", config, pause) == NOW + 10**10


def test_an_unexpected_fault_of_a_client_is_a_visible_reason(stores: Stores, config: HydraConfig) -> None:
    loop = Loop(stores, config, ScriptedClient([ZeroDivisionError("oops")]))
    loop.poll_once()
    assert "unexpectedly" in stores.feed_cursors.get("feeds", "lean_hogs").reason


def test_a_long_poll_goes_on_at_once_in_the_next_one(stores: Stores, config: HydraConfig) -> None:
    http = config.live.http.model_copy(update={"max_replies_per_poll": 1})
    config = config.model_copy(update={"live": config.live.model_copy(update={"http": http})})
    client = ScriptedClient([headline("One"), headline("Two")])
    loop = Loop(stores, config, client)
    loop.poll_once()
    assert len(headlines(stores)) == 1
    loop.poll_once()
    assert client.asked_from == [{}, {"page": 0}]


def test_a_source_without_its_credential_says_so_and_is_looked_at_again_later(
    stores: Stores, config: HydraConfig
) -> None:
    loop = Loop(stores, config, DisabledSource("feeds", "HYDRA_KEY is not set"))
    loop.poll_once()
    assert "HYDRA_KEY is not set" in stores.feed_cursors.get("feeds", "lean_hogs").reason
    assert not loop.live.step()
    loop.clock.advance_to(NOW + 16 * MICROS_PER_MINUTE)
    assert loop.live.step()


def test_a_text_is_known_to_a_running_engine_from_its_fetch_on(stores: Stores, config: HydraConfig) -> None:
    client = ScriptedClient([headline("Old")])
    loop = Loop(stores, config, client)
    loop.poll_once()
    assert [one.known_ts for one in headlines(stores)] == [parse_iso(PUBLISHED)], "the first poll fills history"
    client.script = [headline("Old"), headline("New")]
    loop.clock.advance_to(NOW + 20 * MICROS_PER_MINUTE)
    loop.poll_once()
    known = {one.title: one.known_ts for one in headlines(stores)}
    assert known == {"Old for hogs": parse_iso(PUBLISHED), "New for hogs": NOW + 20 * MICROS_PER_MINUTE}


def test_closing_lets_go_of_clients_and_of_a_poll_under_way(stores: Stores, config: HydraConfig) -> None:
    client = ScriptedClient([headline("News")])
    loop = Loop(stores, config, client)
    loop.poll_once()
    loop.live.close()
    assert client.closed and loop.live.running == ""


def test_the_schedule_names_the_next_run_before_it_comes(stores: Stores, config: HydraConfig) -> None:
    loop = Loop(stores, config, ScriptedClient([headline("News")]))
    assert data_schedule(stores, config, NOW)[0]["due"]
    loop.poll_once()
    (entry,) = data_schedule(stores, config, NOW)
    assert (entry["source"], entry["next_run"], entry["due"]) == ("feeds", "2024-03-05T12:15:00Z", False)
    assert entry["plan"] == "every 15 min"


def test_a_simulated_market_has_no_live_sources(stores: Stores) -> None:
    simulated = load_config("simulated_hogs", environment={}, flags={"live.sources": ["feeds"]}).config
    loop = Loop(stores, simulated, ScriptedClient([]))
    assert not loop.live.step() and data_schedule(stores, simulated, NOW) == []
