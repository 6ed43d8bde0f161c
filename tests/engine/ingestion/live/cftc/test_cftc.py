"""The CFTC by its three routes: archives, the week's text, Socrata."""

from __future__ import annotations

from typing import Any

from engine.ingestion.live.cftc import CftcClient
from engine.ingestion.live.live_client import ClientParts, FetchedReply
from engine.kernel.configuration import load_config
from engine.kernel.timestamps import parse_iso
from tests.engine.ingestion.live.fake_time import NOW, FakeTime
from tests.engine.ingestion.live.loopback import Asked, LoopbackServer, Reply
from tests.engine.ingestion.live.stand_ins import CFTC, archive, cftc_answer, legacy_row


def client_of(server: LoopbackServer, when: FakeTime, **settings: Any) -> CftcClient:
    flags = {f"live.cftc.{key}": value for key, value in {**settings, "requests_per_minute": 6000}.items()}
    flags |= {"live.cftc.site_url": server.url, "live.cftc.socrata_url": server.url}
    config = load_config("lean_hogs", environment={}, flags=flags).config
    return CftcClient.build(ClientParts(config, when.as_fetch_time()))


def fetch(client: CftcClient, cursor: Any, moment: str = "2026-11-20T12:00Z") -> list[FetchedReply]:
    with_close = list(client.fetch(cursor, parse_iso(moment)))
    client.close()
    return with_close


def test_past_archives_are_fetched_once_and_the_growing_one_with_conditions(serve: Any, open_client: Any) -> None:
    server = serve(CFTC.answer)
    client = open_client(CFTC, server.url)
    first = list(client.fetch({}, NOW))
    assert [(reply.name, reply.content) for reply in first] == [
        ("deacot2025.zip", archive("2025")), ("deacot2026.zip", archive("2026")),
    ]  # fmt: skip
    second = list(client.fetch(first[-1].cursor, NOW))
    assert [(reply.name, reply.content) for reply in second] == [("deacot2026.zip", b"")]


def test_in_january_the_past_year_is_asked_again_and_a_missing_new_one_is_no_fault(serve: Any, when: FakeTime) -> None:
    server = serve(CFTC.answer)
    settings = {"routes": ["archives"], "reports": ["legacy_futures"], "history_from_year": 2025}
    before = fetch(client_of(server, when, **settings), {})[-1].cursor
    server.asked.clear()
    replies = fetch(client_of(server, when, **settings), before, "2027-01-05T12:00Z")
    assert sorted(server.paths()) == ["/files/dea/history/deacot2026.zip", "/files/dea/history/deacot2027.zip"]
    assert [reply.content for reply in replies] == [b""]
    server.asked.clear()
    fetch(client_of(server, when, **settings), before, "2027-02-05T12:00Z")
    assert server.paths() == ["/files/dea/history/deacot2027.zip"]


def test_years_to_2016_come_in_one_file(serve: Any, when: FakeTime) -> None:
    server = serve(lambda asked: Reply(archive("2025"), content_type="application/zip"))
    settings = {"routes": ["archives"], "reports": ["disaggregated_combined"], "history_from_year": 2006}
    fetch(client_of(server, when, **settings), {}, "2018-06-01T12:00Z")
    assert [path.rpartition("/")[2] for path in server.paths()] == [
        "com_disagg_txt_hist_2006_2016.zip", "com_disagg_txt_2017.zip", "com_disagg_txt_2018.zip",
    ]  # fmt: skip


def test_the_week_is_one_text_a_report(serve: Any, when: FakeTime) -> None:
    server = serve(CFTC.answer)
    reports = ["legacy_futures", "legacy_combined", "disaggregated_futures", "disaggregated_combined", "supplemental"]
    replies = fetch(client_of(server, when, routes=["weekly"], reports=reports), {})
    names = ["deafut.txt", "deacom.txt", "f_disagg.txt", "c_disagg.txt", "deacit.txt"]
    assert [reply.name for reply in replies] == names
    assert server.paths() == [f"/dea/newcot/{name}" for name in names]
    assert replies[0].content.decode().strip() == legacy_row("2026-11-10")


def test_socrata_is_paged_and_goes_on_with_an_overlap(serve: Any, when: FakeTime) -> None:
    rows = [
        {"report_date_as_yyyy_mm_dd": f"{2000 + number // 12}-{number % 12 + 1:02d}-05T00:00:00.000"}
        for number in range(300)
    ] * 4

    def answer(asked: Asked) -> Reply:
        if "$offset" in asked.values and "AND" not in asked.values["$where"]:
            offset, limit = int(asked.values["$offset"]), int(asked.values["$limit"])
            return cftc_answer_of(rows[offset : offset + limit])
        return cftc_answer(asked)

    server = serve(answer)
    settings = {"routes": ["socrata"], "reports": ["legacy_futures"]}
    first = fetch(client_of(server, when, **settings), {})
    assert [asked.values["$offset"] for asked in server.asked] == ["0", "1000"]
    assert {asked.path for asked in server.asked} == {"/resource/6dca-aqww.json"}
    assert server.asked[0].values["$where"] == "cftc_contract_market_code in ('054642')"
    assert server.asked[0].values["$order"] == "report_date_as_yyyy_mm_dd,:id"
    assert first[0].cursor["/resource/6dca-aqww.json"] == {"after": "", "offset": 1000, "newest": "2024-12-05"}
    assert first[-1].cursor["/resource/6dca-aqww.json"] == {"after": "2024-12-05"}
    fetch(client_of(server, when, **settings), first[-1].cursor)
    assert server.asked[-1].values["$where"].endswith("report_date_as_yyyy_mm_dd > '2024-10-31T00:00:00.000'")


def cftc_answer_of(rows: list[dict[str, str]]) -> Reply:
    from tests.engine.ingestion.live.stand_ins import as_json

    return as_json(rows)


def test_the_feeds_are_those_of_the_reports_asked_for() -> None:
    flags = {"live.cftc.reports": ["legacy_futures", "legacy_combined", "supplemental"]}
    config = load_config("lean_hogs", environment={}, flags=flags).config
    assert CftcClient.feeds_of(config) == ("cot_legacy", "cot_supplemental")
