from __future__ import annotations

import csv
import gzip
import io
import json
import re
from pathlib import Path

import pytest

from engine.ingestion.ingest import ingest_paths
from engine.ingestion.market_directory import MarketDirectory, shipped_markets
from engine.kernel.config_models import HydraConfig
from engine.kernel.timestamps import parse_iso
from storage.stores import Stores

NOW = parse_iso("2026-03-02T15:00Z")


def rows_of(path: Path) -> list[dict[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


@pytest.mark.real_data
def test_every_real_text_is_in_the_archive_and_those_of_hogs_in_their_market(
    real_data: Path, stores: Stores, simulated: HydraConfig
) -> None:
    news, social = real_data / "news", real_data / "social"
    agriculture = news / "ag_headlines" / "ag_headlines_2025-10.csv"
    stream = social / "stocktwits" / "symbol_F_20190426.json.gz"
    dump = social / "reddit" / "reddit_wsb_2022-01.csv.gz"
    articles = news / "newsapi" / "everything_2019-05.json"
    titles = [row["title"] for row in rows_of(agriculture)]
    messages = json.loads(gzip.decompress(stream.read_bytes()))["messages"]
    walls = [one for one in messages if len({word.upper() for word in re.findall(r"\$[A-Za-z]\S*", one["body"])}) > 5]
    words = re.compile(r"\b(hogs?|pork|swine|pigs?|packers?|slaughter|livestock)\b", re.IGNORECASE)
    expected = {
        agriculture: (len(titles), sum(words.search(title) is not None for title in titles)),
        articles: (len(json.loads(articles.read_text())["articles"]), 0),
        news / "benzinga" / "alpaca_news_pages.json": (2, 0),
        news / "benzinga" / "lean_unit_test_article.json": (1, 0),
        stream: (30 - 5, 0),
        dump: (len(rows_of(dump)) - 24, 0),
    }
    assert expected[agriculture] == (223, 2) and len(messages) == 30 and 1 <= len(walls) <= 5
    directory = MarketDirectory(simulated.market, shipped_markets())
    reports = ingest_paths(stores, simulated, list(expected), now_ts=NOW, directory=directory)
    for report, (archived, of_hogs) in zip(reports, expected.values(), strict=True):
        by_market = dict(report.rows_by_market)
        assert (by_market.pop("global"), by_market.pop("lean_hogs", 0)) == (archived, of_hogs), report.input_name
        assert report.quarantined == {}, report.input_name
    again = ingest_paths(stores, simulated, list(expected), now_ts=NOW + 1, directory=directory)
    assert [report.rows_added for report in again] == [0] * len(expected)
