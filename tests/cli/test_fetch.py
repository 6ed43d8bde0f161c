"""`hydra fetch`: what a poll says, its exit codes, and that it never runs beside an engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.stores import Stores
from tests.cli.program import answer, check_one_sentence, hydra
from tests.engine.ingestion.live.loopback import LoopbackServer, Reply, serving
from tests.engine.ingestion.live.stand_ins import CFTC, SECRET

MARKET = ("--market", "lean_hogs")


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with serving(CFTC.answer) as running:
        yield running


def settings(server: LoopbackServer) -> dict[str, str]:
    return {
        "HYDRA_LIVE__CFTC__SITE_URL": server.url,
        "HYDRA_LIVE__CFTC__ROUTES": "[archives]",
        "HYDRA_LIVE__CFTC__REPORTS": "[legacy_futures]",
        "HYDRA_LIVE__CFTC__HISTORY_FROM_YEAR": "2025",
        "HYDRA_LIVE__HTTP__MAX_TRIES": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def fetch(root: Path, server: LoopbackServer, *words: str, **more: str) -> Any:
    return hydra(root, "fetch", *words, *MARKET, "--json", environment={**settings(server), **more})


def test_a_poll_stores_rows_and_features_and_the_next_adds_nothing(tmp_path: Path, server: LoopbackServer) -> None:
    first = answer(fetch(tmp_path / "w", server, "cftc"))
    (source,) = first["sources"]
    assert (source["source"], source["status"], source["rows_added"], source["replies"]) == ("cftc", "ok", 12, 2)
    assert first["feature_rows_added"] > 0
    again = answer(fetch(tmp_path / "w", server, "cftc"))
    assert (again["rows_added"], again["feature_rows_added"]) == (0, 0)
    shown = hydra(tmp_path / "w", "fetch", "cftc", *MARKET, environment=settings(server))
    assert shown.returncode == 0 and "cftc" in shown.stdout and "0 rows added" in shown.stdout


def test_a_failure_is_exit_code_3_and_shows_in_the_health_of_the_feed(tmp_path: Path, server: LoopbackServer) -> None:
    server.fault = lambda asked: Reply(b"{}", status=503, headers={"Retry-After": "600"})
    failed = fetch(tmp_path / "w", server, "cftc")
    check_one_sentence(failed, 3, "cftc", "503")
    (feed,) = answer(hydra(tmp_path / "w", "data", "status", *MARKET, "--json"))
    assert feed["source"] == "cot_legacy" and feed["status"] == "degraded" and "503" in feed["reasons"][0]
    check_one_sentence(fetch(tmp_path / "w", server, "cftc"), 4, "not to be polled before")


def test_a_missing_credential_is_exit_code_4_and_stops_nothing_else(tmp_path: Path, server: LoopbackServer) -> None:
    done = fetch(tmp_path / "w", server, "newsapi", "cftc")
    check_one_sentence(done, 4, "newsapi", "HYDRA_NEWSAPI_KEY")
    with Stores.open(tmp_path / "w", read_only=True) as stores:
        assert stores.db.query("SELECT count(*) FROM catalogue")[0][0] > 0


def test_the_sources_of_the_settings_are_the_default(tmp_path: Path, server: LoopbackServer) -> None:
    check_one_sentence(fetch(tmp_path / "w", server), 2, "live.sources")
    done = answer(fetch(tmp_path / "w", server, HYDRA_LIVE__SOURCES="[cftc]"))
    assert [source["source"] for source in done["sources"]] == ["cftc"]


def test_what_is_refused(tmp_path: Path, server: LoopbackServer) -> None:
    check_one_sentence(fetch(tmp_path / "w", server, "newsapy"), 2, "did you mean 'newsapi'")
    simulated = hydra(tmp_path / "w", "fetch", "cftc", "--market", "simulated_hogs")
    check_one_sentence(simulated, 4, "simulated")
    assert server.asked == []


def test_beside_an_engine_it_is_refused(tmp_path: Path, server: LoopbackServer) -> None:
    import os
    import socket
    import time

    with Stores.open(tmp_path / "w") as stores:
        stores.lease.acquire(socket.gethostname(), os.getpid(), "daemon", time.time_ns() // 1000, 10_000_000)
        check_one_sentence(fetch(tmp_path / "w", server, "cftc"), 4, "engine", "polls its live sources itself")
    assert server.asked == []


def test_a_key_in_the_environment_never_shows(tmp_path: Path, server: LoopbackServer) -> None:
    server.fault = lambda asked: Reply(str(asked.headers).encode(), status=401, content_type="text/plain")
    done = fetch(tmp_path / "w", server, "newsapi", HYDRA_NEWSAPI_KEY=SECRET, HYDRA_LIVE__NEWSAPI__BASE_URL=server.url)
    assert done.returncode == 3 and "401" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    shown = hydra(tmp_path / "w", "config", "show", environment={"HYDRA_NEWSAPI_KEY": SECRET})
    assert shown.returncode == 0 and SECRET not in shown.stdout


def test_since_asks_again_and_adds_only_what_is_missing(tmp_path: Path, server: LoopbackServer) -> None:
    first = answer(fetch(tmp_path / "w", server, "cftc"))
    asked = len(server.asked)
    again = answer(fetch(tmp_path / "w", server, "cftc", "--since", "2020-01-01"))
    assert first["rows_added"] > 0 and again["rows_added"] == 0
    assert len(server.asked) > asked, "the source was asked from the beginning"
    check_one_sentence(fetch(tmp_path / "w", server, "cftc", "--since", "monday"), 3, "'monday' is not a time")
