"""What a poll records beside the rows: cursor, health, events; and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from engine.ingestion.live.live_ingest import poll_source, record_disabled
from engine.ingestion.quality.data_quality import update_feed_health
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import RefusedError
from storage.stores import Stores
from tests.engine.ingestion.live.fake_time import FakeTime
from tests.engine.ingestion.live.loopback import Asked, Reply
from tests.engine.ingestion.live.stand_ins import CFTC, FEEDS, NEWSAPI, RSS


def test_a_simulated_market_is_never_polled(
    stores: Stores, simulated: HydraConfig, serve: Any, open_client: Any, when: FakeTime
) -> None:
    server = serve(NEWSAPI.answer)
    with pytest.raises(RefusedError, match="simulated"):
        poll_source(stores, simulated, open_client(NEWSAPI, server.url), clock=when.clock)
    assert server.asked == []


def test_one_broken_feed_does_not_starve_the_others(
    stores: Stores, serve: Any, open_client: Any, when: FakeTime
) -> None:
    server = serve(FEEDS.answer)
    broken = Reply(b"<?xml version='1.0'?><rss><channel><item>", content_type="application/rss+xml")
    server.fault = lambda asked: broken if asked.path == "/rss" else None
    report = poll_source(stores, FEEDS.config(server.url), open_client(FEEDS, server.url), clock=when.clock)
    assert (report.status, report.rows_added) == ("degraded", 1)
    assert "not well-formed XML" in report.reason
    cursor = stores.feed_cursors.get("feeds", "lean_hogs").cursor or {}
    assert len([part for part in cursor if part.startswith("feed ")]) == 1
    server.fault = lambda asked: None
    healed = poll_source(stores, FEEDS.config(server.url), open_client(FEEDS, server.url), clock=when.clock)
    assert (healed.status, healed.rows_added) == ("ok", 2)


def test_a_feed_that_always_has_more_starves_no_other(
    stores: Stores, serve: Any, open_client: Any, when: FakeTime
) -> None:
    editions = iter(range(100))

    def answer(asked: Asked) -> Reply:
        if asked.path == "/rss":
            return Reply(RSS.replace(b"Hog weights", b"Hog weights of %d" % next(editions)), content_type="text/xml")
        return FEEDS.answer(asked)

    server = serve(answer)
    config = FEEDS.config(server.url)
    http = config.live.http.model_copy(update={"max_replies_per_poll": 1})
    config = config.model_copy(update={"live": config.live.model_copy(update={"http": http})})
    for _ in range(3):
        poll_source(stores, config, open_client(FEEDS, server.url), clock=when.clock)
    assert server.paths() == ["/rss", "/atom", "/rss"]


def test_bad_rows_go_to_quarantine_and_good_ones_are_kept(
    stores: Stores, serve: Any, open_client: Any, when: FakeTime
) -> None:
    undated = RSS.replace(b"Wed, 18 Nov 2026 09:00:00 GMT", b"some day")
    server = serve(
        lambda asked: Reply(undated, content_type="text/xml") if asked.path == "/rss" else FEEDS.answer(asked)
    )
    report = poll_source(stores, FEEDS.config(server.url), open_client(FEEDS, server.url), clock=when.clock)
    assert (report.status, report.rows_added, report.rows_quarantined) == ("ok", 2, 1)


def test_the_same_failure_is_told_once_and_another_reason_again(
    stores: Stores, serve: Any, open_client: Any, when: FakeTime
) -> None:
    server = serve(NEWSAPI.answer)
    config = NEWSAPI.config(server.url)
    statuses = [400, 400, 403, 400]
    for status in statuses:
        server.fault = lambda asked, status=status: Reply(b"{}", status=status)
        poll_source(stores, config, open_client(NEWSAPI, server.url), clock=when.clock)
    told = [event.payload for event in stores.events.read() if event.kind == "ingest.poll_failed"]
    assert [payload["failures"] for payload in told] == [1, 3, 4]


def test_a_failed_poll_and_staleness_are_told_together(
    stores: Stores, serve: Any, open_client: Any, when: FakeTime
) -> None:
    server = serve(CFTC.answer)
    config = CFTC.config(server.url)
    poll_source(stores, config, open_client(CFTC, server.url), clock=when.clock)
    when.pass_by(86_400 * 18)
    server.fault = lambda asked: Reply(b"{}", status=400)
    poll_source(stores, config, open_client(CFTC, server.url), clock=when.clock)
    health = update_feed_health(stores, config, now_ts=when.clock.now_ts())["cot_legacy"]
    assert health.status == "degraded"
    assert [reason.partition(":")[0] for reason in health.reasons] == ["stale", "the last poll failed"]


def test_a_source_that_is_off_shows_only_while_the_settings_list_it(stores: Stores, when: FakeTime) -> None:
    config = NEWSAPI.config("http://127.0.0.1:9")
    now_ts = when.clock.now_ts()
    report = record_disabled(stores, config, "newsapi", "HYDRA_NEWSAPI_KEY is missing", now_ts=now_ts)
    assert report.status == "disabled"
    health = update_feed_health(stores, config, now_ts=now_ts)["newsapi"]
    assert health.reasons == ("not polled: HYDRA_NEWSAPI_KEY is missing",)
    without = config.model_copy(update={"live": config.live.model_copy(update={"sources": ()})})
    assert update_feed_health(stores, without, now_ts=now_ts)["newsapi"].status == "healthy"


def test_a_poll_ends_early_when_asked_to(stores: Stores, serve: Any, open_client: Any, when: FakeTime) -> None:
    server = serve(NEWSAPI.answer)
    config = NEWSAPI.config(server.url)
    report = poll_source(stores, config, open_client(NEWSAPI, server.url), clock=when.clock, stop=lambda: True)
    assert (report.status, report.replies, report.more) == ("ok", 1, True)
    rest = poll_source(stores, config, open_client(NEWSAPI, server.url), clock=when.clock)
    assert report.rows_added + rest.rows_added == NEWSAPI.rows


def test_a_disk_that_cannot_be_written_is_no_fault_of_the_source(
    stores: Stores, serve: Any, open_client: Any, when: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.kernel.errors import StoreError

    server = serve(NEWSAPI.answer)
    config = NEWSAPI.config(server.url)

    def full(*arguments: object, **named: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(stores.lake, "store", full)
        with pytest.raises(StoreError, match="full"):
            poll_source(stores, config, open_client(NEWSAPI, server.url), clock=when.clock)
    assert stores.feed_cursors.get("newsapi", "lean_hogs").failures == 0
    assert poll_source(stores, config, open_client(NEWSAPI, server.url), clock=when.clock).rows_added == NEWSAPI.rows


def test_names_of_stored_replies_hold_no_secret(stores: Stores, serve: Any, open_client: Any, when: FakeTime) -> None:
    server = serve(FEEDS.answer)
    poll_source(stores, FEEDS.config(server.url), open_client(FEEDS, server.url), clock=when.clock)
    names = [row["input_name"] for row in stores.db.query("SELECT input_name FROM batches")]
    assert len(names) == 2 and all(name.startswith("feed 127.0.0.1 ") and "token" not in name for name in names)
