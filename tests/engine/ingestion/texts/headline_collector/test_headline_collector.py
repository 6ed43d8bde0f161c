from __future__ import annotations

import pytest

from engine.core.records import Headline
from engine.ingestion.texts.headline_collector import HeadlineCollector
from engine.ingestion.texts.headline_text import text_hash
from engine.kernel.config_models import HydraConfig
from engine.kernel.errors import InputError


@pytest.fixture
def collector(hogs: HydraConfig) -> HeadlineCollector:
    return HeadlineCollector(hogs.market, "headline", "date")


def test_a_headline_is_known_from_its_last_change_on(collector: HeadlineCollector) -> None:
    collector.add(1, "raw", publisher=" The\x1b Wire ", title="Pork <b>rises</b>", published=500, changed=900)
    collector.add(2, "raw", publisher=None, title="Hogs fall", published=700, changed=600)
    parsed = collector.finish("f")
    assert parsed.rows == (
        Headline("lean_hogs", "", 700, 700, "Hogs fall", text_hash("hogs fall")),
        Headline("lean_hogs", "The Wire", 500, 900, "Pork rises", text_hash("pork rises")),
    )


def test_copies_keep_the_earliest_time(collector: HeadlineCollector) -> None:
    collector.add(1, "", publisher="a", title="Pork rises", published=500, entry_id="7")
    collector.add(2, "", publisher="b", title="PORK  rises", published=300, entry_id="7")
    collector.add(3, "", publisher="c", title="Pork rises", published=300, changed=400, entry_id="8")
    collector.add(4, "", publisher="d", title="Pork rises", published=900)
    collector.add(5, "", publisher="e", title="Pork falls", published=900, entry_id="7")
    parsed = collector.finish("f")
    assert [(row.source, row.event_ts, row.known_ts) for row in parsed.rows] == [
        ("b", 300, 300), ("e", 900, 900), ("d", 900, 900)]  # fmt: skip
    assert parsed.ignored == {"copy": 2}


def test_what_is_kept_out_and_why(collector: HeadlineCollector) -> None:
    collector.add(1, "raw one", publisher="", title="Pork", published=None)
    for number, title in enumerate((None, 5, " ", "x" * 1_001, "Pork \ufffd"), 2):
        collector.add(number, {"n": number}, publisher="", title=title, published=5)
    collector.not_an_entry(7, ["\ud800\x1b\u202e"])
    collector.add(8, "", publisher="", title="Chess club opens", published=5)
    collector.add(9, "", publisher="", title="Chess club opens", published=5, names_market=True)
    collector.add(
        10, "", publisher="", title="Pork pork", published=5, junk=lambda text: "spam" if "pork" in text else ""
    )
    collector.ignore_entry("notice")
    parsed = collector.finish("f")
    assert [(problem.row_number, problem.field, problem.reason) for problem in parsed.problems] == [
        (1, "date", "not a time"), (2, "headline", "title is missing"), (3, "headline", "no text"),
        (4, "headline", "title is empty"), (5, "headline", "longer than 1000 characters"),
        (6, "headline", "holds bytes that are not text"), (7, "entry", "not a record of fields"),
    ]  # fmt: skip
    assert parsed.problems[0].raw_text == "'raw one'"
    assert all(problem.raw_text.isprintable() for problem in parsed.problems)
    assert parsed.ignored == {"off topic": 1, "spam": 1, "notice": 1}
    assert [row.title for row in parsed.rows] == ["Chess club opens"]


def test_no_entries_at_all(collector: HeadlineCollector) -> None:
    with pytest.raises(InputError, match=r"^f: holds no entries$"):
        collector.finish("f")
