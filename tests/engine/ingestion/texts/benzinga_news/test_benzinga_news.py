from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from engine.core.records import Headline
from engine.ingestion.input_file import read_input, unpack
from engine.ingestion.sources import recognise_input
from engine.ingestion.texts.benzinga_news import BenzingaPipeline
from engine.ingestion.texts.headline_text import text_hash
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError
from engine.kernel.timestamps import parse_iso, to_iso
from tests.engine.ingestion.mutated_bytes import assert_rows_or_one_sentence, mutations


def story(number: object, title: object, created: object, updated: object) -> dict[str, object]:
    return {"id": number, "author": "G", "created": created, "updated": updated, "title": title, "teaser": "t",
            "body": "<p>b</p>", "channels": [{"name": "earnings"}], "stocks": [], "tags": []}  # fmt: skip


def page(*stories: dict[str, object]) -> dict[str, object]:
    return {"news": [{"headline": one["title"], "created_at": one["created"], "updated_at": one["updated"],
                      "id": one["id"], "source": "benzinga", "symbols": ["LEN"]} for one in stories],
            "next_page_token": None}  # fmt: skip


OWN = json.dumps(
    [
        story(1, "Tyson Pork Unit Beats", "Thu, 25 Jan 2018 12:00:00 -0400", "Fri, 26 Jan 2018 12:00:00 -0400"),
        story(2, "Apple Beats", "2018-01-25T12:00:00Z", "2018-01-25T12:00:00Z"),
    ]
).encode()
PAGES = json.dumps(
    [
        page(story(7, "Hog Prices Firm", "2024-11-07T09:16:41Z", "2024-11-07T09:16:41Z")),
        page(story(7, "Hog Prices Firm", "2024-11-07T09:16:41Z", "2024-11-07T10:00:00Z")),
    ]
).encode()


def test_a_story_is_known_from_its_update_on(hogs: HydraConfig) -> None:
    file = unpack("f", OWN)
    assert recognise_input(file).name == "benzinga"
    parsed = BenzingaPipeline().parse(file, hogs.market)
    assert parsed.rows == (
        Headline("lean_hogs", "benzinga", parse_iso("2018-01-25T16:00Z"), parse_iso("2018-01-26T16:00Z"),
                 "Tyson Pork Unit Beats", text_hash("tyson pork unit beats")),
    )  # fmt: skip
    assert parsed.ignored == {"off topic": 1}


def test_pages_of_a_broker(hogs: HydraConfig) -> None:
    file = unpack("f", PAGES)
    assert recognise_input(file).name == "benzinga"
    parsed = BenzingaPipeline().parse(file, hogs.market)
    assert [(row.source, row.title, to_iso(row.known_ts)) for row in parsed.rows] == [
        ("benzinga", "Hog Prices Firm", "2024-11-07T09:16:41Z")]  # fmt: skip
    assert parsed.ignored == {"copy": 1}


def test_oddities(hogs: HydraConfig) -> None:
    good = "2024-11-07T09:16:41Z"
    content = json.dumps(
        [story(1, "Pork", good, "tomorrow"), story(2, "Pork", None, good), story(3, None, good, good), 5,
         story(5, "Pork undated update", good, ""), story([6], "Pork", good, None)]
    )  # fmt: skip
    parsed = BenzingaPipeline().parse(unpack("f", content.encode()), hogs.market)
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (1, "created", "not a time"), (2, "created", "not a time"), (3, "title", "title is missing"),
        (4, "entry", "not a record of fields")]  # fmt: skip
    assert {row.title for row in parsed.rows} == {"Pork undated update", "Pork"}


def test_a_page_without_news(hogs: HydraConfig) -> None:
    content = PAGES[:-1] + b', {"news": null}]'
    with pytest.raises(InputError, match=r"^f: a page without a list of news$"):
        BenzingaPipeline().parse(unpack("f", content), hogs.market)


@pytest.mark.parametrize("document", [OWN, PAGES])
def test_damage(document: bytes, hogs: HydraConfig) -> None:
    @settings(max_examples=120, deadline=None)
    @given(content=mutations(document))
    def check(content: bytes) -> None:
        assert_rows_or_one_sentence(BenzingaPipeline(), content, hogs.market, unrecognised_too=True)

    check()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "word", "title", "event", "known", "stories"),
    [
        ("lean_unit_test_article.json", "unit", "Unit Test Beats Expectations", "2018-01-25T12:00:00Z",
         "2018-01-26T12:00:00Z", 1),
        ("alpaca_news_pages.json", "sandler",
         "Piper Sandler Maintains Neutral on Clearwater Analytics Hldg, Raises Price Target to $28",
         "2024-11-07T09:16:41Z", "2024-11-07T09:16:41Z", 2),
    ],
)  # fmt: skip
def test_real_stories(
    real_data: Path, hogs: HydraConfig, name: str, word: str, title: str, event: str, known: str, stories: int
) -> None:
    file = read_input(real_data / "news" / "benzinga" / name)
    assert recognise_input(file).name == "benzinga"
    assert BenzingaPipeline().parse(file, hogs.market).ignored == {"off topic": stories}
    parsed = BenzingaPipeline().parse(file, hogs.market.model_copy(update={"relevance_keywords": (word,)}))
    assert [(row.title, to_iso(row.event_ts), to_iso(row.known_ts)) for row in parsed.rows] == [(title, event, known)]
