"""The three routes of the CFTC bring the same reports to the lake, once."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest

from engine.ingestion.live.cftc import CftcClient
from engine.ingestion.live.live_client import ClientParts
from engine.ingestion.live.live_ingest import PollReport, poll_source
from engine.kernel.configuration import load_config
from storage.stores import Stores
from tests.engine.ingestion.cot_files import Week, headerless_text, socrata_json, yearly_text
from tests.engine.ingestion.live.fake_time import FakeTime
from tests.engine.ingestion.live.loopback import Asked, Reply

WEEKS = [Week(day=date(2026, 11, 10), seed=2000), Week(day=date(2026, 11, 3)), Week(code="002602", seed=5)]
KINDS = {
    "deafut.txt": "legacy",
    "6dca-aqww.json": "legacy",
    "deacot2026.zip": "legacy",
    "f_disagg.txt": "disaggregated",
    "72hh-3qpy.json": "disaggregated",
    "fut_disagg_txt_2026.zip": "disaggregated",
    "deacit.txt": "supplemental",
    "4zgm-a668.json": "supplemental",
    "dea_cit_txt_2026.zip": "supplemental",
}


def answer(asked: Asked) -> Reply:
    name = asked.path.rpartition("/")[2]
    kind = KINDS[name]
    if name.endswith(".json"):
        return Reply.packed(socrata_json(kind, WEEKS[:2]))
    if name.endswith(".txt"):
        return Reply(headerless_text(kind, WEEKS), content_type="text/plain")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as folder:
        folder.writestr("annual.txt", yearly_text(kind, WEEKS))
    return Reply(packed.getvalue(), content_type="application/zip")


def poll(stores: Stores, url: str, when: FakeTime, routes: list[str]) -> PollReport:
    flags: dict[str, Any] = {
        "live.cftc.routes": routes,
        "live.cftc.history_from_year": 2026,
        "live.cftc.requests_per_minute": 6000,
        "live.cftc.site_url": url,
        "live.cftc.socrata_url": url,
    }
    config = load_config("lean_hogs", environment={}, flags=flags).config
    client = CftcClient.build(ClientParts(config, when.as_fetch_time()))
    try:
        return poll_source(stores, config, client, clock=when.clock)
    finally:
        client.close()


def rows_of(stores: Stores) -> list[bytes]:
    """The hash of every row, which covers all its columns."""
    return sorted(stores.lake.read("lean_hogs", "cot_position").column("row_hash").to_pylist())


@pytest.mark.parametrize("first", ["archives", "weekly", "socrata"])
def test_whichever_route_comes_first_the_others_add_nothing(
    stores: Stores, serve: Any, when: FakeTime, first: str
) -> None:
    server = serve(answer)
    report = poll(stores, server.url, when, [first])
    assert (report.status, report.reason) == ("ok", "") and report.rows_added > 0 and report.rows_quarantined == 0
    held = rows_of(stores)
    assert len(held) == report.rows_added == len(set(held))
    again = poll(stores, server.url, when, ["archives", "weekly", "socrata"])
    assert (again.status, again.rows_added) == ("ok", 0)
    assert rows_of(stores) == held
