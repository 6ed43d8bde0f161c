"""Databento: whole bars, one month a request, nothing bought twice and nothing over the limit."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from engine.ingestion.live.databento_historical import DatabentoHistoricalClient
from engine.ingestion.live.fetch_errors import FetchFailed
from engine.ingestion.live.live_client import ClientParts, FetchedReply
from engine.ingestion.live.redaction import Secret
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.live.fake_time import NOW, FakeTime
from tests.engine.ingestion.live.loopback import Asked, LoopbackServer, Reply
from tests.engine.ingestion.live.stand_ins import DATABENTO, SECRET, as_json, databento_answer


def client_of(server: LoopbackServer, when: FakeTime, **settings: Any) -> DatabentoHistoricalClient:
    defaults = {"symbols": ["HE.v.0", "HE.v.1"], "history_start": "2026-09-01", "requests_per_minute": 6000}
    flags = {f"live.databento.{key}": value for key, value in {**defaults, **settings}.items()}
    flags |= {"live.databento.base_url": f"{server.url}/v0"}
    config = load_config("lean_hogs", environment={}, flags=flags).config
    return DatabentoHistoricalClient.build(
        ClientParts(config, when.as_fetch_time(), {"HYDRA_DATABENTO_KEY": Secret(SECRET)})
    )


def ranges(server: LoopbackServer) -> list[tuple[str, str]]:
    return [(one.values["start"], one.values["end"]) for one in server.asked if one.path.endswith("get_range")]


def binary(asked: Asked) -> Reply:
    if asked.path.endswith("timeseries.get_range"):
        return Reply(b"\x28\xb5\x2f\xfd" + b"frame", content_type="application/octet-stream")
    return databento_answer(asked)


def run(client: DatabentoHistoricalClient, cursor: Any = None) -> list[FetchedReply]:
    try:
        return list(client.fetch(cursor or {}, NOW))
    finally:
        client.close()


def test_one_month_a_request_up_to_the_last_whole_bar(serve: Any, when: FakeTime) -> None:
    server = serve(binary)
    replies = run(client_of(server, when))
    assert ranges(server) == [
        ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"), ("2026-11-01T00:00:00Z", "2026-11-19T06:00:00Z"),
    ]  # fmt: skip
    assert [bool(reply.content) for reply in replies] == [True, False, True]
    assert replies[-1].cursor["ohlcv-1h"] == {"end_ts": parse_iso("2026-11-19T06:00Z")}
    form = server.asked[-1].values
    assert {key: form[key] for key in ("dataset", "symbols", "schema", "stype_in", "encoding", "compression")} == {
        "dataset": "GLBX.MDP3", "symbols": "HE.v.0,HE.v.1", "schema": "ohlcv-1h", "stype_in": "continuous",
        "encoding": "dbn", "compression": "zstd",
    }  # fmt: skip
    expected = "Basic " + b64encode(f"{SECRET}:".encode()).decode()
    assert all(asked.headers["authorization"] == expected for asked in server.asked)


def test_nothing_is_bought_twice(serve: Any, when: FakeTime) -> None:
    server = serve(binary)
    first = run(client_of(server, when))
    bought = len(ranges(server))
    assert run(client_of(server, when), first[-1].cursor) == []
    assert len(ranges(server)) == bought


def test_it_begins_where_the_lake_ends(serve: Any, when: FakeTime) -> None:
    server = serve(binary)
    client = client_of(server, when)
    held = parse_iso("2026-11-03T16:00Z")
    run(client, client.first_cursor({"databento_1h": held}))
    assert ranges(server) == [("2026-11-03T16:00:00Z", "2026-11-19T06:00:00Z")]
    assert client.first_cursor({}) == {}


def test_a_poll_stops_before_it_costs_more(serve: Any, when: FakeTime) -> None:
    server = serve(binary)
    client = client_of(server, when, max_usd_per_poll=0.3)
    replies = []
    with pytest.raises(FetchFailed, match=r"0\.25 USD after 0\.25 USD .*max_usd_per_poll is 0\.30"):
        for reply in client.fetch({}, NOW):
            replies.append(reply)
    assert len(ranges(server)) == 1 and replies[-1].cursor["ohlcv-1h"]["end_ts"] == parse_iso("2026-11-01")
    client.close()


@pytest.mark.parametrize("figure", [b'"free"', b"-1", b"NaN", b"null", b"{}"])
def test_a_count_that_is_no_number_buys_nothing(serve: Any, when: FakeTime, figure: bytes) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(figure) if asked.path.endswith("get_record_count") else binary(asked)

    server = serve(answer)
    with pytest.raises(FetchFailed, match="not a number"):
        run(client_of(server, when))
    assert ranges(server) == []


def test_a_reply_that_is_no_data_is_refused(serve: Any, when: FakeTime) -> None:
    def answer(asked: Asked) -> Reply:
        return as_json({"detail": "?"}) if asked.path.endswith("get_range") else binary(asked)

    with pytest.raises(FetchFailed, match="instead of DBN"):
        run(client_of(serve(answer), when))


def test_what_databento_says_of_a_refusal_is_told(serve: Any, when: FakeTime) -> None:
    said = (
        b'{"detail": {"case": "data_end_after_available_end", "message": "Try an earlier `end`", "status_code": 422}}'
    )

    def answer(asked: Asked) -> Reply:
        return Reply(said, status=422) if asked.path.endswith("get_range") else binary(asked)

    with pytest.raises(FetchFailed, match=r"422: request refused .*data_end_after_available_end"):
        run(client_of(serve(answer), when))


def test_each_schema_goes_on_by_itself(serve: Any, when: FakeTime) -> None:
    server = serve(binary)
    replies = run(client_of(server, when, schemas=["ohlcv-1h", "statistics"]), {"ohlcv-1h": {"end_ts": NOW}})
    assert {reply.name.split()[2] for reply in replies} == {"statistics"}
    assert replies[-1].cursor["ohlcv-1h"] == {"end_ts": NOW}
    assert replies[-1].cursor["statistics"] == {"end_ts": parse_iso("2026-11-19T06:30Z")}


@pytest.mark.real_data
def test_real_dbn_passes_through_unchanged(serve: Any, when: FakeTime, real_data: Path) -> None:
    contents = [
        (real_data / "databento/dbn" / name).read_bytes()
        for name in ("test_data.ohlcv-1h.v3.dbn.zst", "test_data.ohlcv-1h.dbn")
    ]
    waiting = list(contents)

    def answer(asked: Asked) -> Reply:
        data = asked.path.endswith("get_range")
        return Reply(waiting.pop(0), content_type="application/octet-stream") if data else databento_answer(asked)

    replies = run(client_of(serve(answer), when))
    assert [reply.content for reply in replies if reply.content] == contents


def test_csv_is_asked_for_as_the_pipeline_reads_it(serve: Any, open_client: Any) -> None:
    server = serve(DATABENTO.answer)
    list(open_client(DATABENTO, server.url).fetch({}, NOW))
    form = server.asked[-1].values
    assert {key: form[key] for key in ("encoding", "pretty_px", "pretty_ts", "map_symbols")} == {
        "encoding": "csv", "pretty_px": "true", "pretty_ts": "true", "map_symbols": "true",
    }  # fmt: skip
