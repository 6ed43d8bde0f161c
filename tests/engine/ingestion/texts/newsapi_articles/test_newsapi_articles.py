from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.records import Headline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.headline_text import text_hash
from engine.ingestion.texts.newsapi_articles import NewsApiPipeline
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations


def article(title: object, published: object = "2024-02-20T14:34:30Z", name: object = "Wire", **more: object) -> object:
    return {"source": {"id": None, "name": name}, "author": None, "title": title, "description": "pork… [+9 chars]",
            "url": f"https://x/{title}", "publishedAt": published, "content": None, **more}  # fmt: skip


def reply(*articles: object) -> bytes:
    return json.dumps({"status": "ok", "totalResults": 22_701, "articles": articles}).encode()


DOCUMENT = reply(article("Pork rises - Wire"), article("Hogs &amp; feed", "2024-02-20T14:33:00Z"), article("Chess"))


def test_articles(hogs: HydraConfig) -> None:
    file = unpack("f", DOCUMENT)
    assert recognise_input(file).name == "newsapi"
    parsed = NewsApiPipeline().parse(file, hogs.market)
    first, second = parse_iso("2024-02-20T14:33:00Z"), parse_iso("2024-02-20T14:34:30Z")
    assert parsed.rows == (
        Headline("lean_hogs", "Wire", first, first, "Hogs & feed", text_hash("hogs & feed")),
        Headline("lean_hogs", "Wire", second, second, "Pork rises", text_hash("pork rises")),
    )
    assert parsed.ignored == {"off topic": 1} and parsed.problems == ()


def test_oddities(hogs: HydraConfig) -> None:
    content = reply(
        article("[Removed]", "1970-01-01T00:00:00Z", "[Removed]"),
        article(None), article("Pork", "yesterday"), article(["Pork"]), article("Pork", None), "Pork", None,
        article("Pork late", "2024-02-20T10:00:00"), article("Pork nameless", name=None), article("Pork odd", source=7),
        article("\ud83d\ude00 Pork \ud800"), article("Pork " + "x" * 2_000),
    )  # fmt: skip
    parsed = NewsApiPipeline().parse(unpack("f", content), hogs.market)
    assert parsed.ignored == {"removed by the publisher": 1}
    assert [(row.title, row.source, to_iso(row.known_ts)) for row in parsed.rows] == [
        ("Pork nameless", "", "2024-02-20T14:34:30Z"), ("Pork odd", "", "2024-02-20T14:34:30Z"),
        ("Pork late", "Wire", "2024-02-20T22:00:00Z")]  # fmt: skip
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (2, "title", "title is missing"), (3, "publishedAt", "not a time"), (4, "title", "no text"),
        (5, "publishedAt", "not a time"), (6, "entry", "not a record of fields"),
        (7, "entry", "not a record of fields"),
        (11, "title", "holds bytes that are not text"), (12, "title", "longer than 1000 characters")]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"status":"error","code":"apiKeyInvalid","message":"Your API key\\n is \\u001binvalid."}',
         "f: NewsAPI answered with an error, apiKeyInvalid: Your API key is invalid."),
        (b'{"status":"ok","totalResults":0,"articles":[]}', "f: holds no entries"),
        (b'{"status":"ok","totalResults":0,"articles":{}}', "f: the NewsAPI reply has no list of articles"),
        (DOCUMENT[:-40], "f: not complete JSON"),
    ],
)  # fmt: skip
def test_replies_that_cannot_be_used(content: bytes, message: str, hogs: HydraConfig) -> None:
    file = unpack("f", content)
    assert recognise_input(file).name == "newsapi"
    with pytest.raises(InputError) as refused:
        NewsApiPipeline().parse(file, hogs.market)
    assert refused.value.message.startswith(message)


@settings(max_examples=150, deadline=None)
@given(content=mutations(DOCUMENT))
def test_damage(content: bytes, hogs: HydraConfig) -> None:
    assert_rows_or_one_sentence(NewsApiPipeline(), content, hogs.market, unrecognised_too=True)


@settings(max_examples=50, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "title"]), inner),
        max_leaves=5,
    )
)
def test_any_value_in_any_field(value: object, hogs: HydraConfig) -> None:
    entries = [article(value), article("Pork", value), article("Pork", name=value), article("Pork", source=value)]
    assert_rows_or_one_sentence(
        NewsApiPipeline(), reply(*entries, article("Pork", url=value), value), hogs.market, unrecognised_too=True
    )


@pytest.mark.real_data
def test_a_real_reply(real_data: Path, hogs: HydraConfig) -> None:
    file = read_input(real_data / "news" / "newsapi" / "everything_2019-05.json")
    assert recognise_input(file).name == "newsapi"
    assert NewsApiPipeline().parse(file, hogs.market).ignored == {"off topic": 70}
    politics = hogs.market.model_copy(update={"relevance_keywords": ("trump", "china", "trade")})
    parsed = NewsApiPipeline().parse(file, politics)
    assert parsed.ignored == {"off topic": 66} and parsed.problems == ()
    assert {row.title for row in parsed.rows} == {
        "The yuan has fallen near crisis-era levels. What China does about it will shape the trade war",
        "Trump tweets that he favors exemptions to abortion bans",
        "Trade War, Australia, ‘Game of Thrones’: Your Weekend Briefing",
        "‘S.N.L.’ Takes Aim at Trump and the Abortion Bans",
    }
