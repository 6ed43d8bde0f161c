from __future__ import annotations

import pytest

from engine.ingestion.texts.feed_document import FeedDocument, read_feed
from engine.kernel.errors import InputError

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def test_rss_fields() -> None:
    text = """<?xml version="1.0" encoding="iso-8859-1"?>
    <rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:m="http://search.yahoo.com/mrss/"><channel>
    <title>Market Desk</title><image><title>Logo</title></image>
    <item><title><![CDATA[Hogs <b>up</b> & caf\xe9]]></title><guid isPermaLink="false">g1</guid><link>https://x/1</link>
      <m:title>other</m:title><m:group><title>deeper</title></m:group><pubDate>Tue, 20 Feb 2024 14:34:30 GMT</pubDate>
      <source url="https://y">Wire</source><title>second</title></item>
    <item><title>&lt;i&gt;Pork&lt;/i&gt; &#38;amp; feed</title><dc:date>2024-02-20</dc:date></item>
    <item/></channel></rss>"""
    assert read_feed("f", text.strip().encode("iso-8859-1")) == FeedDocument(
        "Market Desk",
        [
            {"title": "Hogs <b>up</b> & café", "id": "g1", "link": "https://x/1",
             "published": "Tue, 20 Feb 2024 14:34:30 GMT", "source": "Wire"},
            {"title": "<i>Pork</i> &amp; feed", "published": "2024-02-20"},
            {},
        ],
    )  # fmt: skip


def test_atom_fields_with_and_without_prefix() -> None:
    body = """<{p}feed xmlns{d}="http://www.w3.org/2005/Atom"><{p}title>Desk</{p}title><{p}entry><{p}id>i</{p}id>
    <{p}title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Hogs <b>up</b></div></{p}title>
    <{p}published>2024-02-20T14:00:00Z</{p}published><{p}updated>2024-02-20T15:00:00Z</{p}updated>
    <{p}source><{p}title>Elsewhere</{p}title></{p}source></{p}entry></{p}feed>"""
    expected = FeedDocument(
        "Desk",
        [{"id": "i", "title": "Hogs up", "published": "2024-02-20T14:00:00Z", "updated": "2024-02-20T15:00:00Z"}],
    )
    assert read_feed("f", body.format(p="", d="").encode()) == expected
    assert read_feed("f", body.format(p="a:", d=":a").encode("utf-16")) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}]><rss><channel><item><title>&l9;</title></item></channel></rss>',
         "declares a document type"),
        ('<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>', "declares a document type"),
        ('<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1/x">]><rss>&x;</rss>', "declares a document type"),
        ("<rss><channel><item><title>&unknown;</title></item></channel></rss>", "XML: undefined entity"),
        ("<rss><channel><item>", "not well-formed XML: no element found"),
        ("<rss><channel>\x1b</channel></rss>", "not well-formed XML: not well-formed"),
        ('<?xml version="1.0" encoding="klingon"?><rss/>', "XML"),
        ('<?xml version="1.0" encoding="shift_jis"?><rss/>', "XML"),
        ("<a>" * 5_000 + "</a>" * 5_000, "nested too deeply"),
        ("<rss " + " ".join(f'a{n % 2}="1"' for n in range(3)) + "/>", "not well-formed XML: duplicate attribute"),
    ],
)  # fmt: skip
def test_refused_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        read_feed("f", text.encode())
    assert refused.value.message.startswith("f: ") and "\n" not in refused.value.message


def test_a_huge_field_is_cut_where_no_title_reaches() -> None:
    text = "<rss><channel><item><title>" + "<b>word</b> " * 300_000 + "</title></item></channel></rss>"
    (entry,) = read_feed("f", text.encode()).entries
    assert 65_536 < len(entry["title"]) < 110_000
