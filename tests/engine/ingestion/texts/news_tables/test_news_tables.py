from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.core.records import Headline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.headline_text import text_hash
from engine.ingestion.texts.news_tables import NewsTablePipeline
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso, to_iso
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

COLLECTOR = (
    b"source,title,url,published_date\n"
    b'Farm Desk,"Pork, hams firm",https://x/1,2025-10-13 07:48:00\n'
    b"Farm Desk,Soybeans slip,https://x/2,2025-10-13 07:50:00\n"
)
ARCHIVE = (
    b",headline,url,publisher,date,stock\n"
    b"0,Hog Producer Beats,https://x/1,Benzinga Newsdesk,2020-06-05 10:30:54-04:00,SFD\n"
    b"1,Hog Producer Sinks,https://x/2,Benzinga Newsdesk,2020-06-03,SFD\n"
)


def test_an_export_of_a_collector(hogs: HydraConfig) -> None:
    file = unpack("f", COLLECTOR)
    assert recognise_input(file).name == "news_table"
    parsed = NewsTablePipeline().parse(file, hogs.market)
    known = parse_iso("2025-10-13T19:48:00Z")
    assert parsed.rows == (
        Headline("lean_hogs", "Farm Desk", known, known, "Pork, hams firm", text_hash("pork, hams firm")),
    )
    assert parsed.ignored == {"off topic": 1}


def test_an_archive_of_benzinga_headlines(hogs: HydraConfig) -> None:
    file = unpack("f", ARCHIVE)
    assert recognise_input(file).name == "news_table"
    parsed = NewsTablePipeline().parse(file, hogs.market)
    assert [(row.title, row.source, to_iso(row.known_ts)) for row in parsed.rows] == [
        ("Hog Producer Sinks", "Benzinga Newsdesk", "2020-06-04T12:00:00Z"),
        ("Hog Producer Beats", "Benzinga Newsdesk", "2020-06-05T14:30:54Z"),
    ]


def test_updates_and_oddities(hogs: HydraConfig) -> None:
    text = (
        "Headline\tDate\tUpdated\tTags\n"
        "Pork one\t2024-02-20T10:00Z\t2024-02-21T10:00Z\t\n"
        "Pork two\t2024-02-20T10:00Z\t\t\n"
        "Pork three\t2024-02-20T10:00Z\tlately\t\n"
        "Pork four\tlately\t\t\n"
        "Pork five\t2024-02-20T10:00Z\n"
        "\t2024-02-20T10:00Z\t\t\n"
    )
    parsed = NewsTablePipeline().parse(unpack("f", text.encode()), hogs.market)
    assert [(row.title, to_iso(row.event_ts), to_iso(row.known_ts)) for row in parsed.rows] == [
        ("Pork two", "2024-02-20T10:00:00Z", "2024-02-20T10:00:00Z"),
        ("Pork one", "2024-02-20T10:00:00Z", "2024-02-21T10:00:00Z"),
    ]
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (3, "date", "not a time"), (4, "date", "not a time"), (5, "entry", "not a record of fields"),
        (6, "headline", "title is empty")]  # fmt: skip


@pytest.mark.parametrize(
    "header",
    ["published_at,source,title,url", "title,label", "title,date,label", "title,headline,date", "title,date,created",
     "title,score,id,url,comms_num,created,body,timestamp", "title,url", "date,open,high,low,close",
     "title,title,date"],
)  # fmt: skip
def test_other_tables_are_not_taken(header: str) -> None:
    assert not NewsTablePipeline().recognises(unpack("f", f"{header}\n1,2\n".encode()))


@settings(max_examples=150, deadline=None)
@given(content=mutations(COLLECTOR + ARCHIVE))
def test_damage(content: bytes, hogs: HydraConfig) -> None:
    pipeline = NewsTablePipeline()
    assert_rows_or_one_sentence(pipeline, content, hogs.market)


@pytest.mark.real_data
def test_a_real_export(real_data: Path, hogs: HydraConfig) -> None:
    file = read_input(real_data / "news" / "ag_headlines" / "ag_headlines_2025-10.csv")
    assert recognise_input(file).name == "news_table"
    parsed = NewsTablePipeline().parse(file, hogs.market)
    assert [(row.source, row.title, to_iso(row.known_ts)) for row in parsed.rows] == [
        ("Brownfield Ag", "Midday cash livestock markets", "2025-10-23T05:17:09Z"),
        ("Brownfield Ag", "Closing Grain and Livestock Futures: October 22, 2025", "2025-10-23T08:22:25Z"),
    ]
    assert parsed.ignored == {"off topic": 221} and parsed.problems == ()
