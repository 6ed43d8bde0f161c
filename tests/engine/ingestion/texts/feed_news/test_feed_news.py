from __future__ import annotations

import pytest
from hypothesis import given, settings

from engine.core.records import Headline
from engine.ingestion.input_file import unpack
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.feed_news import FeedNewsPipeline
from engine.ingestion.texts.headline_text import text_hash
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations

RSS = b"""<?xml version="1.0"?>
<rss version="2.0"><channel><title>Market &amp; Desk</title>
<item><title><![CDATA[Hogs <b>up</b>]]></title><guid>1</guid><pubDate>Tue, 20 Feb 2024 14:34:30 -0600</pubDate></item>
<item><title>Pork &lt;i&gt;down&lt;/i&gt;</title><guid>2</guid><pubDate>Tue, 20 Feb 2024 14:00:00 EST</pubDate>
<source url="https://y">Wire</source></item>
<item><title>Chess</title><guid>3</guid><pubDate>Tue, 20 Feb 2024 14:00:00 GMT</pubDate></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Desk</title>
<entry><id>1</id><title type="html">Hogs &amp;amp; feed</title><published>2024-02-20T14:00:00+01:00</published>
<updated>2024-02-20T15:00:00.5Z</updated></entry>
<entry><id>2</id><title>Pork only updated</title><updated>2024-02-20T12:00:00</updated></entry></feed>"""


def items(*parts: str) -> bytes:
    return f"<rss><channel>{''.join(f'<item>{part}</item>' for part in parts)}</channel></rss>".encode()


def test_rss(hogs: HydraConfig) -> None:
    assert recognise_input(unpack("f", RSS)).name == "feed"
    parsed = FeedNewsPipeline().parse(unpack("f", RSS), hogs.market)
    first, second = parse_iso("2024-02-20T19:00:00Z"), parse_iso("2024-02-20T20:34:30Z")
    assert parsed.rows == (
        Headline("lean_hogs", "Wire", first, first, "Pork down", text_hash("pork down")),
        Headline("lean_hogs", "Market & Desk", second, second, "Hogs up", text_hash("hogs up")),
    )
    assert parsed.ignored == {"off topic": 1}


def test_atom_is_known_from_its_update_on(hogs: HydraConfig) -> None:
    assert recognise_input(unpack("f", ATOM)).name == "feed"
    parsed = FeedNewsPipeline().parse(unpack("f", ATOM), hogs.market)
    assert [(row.source, row.title, to_iso(row.event_ts), to_iso(row.known_ts)) for row in parsed.rows] == [
        ("Desk", "Hogs & feed", "2024-02-20T13:00:00Z", "2024-02-20T15:00:00.500000Z"),
        ("Desk", "Pork only updated", "2024-02-21T00:00:00Z", "2024-02-21T00:00:00Z"),
    ]


def test_oddities(hogs: HydraConfig) -> None:
    day = "<pubDate>20 Feb 2024</pubDate>"
    content = items(
        f"<guid>g</guid><title>Pork one</title>{day}", f"<guid>g</guid><title>Pork ONE</title>{day}",
        f"<guid>g</guid><title>Pork two</title>{day}", f"<title>Pork three</title>{day}",
        f"<title>Pork three</title>{day}", "<title>Pork</title>", "<title>Pork</title><pubDate>now</pubDate>",
        day, f"<title> </title>{day}", f"<title>Pork {'x' * 2_000}</title>{day}",
    )  # fmt: skip
    parsed = FeedNewsPipeline().parse(unpack("f", content), hogs.market)
    assert {(row.title, row.source, to_iso(row.known_ts)) for row in parsed.rows} == {
        (f"Pork {word}", "", "2024-02-21T12:00:00Z") for word in ("one", "two", "three")
    }
    assert parsed.ignored == {"copy": 2}
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (6, "published", "not a time"), (7, "published", "not a time"), (8, "title", "title is missing"),
        (9, "title", "title is empty"), (10, "title", "longer than 1000 characters")]  # fmt: skip


def test_a_feed_without_items(hogs: HydraConfig) -> None:
    with pytest.raises(InputError, match=r"^f: the feed holds no items$"):
        FeedNewsPipeline().parse(unpack("f", items()), hogs.market)


@pytest.mark.parametrize("content", [b"<html><body>rss</body></html>", b"<?xml version='1.0'?><svg/>", b"rss <rss>"])
def test_other_documents_are_not_taken(content: bytes) -> None:
    assert not FeedNewsPipeline().recognises(unpack("f", content))


@pytest.mark.parametrize("document", [RSS, ATOM])
def test_damage(document: bytes, hogs: HydraConfig) -> None:
    @settings(max_examples=150, deadline=None)
    @given(content=mutations(document))
    def check(content: bytes) -> None:
        assert_rows_or_one_sentence(FeedNewsPipeline(), content, hogs.market, unrecognised_too=True)

    check()
