"""Fixtures of the live clients: a loopback server per test, time that tests move, clients of every source."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.ingestion.live.credentials import FoundCredential, find_credential
from engine.ingestion.live.live_client import LiveClient
from engine.ingestion.live.live_sources import open_live_client
from tests.engine.ingestion.live.fake_time import FakeTime
from tests.engine.ingestion.live.loopback import Answer, LoopbackServer
from tests.engine.ingestion.live.stand_ins import SECRET, StandIn

Serve = Callable[[Answer], LoopbackServer]
OpenClient = Callable[..., LiveClient]


@pytest.fixture
def when() -> FakeTime:
    return FakeTime()


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[LoopbackServer] = []

    def start(answer: Answer) -> LoopbackServer:
        servers.append(LoopbackServer(answer))
        return servers[-1]

    yield start
    for server in servers:
        if not server.stopping.is_set():
            server.close()


@pytest.fixture
def open_client(when: FakeTime) -> Iterator[OpenClient]:
    """The client of a stand-in, against a server; every credential it asks for is there."""
    clients: list[LiveClient] = []

    def open_one(stand_in: StandIn, url: str) -> LiveClient:
        environment = dict.fromkeys(stand_in.credentials, SECRET)

        def find(name: str) -> FoundCredential:
            return find_credential(name, environment=environment, keyring_lookup=lambda service, key: None)

        client = open_live_client(stand_in.source, stand_in.config(url), when.as_fetch_time(), find=find)
        assert isinstance(client, LiveClient), client
        clients.append(client)
        return client

    yield open_one
    for client in clients:
        client.close()
